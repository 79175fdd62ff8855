-- Upkeep crosses companies, through a role of its own: it finds what is to be done, and does it company by company
-- as the runtime role.

CREATE POLICY upkeep ON companies FOR SELECT TO matching_upkeep USING (true);
CREATE POLICY upkeep ON scans TO matching_upkeep USING (true) WITH CHECK (true);
GRANT SELECT ON companies TO matching_upkeep;
GRANT SELECT, UPDATE ON scans TO matching_upkeep;

GRANT EXECUTE ON FUNCTION find_candidates(text, uuid, bigint[], integer, text), root_of(uuid) TO matching_runtime;
