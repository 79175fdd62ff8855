-- What a merge is decided by, the company being set: [whether judgements keep these trees apart, number of the policy in
-- use, its survivorship]; number and survivorship are null where the company has set none. Trees are given by members
-- with their roots, as judgements are read elsewhere; fewer than two members are never apart.
CREATE FUNCTION merge_basis(p_ids uuid[], p_tops uuid[]) RETURNS text
LANGUAGE plpgsql STABLE
AS $$
DECLARE
    company text := app_company();
    apart boolean := false;
    used integer;
    rules text;
BEGIN
    IF cardinality(p_ids) > 1 THEN
        apart := EXISTS (
            WITH RECURSIVE tree (customer_id, top) AS (
                SELECT * FROM unnest(p_ids, p_tops)
                 UNION
                SELECT m.customer_id, tree.top FROM tree JOIN match_records m
                    ON m.company_id = company AND m.root_id = tree.customer_id AND m.state = 'MERGED'
            )
            SELECT FROM judgements j
              JOIN tree a ON a.customer_id = j.left_id JOIN tree b ON b.customer_id = j.right_id AND b.top <> a.top
             WHERE j.company_id = company AND j.retracted_at IS NULL AND j.verdict = 'DIFFERENT');
    END IF;
    SELECT p.number, p.survivorship INTO used, rules FROM policies p
     WHERE p.company_id = company
       AND p.number = (SELECT c.policy_number FROM companies c WHERE c.company_id = company);
    RETURN json_build_array(apart, used, rules)::text;
END
$$;

-- Begins what follows from the undo of a merge; answers whether nothing of it was done before. Nobody else of the company
-- judges from here on, and no scan writes what waits for people: the locks are those of standing_judgements and
-- review_items. Who comes second sees the note of the first, since each statement here looks anew.
-- p_repeated: the feed tells of the undo once more, so this transaction need not wait until it is safe on disk. Where it is
-- lost, so is the cursor of whoever has read it: the log is written in order.
CREATE FUNCTION begin_after_undo(p_merge_id uuid, p_repeated boolean) RETURNS boolean
LANGUAGE plpgsql VOLATILE
AS $$
DECLARE
    company text := app_company();
BEGIN
    IF p_repeated THEN
        PERFORM set_config('synchronous_commit', 'off', true);
    END IF;
    PERFORM pg_advisory_xact_lock(hashtextextended('judgements ' || company, 0));
    PERFORM pg_advisory_xact_lock_shared(hashtextextended('review items ' || company, 0));
    INSERT INTO undone_merges (company_id, merge_id) VALUES (company, p_merge_id) ON CONFLICT DO NOTHING;
    RETURN FOUND;
END
$$;
GRANT EXECUTE ON FUNCTION merge_basis(uuid[], uuid[]), begin_after_undo(uuid, boolean) TO matching_runtime;
