-- Groups are corrected as customers change: who was edited or is new waits here until its groups are judged anew.

CREATE TABLE regrouping (
    company_id text COLLATE "C" NOT NULL,
    customer_id uuid NOT NULL,
    -- The transaction that followed the change: a scan whose snapshot is younger has seen it.
    changed_in xid8 NOT NULL DEFAULT pg_current_xact_id(),
    PRIMARY KEY (company_id, customer_id)
);

-- Ordered by confidence, then match weight, then id: both are stored so that one ascending index gives the best first.
ALTER TABLE duplicate_groups
    ADD COLUMN weight_rank bigint NOT NULL DEFAULT 0,
    ADD COLUMN weakest_left uuid,
    ADD COLUMN weakest_right uuid,
    ADD COLUMN state text NOT NULL DEFAULT 'FOUND' CHECK (state IN ('FOUND', 'CORRECTED', 'OUT_OF_DATE')),
    ADD COLUMN updated_at timestamptz NOT NULL DEFAULT clock_timestamp();
DROP INDEX duplicate_groups_best;
CREATE INDEX duplicate_groups_best ON duplicate_groups (company_id, scan_id, rank, weight_rank, group_id)
    WHERE live_members >= 2;

DO $$
DECLARE
    owned text;
BEGIN
    FOREACH owned IN ARRAY ARRAY['policies', 'value_counts', 'regrouping'] LOOP
        EXECUTE format('ALTER TABLE %I ENABLE ROW LEVEL SECURITY', owned);
        EXECUTE format('ALTER TABLE %I FORCE ROW LEVEL SECURITY', owned);
        EXECUTE format('CREATE POLICY company ON %I TO matching_runtime USING (company_id = (SELECT app_company()))'
                       ' WITH CHECK (company_id = (SELECT app_company()))', owned);
    END LOOP;
END
$$;
GRANT SELECT, INSERT ON policies TO matching_runtime;
GRANT SELECT, INSERT, DELETE ON value_counts TO matching_runtime;
GRANT SELECT, INSERT, UPDATE, DELETE ON regrouping TO matching_runtime;
CREATE POLICY upkeep ON regrouping FOR SELECT TO matching_upkeep USING (true);
GRANT SELECT ON regrouping TO matching_upkeep;
