-- Search: parts and similar spellings are found by trigrams, as a role of its own, since under a policy they reach no index.

CREATE EXTENSION IF NOT EXISTS pg_trgm;
CREATE EXTENSION IF NOT EXISTS btree_gin;

-- The texts of customers in use, apart from them: an index of trigrams beside the row would be written anew with each change
-- of anything, which takes as long as all else that is written to the row and its other indexes.
CREATE TABLE search_texts (
    company_id text NOT NULL,
    customer_id uuid NOT NULL,
    search_text text COLLATE "C" NOT NULL,
    PRIMARY KEY (company_id, customer_id)
);
-- Of a list of what is yet to be sorted in, which each search reads to its end, at most 512 kB are kept.
CREATE INDEX search_texts_by_trigrams ON search_texts USING gin (company_id, search_text gin_trgm_ops)
    WITH (gin_pending_list_limit = 512);
ALTER TABLE search_texts ENABLE ROW LEVEL SECURITY;
ALTER TABLE search_texts FORCE ROW LEVEL SECURITY;
CREATE POLICY company ON search_texts TO customers_runtime, customers_owner
    USING (company_id = (SELECT app_company())) WITH CHECK (company_id = (SELECT app_company()));
CREATE POLICY finds ON search_texts FOR SELECT TO customers_finder USING (true);
GRANT SELECT ON search_texts TO customers_finder;

CREATE FUNCTION keep_search_text() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
    IF NEW.state IN ('ACTIVE', 'INACTIVE') THEN
        INSERT INTO public.search_texts (company_id, customer_id, search_text)
        VALUES (NEW.company_id, NEW.customer_id, NEW.search_text)
        ON CONFLICT (company_id, customer_id) DO UPDATE SET search_text = excluded.search_text;
    ELSE
        DELETE FROM public.search_texts WHERE company_id = NEW.company_id AND customer_id = NEW.customer_id;
    END IF;
    RETURN NULL;
END $$;
REVOKE EXECUTE ON FUNCTION keep_search_text() FROM PUBLIC;
CREATE TRIGGER keep_new_search_text AFTER INSERT ON customers FOR EACH ROW
    WHEN (NEW.state IN ('ACTIVE', 'INACTIVE')) EXECUTE FUNCTION keep_search_text();
CREATE TRIGGER keep_changed_search_text AFTER UPDATE ON customers FOR EACH ROW
    WHEN (OLD.search_text IS DISTINCT FROM NEW.search_text
          OR (OLD.state IN ('ACTIVE', 'INACTIVE')) IS DISTINCT FROM (NEW.state IN ('ACTIVE', 'INACTIVE')))
    EXECUTE FUNCTION keep_search_text();

-- The customers in use of this company whose text holds every pattern, any `most` of them. A plan for just these
-- patterns, by the index of texts alone: an early end would tempt the planner to read on until enough are found.
CREATE FUNCTION find_parts(patterns text[], most integer) RETURNS SETOF uuid
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp
SET enable_seqscan = off SET enable_indexscan = off SET enable_indexonlyscan = off AS $$
BEGIN
    RETURN QUERY EXECUTE
        'SELECT customer_id FROM public.search_texts WHERE company_id = (SELECT public.app_company())'
        || (SELECT string_agg(format(' AND search_text LIKE %L', pattern), '') FROM unnest(patterns) AS pattern)
        || format(' LIMIT %s', most);
END $$;

-- The customers in use of this company whose text holds something like the words, with how like it is, from the threshold to
-- 1 (word_similarity of pg_trgm): the best of any 4 * `most`.
CREATE FUNCTION find_similar(words text, threshold real, most integer) RETURNS TABLE (customer_id uuid, similarity real)
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp
SET enable_seqscan = off SET enable_indexscan = off SET enable_indexonlyscan = off AS $$
BEGIN
    PERFORM set_config('pg_trgm.word_similarity_threshold', threshold::text, true);
    RETURN QUERY
        SELECT any_of.customer_id, word_similarity(words, any_of.search_text) AS likeness
          FROM (SELECT t.customer_id, t.search_text FROM public.search_texts AS t
                 WHERE t.company_id = (SELECT public.app_company()) AND words <% t.search_text
                 LIMIT 4 * most) AS any_of
         ORDER BY likeness DESC, any_of.customer_id LIMIT most;
