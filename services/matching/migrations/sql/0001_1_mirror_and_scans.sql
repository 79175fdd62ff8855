-- The mirror of customers that matching searches: settings, records, keys. It follows the feed and can be rebuilt from it.
-- Filtered and sorted columns are of leakproof types only: other operators do not reach an index under RLS.

CREATE TABLE companies (
    company_id text COLLATE "C" PRIMARY KEY,
    region text NOT NULL DEFAULT 'US',
    epoch text NOT NULL DEFAULT '',
    revision bigint NOT NULL DEFAULT 0,
    -- The rules and the region by which all records were derived when the last pass over them ended.
    derivation text NOT NULL,
    -- How far the pass to `derivation_wanted` is; null: none is under way.
    derivation_wanted text NOT NULL DEFAULT '',
    derived_to uuid,
    -- The last snapshot pass of the feed after which records not seen in it were swept.
    swept_generation bigint NOT NULL DEFAULT 0,
    listed_scan_id uuid
);

-- One row for each customer ever seen. Roots in use carry their folded view, read for scoring, and their keys;
-- merged, deleted and erased ones are kept as bare ids, so that an older change that comes late brings nothing back.
CREATE TABLE match_records (
    company_id text COLLATE "C" NOT NULL,
    customer_id uuid NOT NULL,
    root_id uuid NOT NULL,
    state text NOT NULL CHECK (state IN ('ACTIVE', 'INACTIVE', 'MERGED', 'DELETED', 'ERASED')),
    epoch text NOT NULL,
    revision bigint NOT NULL,
    generation bigint NOT NULL,
    name text NOT NULL,
    email text NOT NULL,
    phone text NOT NULL,
    completeness integer NOT NULL,
    created_at timestamptz NOT NULL,
    source text NOT NULL,
    identity text NOT NULL,
    keys bigint[] NOT NULL,
    PRIMARY KEY (company_id, customer_id)
);

-- The blocking keys as 64-bit hashes: who shares one may be the same. A clash costs one needless comparison.
CREATE TABLE match_keys (
    company_id text COLLATE "C" NOT NULL,
    key bigint NOT NULL,
    customer_id uuid NOT NULL,
    PRIMARY KEY (company_id, key, customer_id)
);

-- Which snapshot pass of the feed is under way and which one ended last. No company: a pass covers all.
CREATE TABLE feed_passes (
    name text COLLATE "C" PRIMARY KEY,
    generation bigint NOT NULL DEFAULT 0,
    done_generation bigint NOT NULL DEFAULT 0
);
GRANT SELECT, INSERT, UPDATE ON feed_passes TO matching_runtime;
GRANT SELECT ON feed_passes TO matching_upkeep;

CREATE TABLE scans (
    company_id text COLLATE "C" NOT NULL,
    scan_id uuid NOT NULL,
    state text NOT NULL CHECK (state IN ('PENDING', 'RUNNING', 'DONE', 'CANCELLED', 'FAILED')),
    min_confidence integer NOT NULL CHECK (min_confidence BETWEEN 0 AND 100),
    progress double precision NOT NULL DEFAULT 0,
    customers bigint NOT NULL DEFAULT 0,
    pairs_compared bigint NOT NULL DEFAULT 0,
    groups bigint NOT NULL DEFAULT 0,
    grouped_customers bigint NOT NULL DEFAULT 0,
    failure text NOT NULL DEFAULT '',
    model_version text NOT NULL DEFAULT '',
    worker text NOT NULL DEFAULT '',
    attempts integer NOT NULL DEFAULT 0,
    created_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    heartbeat_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    ended_at timestamptz,
    PRIMARY KEY (company_id, scan_id),
    CHECK ((ended_at IS NOT NULL) = (state IN ('DONE', 'CANCELLED', 'FAILED')))
);
CREATE UNIQUE INDEX scans_one_at_a_time ON scans (company_id) WHERE state IN ('PENDING', 'RUNNING');
CREATE INDEX scans_to_run ON scans (created_at) WHERE state IN ('PENDING', 'RUNNING');

-- rank is 100 minus the confidence, so that one ascending index gives the best group first.
CREATE TABLE duplicate_groups (
    company_id text COLLATE "C" NOT NULL,
    scan_id uuid NOT NULL,
    group_id uuid NOT NULL,
    rank integer NOT NULL CHECK (rank BETWEEN 0 AND 100),
    strongest integer NOT NULL CHECK (strongest BETWEEN 0 AND 100),
    live_members integer NOT NULL CHECK (live_members >= 0),
    PRIMARY KEY (company_id, scan_id, group_id)
);
CREATE INDEX duplicate_groups_best ON duplicate_groups (company_id, scan_id, rank, group_id) WHERE live_members >= 2;

CREATE TABLE duplicate_group_members (
    company_id text COLLATE "C" NOT NULL,
    customer_id uuid NOT NULL,
    scan_id uuid NOT NULL,
    group_id uuid NOT NULL,
    live boolean NOT NULL,
    match_weight double precision NOT NULL,
    match_probability double precision NOT NULL,
    confidence integer NOT NULL,
    PRIMARY KEY (company_id, customer_id, scan_id)
);
CREATE INDEX duplicate_group_members_of_group ON duplicate_group_members (company_id, scan_id, group_id);

DO $$
DECLARE
    owned text;
BEGIN
    FOREACH owned IN ARRAY ARRAY['companies', 'match_records', 'match_keys', 'scans', 'duplicate_groups',
                                 'duplicate_group_members'] LOOP
        EXECUTE format('ALTER TABLE %I ENABLE ROW LEVEL SECURITY', owned);
        EXECUTE format('ALTER TABLE %I FORCE ROW LEVEL SECURITY', owned);
        EXECUTE format('CREATE POLICY company ON %I TO matching_runtime USING (company_id = (SELECT app_company()))'
                       ' WITH CHECK (company_id = (SELECT app_company()))', owned);
    END LOOP;
END
$$;
GRANT SELECT, INSERT, UPDATE ON companies, scans TO matching_runtime;
GRANT SELECT, INSERT, DELETE ON match_keys TO matching_runtime;
GRANT SELECT, INSERT, UPDATE, DELETE ON match_records, duplicate_groups, duplicate_group_members TO matching_runtime;
