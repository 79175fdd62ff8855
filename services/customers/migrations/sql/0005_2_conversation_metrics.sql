-- The figures of conversations, kept by the database: of each conversation from its interactions, of each customer
-- from its own conversations (additive, so no merge changes them), and of each root as the sum over its tree.

CREATE TABLE conversation_metrics (
    company_id text NOT NULL,
    origin_customer_id uuid NOT NULL,
    conversations bigint NOT NULL,
    interactions bigint NOT NULL,
    characters bigint NOT NULL,
    first_at timestamptz NOT NULL,
    last_at timestamptz NOT NULL,
    PRIMARY KEY (company_id, origin_customer_id)
);
ALTER TABLE conversation_metrics ENABLE ROW LEVEL SECURITY;
ALTER TABLE conversation_metrics FORCE ROW LEVEL SECURITY;
CREATE POLICY company ON conversation_metrics TO customers_runtime, customers_owner
    USING (company_id = (SELECT app_company())) WITH CHECK (company_id = (SELECT app_company()));
GRANT SELECT ON conversation_metrics TO customers_runtime;

-- The functions below plan once for a connection, and by indexes: what is planned while a table is empty would read all of
-- it later, and to plan each time costs more than the work.

-- Whoever changes the figures of a customer holds it and its root, in the order of their ids as a merge takes them, so
-- that no merge comes between the look at the root and the change of it. Before the row is written: the foreign key
-- would lock the customer first, out of that order.
CREATE FUNCTION lock_conversation_customers() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp
SET plan_cache_mode = force_generic_plan SET enable_seqscan = off AS $$
DECLARE
    origins uuid[] := array_remove(ARRAY[CASE WHEN TG_OP <> 'INSERT' THEN OLD.origin_customer_id END,
                                         CASE WHEN TG_OP <> 'DELETE' THEN NEW.origin_customer_id END], NULL);
    roots uuid[];
BEGIN
    IF cardinality(origins) > 0 THEN
        roots := ARRAY(SELECT root_id FROM public.customers
                        WHERE company_id = (SELECT app_company()) AND customer_id = ANY(origins));
        PERFORM FROM public.customers WHERE company_id = (SELECT app_company()) AND customer_id = ANY(origins || roots)
          ORDER BY customer_id FOR NO KEY UPDATE;
        -- A merge may have come before: with the customer held there is no further one, and its new root must be free,
        -- or else two could wait for each other.
        roots := ARRAY(SELECT root_id FROM public.customers WHERE company_id = (SELECT app_company())
                          AND customer_id = ANY(origins) AND root_id <> ALL(origins || roots));
        IF cardinality(roots) > 0 THEN
            BEGIN
                PERFORM FROM public.customers WHERE company_id = (SELECT app_company()) AND customer_id = ANY(roots)
                    FOR NO KEY UPDATE NOWAIT;
            EXCEPTION WHEN lock_not_available THEN
                RAISE EXCEPTION 'a customer was merged or unmerged meanwhile' USING ERRCODE = 'serialization_failure';
            END;
        END IF;
    END IF;
    IF TG_OP = 'DELETE' THEN
        RETURN OLD;
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER lock_customers
    BEFORE INSERT OR DELETE OR UPDATE OF origin_customer_id, interactions, characters, first_at, last_at ON conversations
    FOR EACH ROW EXECUTE FUNCTION lock_conversation_customers();

-- Of each conversation of which interactions were written or are gone.
CREATE FUNCTION count_interactions() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
DECLARE
    touched uuid[];
