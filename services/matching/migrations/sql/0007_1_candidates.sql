-- The online question, with less to look at: keys are used from the rarest on while few enough customers share them.
DROP FUNCTION find_candidates(uuid, bigint[], integer, text);

-- Finds who shares a key with a customer (p_customer) or with a record from outside (p_keys), the company being set.
-- Where all keys together are shared by fewer than p_cap and p_enough, each is used; so it is for nearly all customers, and
-- this is what makes the call cheap. Else keys are read up to p_cap + 1 rows; one that reaches further is reported and not
-- used. Of the others the rarest is used, and each further one while those used are shared by p_enough others at the most:
-- who shares a wide key and no rare one is hardly ever the same. So the work is bounded by 2 * keys * (p_cap + 1) index
-- entries and max(p_cap, p_enough) records, whatever the data.
-- [age, policy number, listed scan, root, own identity, unused keys, [[id, name, email, phone, identity], ...]]
CREATE FUNCTION find_candidates(
    p_customer uuid, p_keys bigint[], p_cap integer, p_enough integer, p_follower text
) RETURNS text
LANGUAGE plpgsql VOLATILE
AS $$
DECLARE
    company text := app_company();
    sought bigint[] := p_keys;
    head text;
    root uuid;
    standing text;
    own text := 'null';
    few integer := least(p_cap, p_enough);
    sharing uuid[];
    unused text := '';
    rows text := '';
BEGIN
    SELECT coalesce((SELECT (extract(epoch FROM clock_timestamp()) - extract(epoch FROM f.batch_at))::text
                     FROM follower_cursors f WHERE f.name = p_follower AND f.batch_at > '-infinity'), 'null')
        || ',' || coalesce(max(c.policy_number), 0) || ','
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
    sharing := ARRAY(SELECT h.customer_id FROM unnest(sought) AS a (key) CROSS JOIN LATERAL (
                         SELECT k.customer_id FROM match_keys k
                         WHERE k.company_id = company AND k.key = a.key LIMIT few + 1) AS h
                     WHERE h.customer_id IS DISTINCT FROM root);
    IF cardinality(sharing) >= few THEN
        WITH asked AS MATERIALIZED (
            SELECT a.key, ARRAY(SELECT k.customer_id FROM match_keys k
                                WHERE k.company_id = company AND k.key = a.key LIMIT p_cap + 1) AS holders
            FROM unnest(sought) AS a (key)
        ), shared AS (
            SELECT asked.key, asked.holders, cardinality(asked.holders) AS size,
                   cardinality(asked.holders) - (root IS NOT NULL)::integer AS others
            FROM asked
        ), ranked AS MATERIALIZED (
            SELECT s.key, s.holders,
                   s.size <= p_cap AND sum(s.others) OVER so_far <= greatest(p_enough, min(s.others) OVER so_far) AS used
            FROM shared s WHERE s.others > 0
            WINDOW so_far AS (ORDER BY s.others, s.key ROWS UNBOUNDED PRECEDING)
        )
        SELECT coalesce(string_agg(r.key::text, ',') FILTER (WHERE NOT r.used), ''),
               ARRAY(SELECT h.customer_id FROM ranked u, unnest(u.holders) AS h (customer_id)
                     WHERE u.used AND h.customer_id IS DISTINCT FROM root)
        INTO unused, sharing FROM ranked r;
    END IF;
    IF cardinality(sharing) > 0 THEN
        SELECT coalesce(string_agg('["' || m.customer_id::text || '",' || to_json(m.name)::text || ','
            || to_json(m.email)::text || ',' || to_json(m.phone)::text || ',' || m.identity || ']', ','), '')
        INTO rows FROM match_records m WHERE m.company_id = company AND m.customer_id = ANY (sharing);
    END IF;
    RETURN '[' || head || ',' || coalesce('"' || root::text || '"', 'null') || ',' || own
        || ',[' || unused || '],[' || rows || ']]';
END
$$;
GRANT EXECUTE ON FUNCTION find_candidates(uuid, bigint[], integer, integer, text) TO matching_runtime;
