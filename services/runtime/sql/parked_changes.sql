-- Changes that a follower could not apply, kept for a person to look at. Needs app_company.
CREATE TABLE parked_changes (
    id         bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    company_id text COLLATE "C" NOT NULL,
    follower   text NOT NULL,
    cursor     text NOT NULL,
    change     bytea NOT NULL,
    error      text NOT NULL,
    parked_at  timestamptz NOT NULL DEFAULT clock_timestamp()
);
CREATE INDEX parked_changes_company ON parked_changes (company_id, id);
ALTER TABLE parked_changes ENABLE ROW LEVEL SECURITY;
ALTER TABLE parked_changes FORCE ROW LEVEL SECURITY;
CREATE POLICY company ON parked_changes TO {service}_runtime
    USING (company_id = (SELECT app_company())) WITH CHECK (company_id = (SELECT app_company()));
CREATE POLICY upkeep ON parked_changes TO {service}_upkeep USING (true);
GRANT SELECT, INSERT ON parked_changes TO {service}_runtime;
GRANT SELECT, DELETE ON parked_changes TO {service}_upkeep;
