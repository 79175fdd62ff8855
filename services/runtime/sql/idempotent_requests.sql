-- Needs app_company.
CREATE TABLE idempotent_requests (
    company_id  text COLLATE "C" NOT NULL,
    request_id  text COLLATE "C" NOT NULL CHECK (length(request_id) BETWEEN 1 AND 100),
    fingerprint bytea NOT NULL,
    response    bytea NOT NULL,
    created_at  timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (company_id, request_id)
);
CREATE INDEX idempotent_requests_created_at ON idempotent_requests (created_at);
ALTER TABLE idempotent_requests ENABLE ROW LEVEL SECURITY;
ALTER TABLE idempotent_requests FORCE ROW LEVEL SECURITY;
CREATE POLICY company ON idempotent_requests TO {service}_runtime
    USING (company_id = (SELECT app_company())) WITH CHECK (company_id = (SELECT app_company()));
CREATE POLICY upkeep ON idempotent_requests TO {service}_upkeep USING (true);
GRANT SELECT, INSERT, UPDATE ON idempotent_requests TO {service}_runtime;
GRANT SELECT, UPDATE, DELETE ON idempotent_requests TO {service}_upkeep;

-- Takes the request id for this transaction and says whether to run: RUN, BUSY, STORED or REUSED.
-- Volatile, so the look-up has a snapshot of its own, taken after the lock: a twin that has just committed is seen.
CREATE FUNCTION begin_idempotent_request(
    p_request_id text, p_fingerprint bytea, OUT state text, OUT response bytea
)
LANGUAGE plpgsql VOLATILE
AS $$
DECLARE
    company text := app_company();
    stored  idempotent_requests;
BEGIN
    IF NOT pg_try_advisory_xact_lock(hashtextextended(company || E'\n' || p_request_id, 20260101)) THEN
        state := 'BUSY';
        RETURN;
    END IF;
    SELECT r.* INTO stored FROM idempotent_requests r
    WHERE r.company_id = company AND r.request_id = p_request_id AND r.created_at > now() - interval '24 hours';
    IF NOT FOUND THEN
        state := 'RUN';
    ELSIF stored.fingerprint = p_fingerprint THEN
        state := 'STORED';
        response := stored.response;
    ELSE
        state := 'REUSED';
    END IF;
END
$$;