BEGIN
    IF TG_OP = 'DELETE' THEN
        touched := ARRAY(SELECT DISTINCT conversation_id FROM gone);
    ELSE
        touched := ARRAY(SELECT DISTINCT conversation_id FROM written);
    END IF;
    UPDATE public.conversations AS c
       SET interactions = i.number, characters = i.characters,
           first_at = least(c.started_at, i.first_at), last_at = greatest(c.started_at, i.last_at)
      FROM unnest(touched) AS t (conversation_id)
     CROSS JOIN LATERAL (
           SELECT count(*) AS number, coalesce(sum(characters), 0)::bigint AS characters,
                  min(interaction_time) AS first_at, max(interaction_time) AS last_at
             FROM public.interactions
            WHERE company_id = (SELECT app_company()) AND conversation_id = t.conversation_id) AS i
     WHERE c.company_id = (SELECT app_company()) AND c.conversation_id = t.conversation_id;
    RETURN NULL;
END $$;
CREATE TRIGGER count_written AFTER INSERT ON interactions REFERENCING NEW TABLE AS written
    FOR EACH STATEMENT EXECUTE FUNCTION count_interactions();
CREATE TRIGGER count_changed AFTER UPDATE ON interactions REFERENCING NEW TABLE AS written
    FOR EACH STATEMENT EXECUTE FUNCTION count_interactions();
CREATE TRIGGER count_gone AFTER DELETE ON interactions REFERENCING OLD TABLE AS gone
    FOR EACH STATEMENT EXECUTE FUNCTION count_interactions();

-- What lists are sorted by: of a root the sum over its tree, of a merged customer its own.
CREATE FUNCTION show_conversation_figures(shown uuid[]) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp
SET plan_cache_mode = force_generic_plan SET enable_seqscan = off AS $$
BEGIN
    UPDATE public.customers AS c SET total_conversations = t.conversations, last_interaction_time = t.last_at
      FROM (SELECT DISTINCT customer_id FROM unnest(shown) AS s (customer_id)) AS wanted
     CROSS JOIN LATERAL (
           SELECT coalesce(sum(m.conversations), 0)::bigint AS conversations,
                  coalesce(max(m.last_at) FILTER (WHERE m.conversations > 0), '-infinity') AS last_at
             FROM (SELECT customer_id FROM public.customers
                    WHERE company_id = (SELECT app_company()) AND root_id = wanted.customer_id
                    UNION SELECT wanted.customer_id) AS member
            CROSS JOIN LATERAL (
                  SELECT conversations, last_at FROM public.conversation_metrics
                   WHERE company_id = (SELECT app_company()) AND origin_customer_id = member.customer_id LIMIT 1) AS m) AS t
     WHERE c.company_id = (SELECT app_company()) AND c.customer_id = wanted.customer_id
       AND (c.total_conversations, c.last_interaction_time) IS DISTINCT FROM (t.conversations, t.last_at);
END $$;

-- Adds to the figures of customers, named as often as they come, counts the first and last of each anew, and shows
-- them under it and its root: one statement for all that a statement has written.
CREATE FUNCTION add_to_conversation_metrics(origins uuid[], conversations bigint[], interactions bigint[],
                                            characters bigint[])
RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp
SET plan_cache_mode = force_generic_plan SET enable_seqscan = off AS $$
BEGIN
    INSERT INTO public.conversation_metrics AS m
    SELECT (SELECT app_company()), o.origin, o.conversations, o.interactions, o.characters,
           coalesce((SELECT t.first_at FROM public.conversations AS t
                      WHERE t.company_id = (SELECT app_company()) AND t.origin_customer_id = o.origin
                      ORDER BY t.first_at LIMIT 1), 'infinity'),
           coalesce((SELECT t.last_at FROM public.conversations AS t
                      WHERE t.company_id = (SELECT app_company()) AND t.origin_customer_id = o.origin
                      ORDER BY t.last_at DESC LIMIT 1), '-infinity')
      FROM (SELECT g.origin, sum(g.conversations)::bigint AS conversations, sum(g.interactions)::bigint AS interactions,
                   sum(g.characters)::bigint AS characters
              FROM unnest(origins, conversations, interactions, characters)
                AS g (origin, conversations, interactions, characters)
             GROUP BY g.origin ORDER BY g.origin) AS o
    ON CONFLICT (company_id, origin_customer_id)
    DO UPDATE SET conversations = m.conversations + excluded.conversations,
                  interactions = m.interactions + excluded.interactions,
                  characters = m.characters + excluded.characters,
                  first_at = excluded.first_at, last_at = excluded.last_at;
    PERFORM public.show_conversation_figures(origins || ARRAY(
        SELECT root_id FROM public.customers WHERE company_id = (SELECT app_company()) AND customer_id = ANY(origins)));
