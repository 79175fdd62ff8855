-- What people said of pairs: the same one, different ones, or not to be told. A judgement names the two customers that it
-- was made of, in the order of their ids, and holds for the trees that they are in, through merges and undos. It is never
-- changed, only retracted; a newer one of the same pair retracts the one before.

CREATE TABLE judgements (
    company_id text COLLATE "C" NOT NULL,
    judgement_id uuid NOT NULL,
    left_id uuid NOT NULL,
    right_id uuid NOT NULL,
    verdict text NOT NULL CHECK (verdict IN ('SAME', 'DIFFERENT', 'UNSURE')),
    reason text NOT NULL,
    author text NOT NULL,
    author_name text NOT NULL,
    created_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    -- The merge whose undo it follows from; null: somebody judged.
    merge_id uuid,
    retracted_at timestamptz,
    retracted_by text NOT NULL DEFAULT '',
    retracted_by_name text NOT NULL DEFAULT '',
    retract_reason text NOT NULL DEFAULT '',
    PRIMARY KEY (company_id, judgement_id),
    CHECK (left_id < right_id)
);
CREATE UNIQUE INDEX judgements_in_force ON judgements (company_id, left_id, right_id) WHERE retracted_at IS NULL;
CREATE INDEX judgements_by_right ON judgements (company_id, right_id) WHERE retracted_at IS NULL;

-- Merges of whose undo all that follows was done: the call that undoes and the feed both tell of it. It is told by this
-- and not by judgements and items, which people retract, replace and decide.
CREATE TABLE undone_merges (
    company_id text COLLATE "C" NOT NULL,
    merge_id uuid NOT NULL,
    PRIMARY KEY (company_id, merge_id)
);

-- From a root down to its members, to find what was judged of any of them.
CREATE INDEX match_records_merged ON match_records (company_id, root_id) WHERE state = 'MERGED';

ALTER TABLE undone_merges ENABLE ROW LEVEL SECURITY;
ALTER TABLE undone_merges FORCE ROW LEVEL SECURITY;
CREATE POLICY company ON undone_merges TO matching_runtime USING (company_id = (SELECT app_company()))
    WITH CHECK (company_id = (SELECT app_company()));
GRANT SELECT, INSERT ON undone_merges TO matching_runtime;
ALTER TABLE judgements ENABLE ROW LEVEL SECURITY;
ALTER TABLE judgements FORCE ROW LEVEL SECURITY;
CREATE POLICY company ON judgements TO matching_runtime USING (company_id = (SELECT app_company()))
    WITH CHECK (company_id = (SELECT app_company()));
GRANT SELECT, INSERT, UPDATE (retracted_at, retracted_by, retracted_by_name, retract_reason) ON judgements
    TO matching_runtime;
