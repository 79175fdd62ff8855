-- The company of this transaction. Policies compare with (SELECT app_company()), which PostgreSQL calculates once.
-- It raises when none is set: after a first transaction on a pooled connection the setting is '', not absent,
-- and a plain comparison would silently find nothing.
CREATE FUNCTION app_company() RETURNS text
LANGUAGE plpgsql STABLE PARALLEL SAFE
AS $$
DECLARE
    company text := current_setting('app.company_id', true);
BEGIN
    IF company IS NULL OR company = '' THEN
        RAISE EXCEPTION 'app.company_id is not set in this transaction' USING ERRCODE = 'insufficient_privilege';
    END IF;
    RETURN company;
END
$$;
