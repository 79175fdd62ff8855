-- What the online calls ask, each in one round trip: set the company, find, answer in one row.

-- Finds who shares a key with a customer (p_customer) or with a record from outside (p_keys). Each key is read up to
-- p_cap + 1 rows; one that reaches further is reported in `capped` and not used, so the work is bounded by
-- keys * (p_cap + 1) index entries, whatever the data. `records` is a JSON array beside `ids`.
CREATE FUNCTION find_candidates(
    p_company text, p_customer uuid, p_keys bigint[], p_cap integer, p_follower text,
    OUT age double precision, OUT root uuid, OUT own_identity text,
    OUT capped bigint[], OUT ids text[], OUT names text[], OUT emails text[], OUT phones text[], OUT records text
)
LANGUAGE plpgsql VOLATILE
AS $$
DECLARE
    sought bigint[] := p_keys;
BEGIN
    PERFORM set_config('app.company_id', p_company, true);
    SELECT extract(epoch FROM clock_timestamp()) - extract(epoch FROM c.batch_at) INTO age
    FROM follower_cursors c WHERE c.name = p_follower;
    IF p_customer IS NOT NULL THEN
        root := root_of(p_customer);
        SELECT m.identity, m.keys INTO own_identity, sought FROM match_records m
        WHERE m.company_id = p_company AND m.customer_id = root;
        IF root IS NULL THEN
            RETURN;
        END IF;
    END IF;
    WITH hits AS MATERIALIZED (
        SELECT asked.key, hit.customer_id
        FROM unnest(sought) AS asked (key)
        CROSS JOIN LATERAL (
            SELECT k.customer_id FROM match_keys k
            WHERE k.company_id = p_company AND k.key = asked.key LIMIT p_cap + 1
        ) AS hit
    ), too_many AS MATERIALIZED (
        SELECT hits.key FROM hits GROUP BY hits.key HAVING count(*) > p_cap
    ), candidates AS (
        SELECT DISTINCT hits.customer_id FROM hits
        WHERE hits.customer_id IS DISTINCT FROM root AND hits.key NOT IN (SELECT too_many.key FROM too_many)
    ), found AS (
        SELECT m.customer_id::text AS id, m.name, m.email, m.phone, m.identity
        FROM candidates JOIN match_records m ON m.company_id = p_company AND m.customer_id = candidates.customer_id
        ORDER BY m.customer_id
    )
    SELECT (SELECT array_agg(too_many.key) FROM too_many), array_agg(found.id), array_agg(found.name),
           array_agg(found.email), array_agg(found.phone), '[' || string_agg(found.identity, ',') || ']'
    INTO capped, ids, names, emails, phones, records
    FROM found;
END
$$;

-- The root in use of the tree that a customer belongs to; null where the id is unknown, deleted or erased.
-- Members point at the root as of their own last change, so a chain of merges may take a few steps.
CREATE FUNCTION root_of(p_customer uuid) RETURNS uuid
LANGUAGE plpgsql STABLE
AS $$
DECLARE
    here uuid := p_customer;
    above uuid;
    standing text;
BEGIN
    FOR step IN 1..100 LOOP
        SELECT m.root_id, m.state INTO above, standing FROM match_records m
        WHERE m.company_id = app_company() AND m.customer_id = here;
        IF NOT FOUND THEN
            RETURN NULL;
        END IF;
        IF standing <> 'MERGED' THEN
            RETURN CASE WHEN standing IN ('ACTIVE', 'INACTIVE') THEN here END;
        END IF;
        here := above;
    END LOOP;
    RETURN NULL;
END
$$;