END $$;

ALTER FUNCTION find_parts(text[], integer) OWNER TO customers_finder;
ALTER FUNCTION find_similar(text, real, integer) OWNER TO customers_finder;
REVOKE EXECUTE ON FUNCTION find_parts(text[], integer), find_similar(text, real, integer) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION find_parts(text[], integer), find_similar(text, real, integer) TO customers_runtime;

-- The customers in use of which a field begins with a text, so many of each field, in the order of the field. The upper
-- bound of a beginning is the text with the last character of all behind it; an empty beginning finds nothing.
CREATE FUNCTION find_beginnings(name_text text, email_text text, phone_text text, national_text text, most integer)
RETURNS SETOF uuid LANGUAGE plpgsql STABLE AS $$
DECLARE
    company text := app_company();
    last CONSTANT text := chr(1114111);
BEGIN
    IF name_text <> '' THEN
        RETURN QUERY (SELECT customer_id FROM customers
            WHERE company_id = company AND state IN ('ACTIVE', 'INACTIVE')
              AND name_sort >= name_text AND name_sort < name_text || last ORDER BY name_sort, customer_id LIMIT most);
        RETURN QUERY (SELECT customer_id FROM customers
            WHERE company_id = company AND state IN ('ACTIVE', 'INACTIVE')
              AND family_sort >= name_text AND family_sort < name_text || last ORDER BY family_sort, customer_id LIMIT most);
        RETURN QUERY (SELECT customer_id FROM customer_labels
            WHERE company_id = company AND kind = 'TAG' AND label >= name_text AND label < name_text || last
              AND facets < 2048 ORDER BY label LIMIT most);
    END IF;
    IF email_text <> '' THEN
        RETURN QUERY (SELECT customer_id FROM customers
            WHERE company_id = company AND state IN ('ACTIVE', 'INACTIVE') AND email_sort <> ''
              AND email_sort >= email_text AND email_sort < email_text || last ORDER BY email_sort, customer_id LIMIT most);
        RETURN QUERY (SELECT customer_id FROM customer_keys
            WHERE company_id = company AND kind = 'EMAIL' AND value >= email_text AND value < email_text || last
            ORDER BY value, customer_id LIMIT most);
    END IF;
    IF phone_text <> '' THEN
        RETURN QUERY (SELECT customer_id FROM customer_keys
            WHERE company_id = company AND kind = 'PHONE' AND value >= phone_text AND value < phone_text || last
            ORDER BY value, customer_id LIMIT most);
    END IF;
    IF national_text <> '' THEN
        RETURN QUERY (SELECT customer_id FROM customers
            WHERE company_id = company AND state IN ('ACTIVE', 'INACTIVE') AND phone_national <> ''
              AND phone_national >= national_text AND phone_national < national_text || last
            ORDER BY phone_national, customer_id LIMIT most);
    END IF;
END $$;

-- Of the newest 1,500 customers in use those whose text holds every pattern, `most` of them. What very many have is found
-- here at once, where the trigrams would be read for all of them.
CREATE FUNCTION find_among_newest(patterns text[], most integer) RETURNS SETOF uuid
LANGUAGE plpgsql STABLE AS $$
BEGIN
    RETURN QUERY
        SELECT newest.customer_id
          FROM (SELECT c.customer_id, c.search_text FROM customers AS c
                 WHERE c.company_id = (SELECT app_company()) AND c.state IN ('ACTIVE', 'INACTIVE')
                 ORDER BY c.created_at DESC, c.customer_id DESC LIMIT 1500) AS newest
         WHERE newest.search_text LIKE ALL (patterns) LIMIT most;
END $$;

REVOKE EXECUTE ON FUNCTION find_beginnings(text, text, text, text, integer) FROM PUBLIC;
REVOKE EXECUTE ON FUNCTION find_among_newest(text[], integer) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION find_beginnings(text, text, text, text, integer) TO customers_runtime;
GRANT EXECUTE ON FUNCTION find_among_newest(text[], integer) TO customers_runtime;
