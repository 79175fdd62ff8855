-- The online question in one round trip and one value: JSON, read by the store. It replaces a function whose arrays cost
-- as much to read as to find.
DROP FUNCTION find_candidates(text, uuid, bigint[], integer, text);

-- Finds who shares a key with a customer (p_customer) or with a record from outside (p_keys), the company being set.
-- Each key is read up to p_cap + 1 rows; one that reaches further is reported and not used, so the work is bounded by
-- keys * (p_cap + 1) index entries, whatever the data.
-- [age, policy number, listed scan, root, own identity, capped keys, [[id, name, email, phone, identity], ...]]
CREATE FUNCTION find_candidates(p_customer uuid, p_keys bigint[], p_cap integer, p_follower text) RETURNS text
LANGUAGE plpgsql VOLATILE
AS $$
DECLARE
    company text := app_company();
    sought bigint[] := p_keys;
    head text;
    root uuid;
    standing text;
    own text := 'null';
    capped text;
    rows text;
BEGIN
    SELECT coalesce((extract(epoch FROM clock_timestamp()) - extract(epoch FROM f.batch_at))::text, 'null')
    INTO head FROM follower_cursors f WHERE f.name = p_follower AND f.batch_at > '-infinity';
    SELECT coalesce(head, 'null') || ',' || coalesce(max(c.policy_number), 0) || ','
        || coalesce('"' || max(c.listed_scan_id::text) || '"', 'null')
    INTO head FROM companies c WHERE c.company_id = company;
    IF p_customer IS NOT NULL THEN
        root := p_customer;
        SELECT m.identity, m.keys, m.state INTO own, sought, standing FROM match_records m
        WHERE m.company_id = company AND m.customer_id = root;
        IF standing = 'MERGED' THEN
            root := root_of(p_customer);
            SELECT m.identity, m.keys, m.state INTO own, sought, standing FROM match_records m
            WHERE m.company_id = company AND m.customer_id = root;
        END IF;
        IF standing IS NULL OR standing NOT IN ('ACTIVE', 'INACTIVE') THEN
            RETURN '[' || head || ',null,null,[],[]]';
        END IF;
    END IF;
    WITH asked AS MATERIALIZED (
        SELECT a.key, ARRAY(SELECT k.customer_id FROM match_keys k
                            WHERE k.company_id = company AND k.key = a.key LIMIT p_cap + 1) AS holders
        FROM unnest(sought) AS a (key)
    ), candidates AS (
        SELECT DISTINCT h.customer_id FROM asked, unnest(asked.holders) AS h (customer_id)
        WHERE cardinality(asked.holders) <= p_cap AND h.customer_id IS DISTINCT FROM root
    )
    SELECT (SELECT coalesce(string_agg(asked.key::text, ','), '') FROM asked WHERE cardinality(asked.holders) > p_cap),
           (SELECT coalesce(string_agg('["' || m.customer_id::text || '",' || to_json(m.name)::text || ','
                || to_json(m.email)::text || ',' || to_json(m.phone)::text || ',' || m.identity || ']', ','), '')
            FROM candidates
            JOIN match_records m ON m.company_id = company AND m.customer_id = candidates.customer_id)
    INTO capped, rows;
    RETURN '[' || head || ',' || coalesce('"' || root::text || '"', 'null') || ',' || own
        || ',[' || capped || '],[' || rows || ']]';
END
$$;
GRANT EXECUTE ON FUNCTION find_candidates(uuid, bigint[], integer, text) TO matching_runtime;
