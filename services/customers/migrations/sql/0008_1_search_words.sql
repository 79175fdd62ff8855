-- The words of a company's names, once each, whoever has them: what a misspelt word may have meant is looked up here, and
-- then by the right spellings who has them. A word stays when the last customer of that name is gone.

CREATE EXTENSION IF NOT EXISTS fuzzystrmatch;

CREATE TABLE search_words (
    company_id text NOT NULL,
    word text COLLATE "C" NOT NULL,
    PRIMARY KEY (company_id, word)
);
-- A new word is rare: sorted in at once, it is no pending one that each search reads.
CREATE INDEX search_words_by_text ON search_words USING gin (company_id, word gin_trgm_ops) WITH (fastupdate = off);
ALTER TABLE search_words ENABLE ROW LEVEL SECURITY;
ALTER TABLE search_words FORCE ROW LEVEL SECURITY;
CREATE POLICY company ON search_words TO customers_runtime, customers_owner
    USING (company_id = (SELECT app_company())) WITH CHECK (company_id = (SELECT app_company()));
CREATE POLICY finds ON search_words FOR SELECT TO customers_finder USING (true);
GRANT SELECT, INSERT ON search_words TO customers_runtime;
GRANT SELECT ON search_words TO customers_finder;

-- What each word may have meant: the `most` likeliest words of this company, with their likeness from 0.55 to 1. That is the
-- share of letters that stay (Levenshtein distance up to 2; two neighbours that changed places count as half a letter), or
-- the share of trigrams in common where that is more.
CREATE FUNCTION find_spellings(sought text[], most integer) RETURNS TABLE (wanted text, word text, likeness real)
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
    PERFORM set_config('pg_trgm.similarity_threshold', '0.3', true);
    RETURN QUERY
        SELECT s.wanted, best.word, best.likeness
          FROM unnest(sought) AS s (wanted)
         CROSS JOIN LATERAL (
               SELECT near.word, max(near.likeness) AS likeness
                 FROM (SELECT w.word, greatest(public.similarity(w.word, s.wanted),
                                               1 - public.levenshtein_less_equal(w.word, s.wanted, 2)::real
                                                   / greatest(length(w.word), length(s.wanted)))::real AS likeness
                         FROM public.search_words AS w
                        WHERE w.company_id = (SELECT public.app_company()) AND w.word OPERATOR(public.%) s.wanted
                          AND abs(length(w.word) - length(s.wanted)) <= 2
                       UNION ALL
                       SELECT w.word, (1 - 0.5 / length(s.wanted))::real
                         FROM generate_series(1, length(s.wanted) - 1) AS place
                         JOIN public.search_words AS w
                           ON w.company_id = (SELECT public.app_company())
                          AND w.word = left(s.wanted, place - 1) || substr(s.wanted, place + 1, 1)
                                       || substr(s.wanted, place, 1) || substr(s.wanted, place + 2)) AS near
                GROUP BY near.word HAVING max(near.likeness) >= 0.55
                ORDER BY 2 DESC, 1 LIMIT most) AS best;
END $$;

-- The customers in use of this company whose text fits every regular expression, any `most` of them.
CREATE FUNCTION find_spelled(patterns text[], most integer) RETURNS SETOF uuid
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp
SET enable_seqscan = off SET enable_indexscan = off SET enable_indexonlyscan = off AS $$
BEGIN
    RETURN QUERY EXECUTE
        'SELECT customer_id FROM public.search_texts WHERE company_id = (SELECT public.app_company())'
        || (SELECT string_agg(format(' AND search_text ~ %L', pattern), '') FROM unnest(patterns) AS pattern)
        || format(' LIMIT %s', most);
END $$;

ALTER FUNCTION find_spellings(text[], integer) OWNER TO customers_finder;
ALTER FUNCTION find_spelled(text[], integer) OWNER TO customers_finder;
REVOKE EXECUTE ON FUNCTION find_spellings(text[], integer), find_spelled(text[], integer) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION find_spellings(text[], integer), find_spelled(text[], integer) TO customers_runtime;

-- Who may fit, as JSON: pairs of an id and its text, a likeness with those that are only similar, what the words may have
-- meant, and whether there may be more. `patterns`, `words` and `sought` are empty where parts and similar spellings are
-- not looked for; `sought` are those of the words that have a spelling.
CREATE FUNCTION search_candidates(
    name_text text, email_text text, phone_text text, national_text text, patterns text[], words text, sought text[],
    most integer)
RETURNS text LANGUAGE plpgsql AS $$
DECLARE
    begun uuid[] := ARRAY(SELECT find_beginnings(name_text, email_text, phone_text, national_text, most));
    parts uuid[] := '{}';
    spelled uuid[] := '{}';
    answered CONSTANT integer := 50;
    enough CONSTANT integer := 20;
    few CONSTANT integer := 5;
    spellings CONSTANT integer := 6;
    cut boolean := cardinality(begun) >= most;
    meant json;
    meanings text[];
    meaning text;
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
        SELECT json_agg(json_build_array(one.wanted, one.word, one.likeness)) INTO meant
          FROM find_spellings(sought, spellings) AS one;
        meanings := ARRAY(SELECT string_agg(one ->> 1, '|' ORDER BY (one ->> 2)::real DESC) FROM json_array_elements(meant) AS one GROUP BY one ->> 0);
        IF sought <> '{}' AND cardinality(meanings) = cardinality(sought) THEN
            spelled := ARRAY(SELECT find_spelled(meanings, 4 * most));
            IF cardinality(spelled) < few THEN
                -- Nobody has all of the words: then who has one of them as it was most likely meant.
                FOREACH meaning IN ARRAY meanings LOOP
                    spelled := spelled || ARRAY(SELECT find_parts(ARRAY['%' || split_part(meaning, '|', 1) || '%'], most));
                END LOOP;
            END IF;
            cut := cut OR cardinality(spelled) >= most;
        ELSE
            -- What is most like comes first: a lower bar is for when few clear the higher one.
            FOREACH bar IN ARRAY '{0.55, 0.4}'::real[] LOOP
                SELECT json_agg(json_build_array(s.customer_id, c.search_text, s.similarity)) INTO alike
                  FROM find_similar(words, bar, most) AS s
                 CROSS JOIN LATERAL (SELECT search_text FROM customers
                                      WHERE company_id = (SELECT app_company()) AND customer_id = s.customer_id LIMIT 1) AS c;
                cut := cut OR coalesce(json_array_length(alike), 0) >= enough;
                EXIT WHEN json_array_length(alike) >= enough;
            END LOOP;
        END IF;
    END IF;
    SELECT json_agg(json_build_array(id, c.search_text)) INTO found
      FROM (SELECT DISTINCT unnest(begun || parts || spelled) AS id) AS ids
     CROSS JOIN LATERAL (SELECT search_text FROM customers
                          WHERE company_id = (SELECT app_company()) AND customer_id = id LIMIT 1) AS c;
    RETURN json_build_object('found', coalesce(found, '[]'), 'alike', coalesce(alike, '[]'), 'meant', coalesce(meant, '[]'),
                             'more', cut OR cardinality(parts) >= 4 * most);
END $$;
REVOKE EXECUTE ON FUNCTION search_candidates(text, text, text, text, text[], text, text[], integer) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION search_candidates(text, text, text, text, text[], text, text[], integer) TO customers_runtime;
