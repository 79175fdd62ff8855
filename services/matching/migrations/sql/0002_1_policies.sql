-- Policies: every version stays as it was made. A company without one is judged by the shipped policy, number 0.

CREATE TABLE policies (
    company_id text COLLATE "C" NOT NULL,
    number bigint NOT NULL CHECK (number > 0),
    kind text NOT NULL CHECK (kind IN ('FELLEGI_SUNTER', 'LADDER')),
    accept integer NOT NULL CHECK (accept BETWEEN 70 AND 100),
    reject integer NOT NULL CHECK (reject BETWEEN 0 AND accept),
    learns boolean NOT NULL,
    origin text NOT NULL CHECK (origin IN ('SET', 'TRAINED', 'SCANNED')),
    -- Weights and report as JSON, read and written whole.
    model text NOT NULL,
    report text NOT NULL DEFAULT '',
    created_by text NOT NULL,
    created_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    PRIMARY KEY (company_id, number)
);
ALTER TABLE companies ADD COLUMN policy_number bigint NOT NULL DEFAULT 0 CHECK (policy_number >= 0);

-- A training is a scan that learns and lists nothing; each kind of scan runs once at a time.
ALTER TABLE scans
    ADD COLUMN purpose text NOT NULL DEFAULT 'DUPLICATES' CHECK (purpose IN ('DUPLICATES', 'TRAINING')),
    ADD COLUMN dry_run boolean NOT NULL DEFAULT false,
    ADD COLUMN asked_by text NOT NULL DEFAULT '',
    -- What it learned, as JSON; '' until then.
    ADD COLUMN learned text NOT NULL DEFAULT '',
    -- Whether what an ended scan has left behind is cleared away.
    ADD COLUMN cleared boolean NOT NULL DEFAULT false;
CREATE INDEX scans_to_clear ON scans (company_id) WHERE ended_at IS NOT NULL AND NOT cleared;
DROP INDEX scans_one_at_a_time;
CREATE UNIQUE INDEX scans_one_at_a_time ON scans (company_id, purpose) WHERE state IN ('PENDING', 'RUNNING');

-- How common values are, as the last scan counted them among different people: for each attribute the hashes of the
-- values that are not unique, ascending, and their counts, in two arrays of 8-byte numbers. Written in parts.
CREATE TABLE value_counts (
    company_id text COLLATE "C" NOT NULL,
    scan_id uuid NOT NULL,
    attribute text COLLATE "C" NOT NULL,
    part integer NOT NULL,
    hashes bytea NOT NULL,
    counts bytea NOT NULL,
    PRIMARY KEY (company_id, scan_id, attribute, part)
);
ALTER TABLE value_counts ALTER COLUMN hashes SET STORAGE EXTERNAL, ALTER COLUMN counts SET STORAGE EXTERNAL;
