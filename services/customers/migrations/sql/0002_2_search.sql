-- Search: parts and similar spellings are found by trigrams, as a role of its own, since under a policy they reach no index.

CREATE EXTENSION IF NOT EXISTS pg_trgm;
CREATE EXTENSION IF NOT EXISTS btree_gin;
-- Of a list of what is yet to be sorted in, which each search reads to its end, at most 512 kB are kept.
CREATE INDEX customers_by_text ON customers USING gin (company_id, search_text gin_trgm_ops)
    WITH (gin_pending_list_limit = 512) WHERE state IN ('ACTIVE', 'INACTIVE');

CREATE POLICY finds ON customers FOR SELECT TO customers_finder USING (true);
GRANT SELECT (company_id, customer_id, state, search_text) ON customers TO customers_finder;

-- The customers in use of this company whose text holds every pattern, any `most` of them. A plan for just these
-- patterns, by the index of texts alone: an early end would tempt the planner to read on until enough are found.
CREATE FUNCTION find_parts(patterns text[], most integer) RETURNS SETOF uuid
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp
SET enable_seqscan = off SET enable_indexscan = off SET enable_indexonlyscan = off AS $$
BEGIN
    RETURN QUERY EXECUTE
        'SELECT customer_id FROM public.customers'
        || ' WHERE company_id = (SELECT public.app_company()) AND state IN (''ACTIVE'', ''INACTIVE'')'
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
          FROM (SELECT c.customer_id, c.search_text FROM public.customers AS c
                 WHERE c.company_id = (SELECT public.app_company()) AND c.state IN ('ACTIVE', 'INACTIVE')
                   AND words <% c.search_text
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

-- Who may fit, as JSON: pairs of an id and its text, a likeness with those that are only similar, and whether there
-- may be more. `patterns` and `words` are empty where parts and similar spellings are not looked for.
CREATE FUNCTION search_candidates(
    name_text text, email_text text, phone_text text, national_text text, patterns text[], words text, most integer)
RETURNS text LANGUAGE plpgsql AS $$
DECLARE
    begun uuid[] := ARRAY(SELECT find_beginnings(name_text, email_text, phone_text, national_text, most));
    parts uuid[] := '{}';
    answered CONSTANT integer := 50;
    enough CONSTANT integer := 20;
    cut boolean := cardinality(begun) >= most;
    alike json;
    bar real;
    found json;
BEGIN
    -- Beginnings fit better than parts and these better than what is similar: with enough of them there is no need to look.
    -- Nor is there where the query is an e-mail that is known.
    IF (SELECT count(DISTINCT id) FROM unnest(begun) AS id) >= most
       OR email_text LIKE '_%@_%._%' AND EXISTS (SELECT FROM customer_keys AS k
               WHERE k.company_id = (SELECT app_company()) AND k.kind = 'EMAIL' AND k.value = email_text) THEN
        patterns := '{}';
        words := '';
    END IF;
    IF patterns <> '{}' THEN
        parts := ARRAY(SELECT find_among_newest(patterns, 4 * most));
        IF cardinality(parts) >= answered THEN
            patterns := '{}';
            words := '';
            cut := true;
        END IF;
    END IF;
    IF patterns <> '{}' THEN
        parts := ARRAY(SELECT find_parts(patterns, 4 * most));
    END IF;
    IF words <> '' AND cardinality(parts) < most THEN
        -- What is most like comes first: a lower bar is for when few clear the higher one.
        FOREACH bar IN ARRAY '{0.75, 0.55, 0.4}'::real[] LOOP
            SELECT json_agg(json_build_array(s.customer_id, c.search_text, s.similarity)) INTO alike
              FROM find_similar(words, bar, most) AS s
             CROSS JOIN LATERAL (SELECT search_text FROM customers
                                  WHERE company_id = (SELECT app_company()) AND customer_id = s.customer_id LIMIT 1) AS c;
            cut := cut OR coalesce(json_array_length(alike), 0) >= enough;
            EXIT WHEN json_array_length(alike) >= enough;
        END LOOP;
    END IF;
    SELECT json_agg(json_build_array(id, c.search_text)) INTO found
      FROM (SELECT DISTINCT unnest(begun || parts) AS id) AS ids
     CROSS JOIN LATERAL (SELECT search_text FROM customers
                          WHERE company_id = (SELECT app_company()) AND customer_id = id LIMIT 1) AS c;
    RETURN json_build_object('found', coalesce(found, '[]'), 'alike', coalesce(alike, '[]'),
                             'more', cut OR cardinality(parts) >= 4 * most);
END $$;
REVOKE EXECUTE ON FUNCTION find_beginnings(text, text, text, text, integer) FROM PUBLIC;
REVOKE EXECUTE ON FUNCTION find_among_newest(text[], integer) FROM PUBLIC;
REVOKE EXECUTE ON FUNCTION search_candidates(text, text, text, text, text[], text, integer) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION find_beginnings(text, text, text, text, integer) TO customers_runtime;
GRANT EXECUTE ON FUNCTION find_among_newest(text[], integer) TO customers_runtime;
GRANT EXECUTE ON FUNCTION search_candidates(text, text, text, text, text[], text, integer) TO customers_runtime;
