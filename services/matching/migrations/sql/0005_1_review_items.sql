-- What waits for a person: pairs and groups that are neither plainly the same nor plainly different, judgements that
-- contradict each other, conversations that fit nobody or several. An item is one row for ever: `subject` says what it
-- is about, so that what is found again is the same item.

CREATE TABLE review_items (
    company_id text COLLATE "C" NOT NULL,
    item_id uuid NOT NULL,
    kind text COLLATE "C" NOT NULL
        CHECK (kind IN ('PAIR', 'GROUP', 'CONFLICT', 'CONVERSATION', 'MERGE_UNDONE')),
    subject uuid NOT NULL,
    state text COLLATE "C" NOT NULL CHECK (state IN ('OPEN', 'RESOLVED', 'SUPERSEDED')),
    -- Minus the impact, so that one ascending index gives what matters most first.
    rank bigint NOT NULL CHECK (rank < 0),
    confidence integer NOT NULL CHECK (confidence BETWEEN 0 AND 100),
    match_weight double precision NOT NULL,
    -- '' for what a scan found: then it is that of the scan.
    policy_version text NOT NULL,
    -- JSON: fields that speak for it, strongest first; and the level of each comparison by its name. No values.
    matched_fields text NOT NULL,
    levels text NOT NULL,
    -- A digest over all that may change the mind of somebody who was unsure.
    evidence uuid NOT NULL,
    -- Why it waits, in a word; '' where the kind says all.
    cause text NOT NULL,
    customers uuid[] NOT NULL,
    conversation_id text NOT NULL,
    -- Judgements that contradict each other, the one that says DIFFERENT first.
    judgement_ids uuid[] NOT NULL,
    scan_id uuid,
    -- The merge that was undone, or that resolved it.
    merge_id uuid,
    version bigint NOT NULL DEFAULT 1,
    opened_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    updated_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    -- MERGED, DIFFERENT, SAME or UNSURE where it is resolved; why it is superseded in a word; '' while it is open.
    outcome text NOT NULL DEFAULT '',
    ended_at timestamptz,
    ended_by text NOT NULL DEFAULT '',
    ended_by_name text NOT NULL DEFAULT '',
    reason text NOT NULL DEFAULT '',
    PRIMARY KEY (company_id, item_id),
    CHECK ((state = 'OPEN') = (ended_at IS NULL)),
    CHECK ((state = 'OPEN') = (outcome = '')),
    CHECK (state <> 'RESOLVED' OR outcome IN ('MERGED', 'DIFFERENT', 'SAME', 'UNSURE'))
);
CREATE UNIQUE INDEX review_items_subject ON review_items (company_id, subject);
CREATE INDEX review_items_queue ON review_items (company_id, state, rank, item_id);
CREATE INDEX review_items_queue_of_kind ON review_items (company_id, state, kind, rank, item_id);
CREATE INDEX review_items_bands ON review_items (company_id, kind, confidence) WHERE state = 'OPEN';
CREATE INDEX review_items_oldest ON review_items (company_id, opened_at) WHERE state = 'OPEN';
CREATE INDEX review_items_superseded ON review_items (company_id, ended_at) WHERE state = 'SUPERSEDED';

-- Whom an item is about, as it was opened.
CREATE TABLE review_item_customers (
    company_id text COLLATE "C" NOT NULL,
    customer_id uuid NOT NULL,
    item_id uuid NOT NULL,
    PRIMARY KEY (company_id, customer_id, item_id)
);
CREATE INDEX review_item_customers_of_item ON review_item_customers (company_id, item_id);

-- What people decided, one row each time; an item that is opened again keeps what was decided before.
CREATE TABLE review_resolutions (
    company_id text COLLATE "C" NOT NULL,
    resolution_id uuid NOT NULL,
    item_id uuid NOT NULL,
    kind text COLLATE "C" NOT NULL,
    confidence integer NOT NULL,
    resolution text COLLATE "C" NOT NULL CHECK (resolution IN ('MERGED', 'DIFFERENT', 'SAME', 'UNSURE')),
    merge_id uuid,
    actor text NOT NULL,
    actor_name text NOT NULL,
    resolved_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    PRIMARY KEY (company_id, resolution_id)
);
CREATE INDEX review_resolutions_by_time ON review_resolutions (company_id, resolved_at DESC)
    INCLUDE (resolution, kind, confidence, actor, actor_name);
CREATE INDEX review_resolutions_of_item ON review_resolutions (company_id, item_id, resolution_id);

-- How many pairs and groups of the last scan there was no room for.
ALTER TABLE companies ADD COLUMN review_left_out bigint NOT NULL DEFAULT 0 CHECK (review_left_out >= 0);

DO $$
DECLARE
    owned text;
BEGIN
    FOREACH owned IN ARRAY ARRAY['review_items', 'review_item_customers', 'review_resolutions'] LOOP
        EXECUTE format('ALTER TABLE %I ENABLE ROW LEVEL SECURITY', owned);
        EXECUTE format('ALTER TABLE %I FORCE ROW LEVEL SECURITY', owned);
        EXECUTE format('CREATE POLICY company ON %I TO matching_runtime USING (company_id = (SELECT app_company()))'
                       ' WITH CHECK (company_id = (SELECT app_company()))', owned);
    END LOOP;
END
$$;
GRANT SELECT, INSERT, UPDATE, DELETE ON review_items TO matching_runtime;
GRANT SELECT, INSERT, DELETE ON review_item_customers TO matching_runtime;
GRANT SELECT, INSERT ON review_resolutions TO matching_runtime;
