-- An entry of the merge log, with other callers kept off the same merge until the transaction ends. What they wrote is
-- seen, since the entry is looked for after the lock is held: each statement here looks anew.
CREATE FUNCTION locked_merge(p_merge_id uuid) RETURNS SETOF merges
LANGUAGE plpgsql VOLATILE ROWS 1
AS $$
BEGIN
    PERFORM pg_advisory_xact_lock(hashtextextended('merge ' || p_merge_id::text, 0));
    RETURN QUERY SELECT m.* FROM merges m WHERE m.company_id = (SELECT app_company()) AND m.merge_id = p_merge_id;
END
$$;

-- How many children of each kind some customers have, each counted to p_most by the index of the kind; deleted ones are
-- not counted. Planning this for its values takes longer than counting, and finds the same plan; one that first read a
-- whole index for a bitmap would read more than p_most.
CREATE FUNCTION count_children(p_customers uuid[], p_most integer)
RETURNS TABLE (customer_id uuid, kind text, children bigint)
LANGUAGE plpgsql STABLE SET plan_cache_mode = force_generic_plan SET enable_bitmapscan = off
AS $$
DECLARE
    company text := app_company();
BEGIN
    RETURN QUERY
    SELECT asked.one, counted.kind, counted.children
      FROM unnest(p_customers) AS asked (one)
     CROSS JOIN LATERAL (
           SELECT 'notes', (SELECT count(*) FROM (SELECT FROM notes n WHERE n.company_id = company
                  AND n.origin_customer_id = asked.one AND n.deleted_at IS NULL LIMIT p_most) AS found)
            UNION ALL
           SELECT 'activities', (SELECT count(*) FROM (SELECT FROM activities a WHERE a.company_id = company
                  AND a.origin_customer_id = asked.one AND a.deleted_at IS NULL LIMIT p_most) AS found)
            UNION ALL
           SELECT 'engagements', (SELECT count(*) FROM (SELECT FROM engagements g WHERE g.company_id = company
                  AND g.origin_customer_id = asked.one AND g.deleted_at IS NULL LIMIT p_most) AS found)
            UNION ALL
           SELECT 'conversations', (SELECT count(*) FROM (SELECT FROM conversations c WHERE c.company_id = company
                  AND c.origin_customer_id = asked.one LIMIT p_most) AS found)
            UNION ALL
           SELECT 'events', (SELECT count(*) FROM (SELECT FROM events e WHERE e.company_id = company
                  AND e.origin_customer_id = asked.one LIMIT p_most) AS found)
           ) AS counted (kind, children)
     WHERE counted.children > 0;
END
$$;
GRANT EXECUTE ON FUNCTION locked_merge(uuid), count_children(uuid[], integer) TO customers_runtime;