END $$;

CREATE FUNCTION count_conversations() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp
SET plan_cache_mode = force_generic_plan SET enable_seqscan = off AS $$
DECLARE
    origins uuid[];
    numbers bigint[];
    turns bigint[];
    characters bigint[];
BEGIN
    IF TG_OP = 'UPDATE' THEN
        SELECT array_agg(g.origin), array_agg(g.number), array_agg(g.turns), array_agg(g.characters)
          INTO origins, numbers, turns, characters
          FROM gone AS b
          JOIN written AS a ON a.company_id = b.company_id AND a.conversation_id = b.conversation_id
         CROSS JOIN LATERAL (VALUES (b.origin_customer_id, -1, -b.interactions, -b.characters),
                                    (a.origin_customer_id, 1, a.interactions, a.characters))
                         AS g (origin, number, turns, characters)
         WHERE g.origin IS NOT NULL
           AND (a.origin_customer_id, a.interactions, a.characters, a.first_at, a.last_at)
               IS DISTINCT FROM (b.origin_customer_id, b.interactions, b.characters, b.first_at, b.last_at);
    ELSIF TG_OP = 'INSERT' THEN
        SELECT array_agg(a.origin_customer_id), array_agg(1), array_agg(a.interactions), array_agg(a.characters)
          INTO origins, numbers, turns, characters FROM written AS a WHERE a.origin_customer_id IS NOT NULL;
    ELSE
        SELECT array_agg(b.origin_customer_id), array_agg(-1), array_agg(-b.interactions), array_agg(-b.characters)
          INTO origins, numbers, turns, characters FROM gone AS b WHERE b.origin_customer_id IS NOT NULL;
    END IF;
    IF origins IS NOT NULL THEN
        PERFORM public.add_to_conversation_metrics(origins, numbers, turns, characters);
    END IF;
    RETURN NULL;
END $$;
CREATE TRIGGER count_written AFTER INSERT ON conversations REFERENCING NEW TABLE AS written
    FOR EACH STATEMENT EXECUTE FUNCTION count_conversations();
CREATE TRIGGER count_changed AFTER UPDATE ON conversations REFERENCING OLD TABLE AS gone NEW TABLE AS written
    FOR EACH STATEMENT EXECUTE FUNCTION count_conversations();
CREATE TRIGGER count_gone AFTER DELETE ON conversations REFERENCING OLD TABLE AS gone
    FOR EACH STATEMENT EXECUTE FUNCTION count_conversations();

-- A merge or an undo gives no conversation another customer, only another root. At the end of the transaction, when the
-- roots are those of the edges.
CREATE FUNCTION show_merged_conversations() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
    PERFORM public.show_conversation_figures(ARRAY[NEW.source_id, NEW.target_id] || ARRAY(
        SELECT root_id FROM public.customers
         WHERE company_id = (SELECT app_company()) AND customer_id IN (NEW.source_id, NEW.target_id)));
    RETURN NULL;
END $$;
CREATE CONSTRAINT TRIGGER conversation_figures AFTER INSERT OR UPDATE ON merge_edges
    DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION show_merged_conversations();

REVOKE EXECUTE ON FUNCTION lock_conversation_customers(), count_interactions(), show_conversation_figures(uuid[]),
    add_to_conversation_metrics(uuid[], bigint[], bigint[], bigint[]), count_conversations(), show_merged_conversations()
    FROM PUBLIC;
