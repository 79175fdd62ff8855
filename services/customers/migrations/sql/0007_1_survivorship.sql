-- What a merge was made by: the order in which sources were trusted, the version of the policy whose rules held, and how
-- many children of the sources came to show under the target, as [kind, count, whether there are more].
ALTER TABLE merges
    ADD COLUMN source_priority text[] NOT NULL DEFAULT '{MANUAL,IMPORT,API,CHAT}',
    ADD COLUMN policy_version text NOT NULL DEFAULT '',
    ADD COLUMN moves jsonb NOT NULL DEFAULT '[]';

-- What target and sources showed before a merge and the target after it, for people and the audit; nothing is restored
-- from it. One value, so that records that are nearly the same are compressed together. It is erased with the person.
CREATE TABLE merge_snapshots (
    company_id text NOT NULL,
    merge_id uuid NOT NULL,
    target_id uuid NOT NULL,
    content jsonb NOT NULL,
    digest text NOT NULL,
    PRIMARY KEY (company_id, merge_id),
    FOREIGN KEY (company_id, merge_id) REFERENCES merges
);
-- The audit keeps the digest in place of the content: that was not changed since, and can go without leaving a copy.
CREATE TRIGGER audit AFTER INSERT OR UPDATE OR DELETE ON merge_snapshots
    FOR EACH ROW EXECUTE FUNCTION write_audit('merge_id', '{content}');
CREATE TRIGGER merge_snapshots_written_once BEFORE UPDATE OR TRUNCATE ON merge_snapshots
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();

ALTER TABLE merge_snapshots ENABLE ROW LEVEL SECURITY;
ALTER TABLE merge_snapshots FORCE ROW LEVEL SECURITY;
CREATE POLICY company ON merge_snapshots TO customers_runtime, customers_owner
    USING (company_id = (SELECT app_company())) WITH CHECK (company_id = (SELECT app_company()));
GRANT SELECT, INSERT ON merge_snapshots TO customers_runtime;
