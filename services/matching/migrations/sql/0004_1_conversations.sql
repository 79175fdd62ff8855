-- Conversations that find their customer: what a company wants, what waits, and what became of each. Nothing that a
-- customer gave is kept once a conversation is resolved.

CREATE TABLE conversation_policies (
    company_id text COLLATE "C" PRIMARY KEY,
    number bigint NOT NULL CHECK (number > 0),
    automatic boolean NOT NULL,
    name_only text NOT NULL CHECK (name_only IN ('CREATE_AND_REVIEW', 'CREATE', 'REVIEW', 'SKIP')),
    updated_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    updated_by text NOT NULL
);

-- One row for each conversation that waits, with what it says now: a newer change takes the place of an older one.
CREATE TABLE conversation_tasks (
    company_id text COLLATE "C" NOT NULL,
    conversation_id uuid NOT NULL,
    epoch text NOT NULL,
    revision bigint NOT NULL,
    content text NOT NULL,
    attempts integer NOT NULL DEFAULT 0,
    due_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    parked boolean NOT NULL DEFAULT false,
    failure text NOT NULL DEFAULT '',
    PRIMARY KEY (company_id, conversation_id)
);
CREATE INDEX conversation_tasks_due ON conversation_tasks (due_at) WHERE NOT parked;
CREATE INDEX conversation_tasks_parked ON conversation_tasks (company_id) WHERE parked;

-- What became of each conversation last. The digest tells what was given apart from anything else that may be given.
CREATE TABLE conversation_resolutions (
    company_id text COLLATE "C" NOT NULL,
    conversation_id uuid NOT NULL,
    epoch text NOT NULL,
    revision bigint NOT NULL,
    digest text NOT NULL,
    outcome text NOT NULL CHECK (outcome IN ('CREATED', 'UPDATED', 'FOUND_EXISTING', 'REVIEW', 'ERROR', 'SKIPPED')),
    matched_by text NOT NULL CHECK (matched_by IN ('EMAIL', 'PHONE', 'EVIDENCE', 'NAME_ONLY', 'NONE', 'LINK', 'DECISION')),
    customer_id uuid,
    confidence integer NOT NULL CHECK (confidence BETWEEN 0 AND 100),
    weight double precision,
    explanation text NOT NULL,
    filled text[] NOT NULL,
    added text[] NOT NULL,
    candidates uuid[] NOT NULL,
    moved_from uuid,
    needs_review boolean NOT NULL,
    error_reason text NOT NULL,
    -- The customer that was created from the conversation, and the link that was made here, whatever came after.
    created_id uuid,
    linked_id uuid,
    link_time text NOT NULL,
    model_version text NOT NULL,
    resolved_by text NOT NULL,
    review_item_id uuid,
    run_id text NOT NULL DEFAULT '',
    -- What a person has decided of its review item: who it is, by what was given then, and who it is not.
    decided_id uuid,
    decided_digest text NOT NULL DEFAULT '',
    apart uuid[] NOT NULL DEFAULT '{}',
    resolved_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    PRIMARY KEY (company_id, conversation_id)
);


CREATE INDEX conversation_resolutions_by_outcome ON conversation_resolutions (company_id, outcome);
CREATE INDEX conversation_resolutions_by_run
    ON conversation_resolutions (company_id, run_id, resolved_at, conversation_id);
CREATE INDEX conversation_resolutions_by_time ON conversation_resolutions (company_id, resolved_at, conversation_id);

-- How many conversations were not taken in since too many waited.
CREATE TABLE conversation_backlogs (
    company_id text COLLATE "C" PRIMARY KEY,
    refused bigint NOT NULL DEFAULT 0
);

DO $$
DECLARE
    owned text;
BEGIN
    FOREACH owned IN ARRAY ARRAY['conversation_policies', 'conversation_tasks', 'conversation_resolutions',
                                 'conversation_backlogs'] LOOP
        EXECUTE format('ALTER TABLE %I ENABLE ROW LEVEL SECURITY', owned);
        EXECUTE format('ALTER TABLE %I FORCE ROW LEVEL SECURITY', owned);
        EXECUTE format('CREATE POLICY company ON %I TO matching_runtime USING (company_id = (SELECT app_company()))'
                       ' WITH CHECK (company_id = (SELECT app_company()))', owned);
    END LOOP;
END
$$;
GRANT SELECT, INSERT, UPDATE ON conversation_policies, conversation_backlogs TO matching_runtime;
GRANT SELECT, INSERT, UPDATE, DELETE ON conversation_tasks, conversation_resolutions TO matching_runtime;
CREATE POLICY upkeep ON conversation_tasks FOR SELECT TO matching_upkeep USING (true);
GRANT SELECT ON conversation_tasks TO matching_upkeep;
