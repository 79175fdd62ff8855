-- What lists are filtered and sorted by, in columns of leakproof types: other operators do not reach an index under RLS.

-- Every choice of a record in one number, so that one index serves any combination of them: a list names the numbers
-- that its filter allows. From the lowest bit: e-mail, phone, address (1 each: there is one), source (2 bits),
-- lifecycle stage (2), customer type (2), party type (1), state (3); each counted as domain/facets.py counts it.
CREATE FUNCTION customer_facets(state text, lifecycle_stage text, email_sort text, phone_sort text, view jsonb)
RETURNS bigint LANGUAGE sql IMMUTABLE PARALLEL SAFE RETURN
    CASE WHEN email_sort <> '' THEN 1 ELSE 0 END
    + CASE WHEN phone_sort <> '' THEN 2 ELSE 0 END
    + CASE WHEN view @? '$.contact_points[*] ? (@.kind == "ADDRESS")' THEN 4 ELSE 0 END
    + 8 * CASE view ->> 'source' WHEN 'CHAT' THEN 1 WHEN 'MANUAL' THEN 2 WHEN 'IMPORT' THEN 3 ELSE 0 END
    + 32 * CASE lifecycle_stage WHEN 'LEAD' THEN 1 WHEN 'CUSTOMER' THEN 2 WHEN 'CHURNED' THEN 3 ELSE 0 END
    + 128 * CASE view ->> 'customer_type' WHEN 'REGULAR' THEN 1 WHEN 'VIP' THEN 2 WHEN 'WHOLESALE' THEN 3 ELSE 0 END
    + 512 * CASE view ->> 'party_type' WHEN 'ORGANIZATION' THEN 1 ELSE 0 END
    + 1024 * CASE state WHEN 'INACTIVE' THEN 1 WHEN 'MERGED' THEN 2 WHEN 'DELETED' THEN 3 WHEN 'ERASED' THEN 4 ELSE 0 END;

-- The figures of conversations are kept by trigger. `family_sort` is the folded name with its last word first;
-- `phone_national` is the first phone without the calling code of its country (ITU-T E.164, list of country codes).
ALTER TABLE customers
    ADD COLUMN total_conversations bigint NOT NULL DEFAULT 0 CHECK (total_conversations >= 0),
    ADD COLUMN last_interaction_time timestamptz NOT NULL DEFAULT '-infinity',
    ADD COLUMN search_text text COLLATE "C" NOT NULL DEFAULT '',
    ADD COLUMN facets bigint NOT NULL
        GENERATED ALWAYS AS (customer_facets(state, lifecycle_stage, email_sort, phone_sort, view)) STORED,
    ADD COLUMN created_by text COLLATE "C" NOT NULL
        GENERATED ALWAYS AS (coalesce(view #>> '{created_by,subject}', '')) STORED,
    ADD COLUMN family_sort text COLLATE "C" NOT NULL
        GENERATED ALWAYS AS (regexp_replace(name_sort, '^(.*) (\S+)$', '\2 \1')) STORED,
    ADD COLUMN phone_national text COLLATE "C" NOT NULL GENERATED ALWAYS AS (coalesce(substring(phone_sort FROM
        '^\+(?:1|7|2[07]|3[0-469]|4[013-9]|5[1-8]|6[0-6]|8[1246]|9[0-58]|(?:2[1-689]|3[578]|42|5[09]|6[7-9]|8[035789]|9[679])\d)(\d+)$'
        ), '')) STORED;
-- No condition of the planner is on these; to leave them out halves the time of ANALYZE.
ALTER TABLE customers ALTER COLUMN own SET STATISTICS 0, ALTER COLUMN view SET STATISTICS 0,
    ALTER COLUMN search_text SET STATISTICS 0;
-- A company has some hundred combinations: with fewer of them in mind the planner takes the rare ones for common.
ALTER TABLE customers ALTER COLUMN facets SET STATISTICS 200;

CREATE INDEX customers_by_interaction ON customers (company_id, last_interaction_time, customer_id)
    INCLUDE (created_at, facets) WHERE state IN ('ACTIVE', 'INACTIVE');
DROP INDEX customers_by_update;
CREATE INDEX customers_by_update ON customers (company_id, updated_at, customer_id) INCLUDE (created_at, facets)
    WHERE state IN ('ACTIVE', 'INACTIVE');
CREATE INDEX customers_by_conversations ON customers (company_id, total_conversations, customer_id)
    WHERE state IN ('ACTIVE', 'INACTIVE');
CREATE INDEX customers_by_facets ON customers (company_id, facets, created_at, customer_id)
    INCLUDE (state, updated_at, last_interaction_time, total_conversations);
CREATE INDEX customers_by_creator ON customers (company_id, created_by, created_at, customer_id) INCLUDE (facets)
    WHERE state IN ('ACTIVE', 'INACTIVE');
-- Beginnings of live customers; with the name beside, those that begin alike are put in its order without their rows.
DROP INDEX customers_by_email, customers_by_phone;
CREATE INDEX customers_by_family ON customers (company_id, family_sort, customer_id) INCLUDE (name_sort)
    WHERE state IN ('ACTIVE', 'INACTIVE');
CREATE INDEX customers_by_email ON customers (company_id, email_sort, customer_id) INCLUDE (name_sort)
    WHERE state IN ('ACTIVE', 'INACTIVE') AND email_sort <> '';
CREATE INDEX customers_by_phone ON customers (company_id, phone_sort, customer_id) INCLUDE (name_sort)
    WHERE state IN ('ACTIVE', 'INACTIVE') AND phone_sort <> '';
CREATE INDEX customers_by_national ON customers (company_id, phone_national, customer_id) INCLUDE (name_sort)
    WHERE state IN ('ACTIVE', 'INACTIVE') AND phone_national <> '';

-- What a customer shows several of: its tags, folded, and the other systems that know it. With the facets beside, labels
-- are counted together with choices and states from this index alone.
CREATE TABLE customer_labels (
    company_id text NOT NULL,
    kind text NOT NULL CHECK (kind IN ('TAG', 'SYSTEM')),
    label text COLLATE "C" NOT NULL,
    facets bigint NOT NULL,
    customer_id uuid NOT NULL,
    PRIMARY KEY (company_id, kind, label, facets, customer_id),
    FOREIGN KEY (company_id, customer_id) REFERENCES customers
);
ALTER TABLE customer_labels ENABLE ROW LEVEL SECURITY;
ALTER TABLE customer_labels FORCE ROW LEVEL SECURITY;
CREATE POLICY company ON customer_labels TO customers_runtime, customers_owner
    USING (company_id = (SELECT app_company())) WITH CHECK (company_id = (SELECT app_company()));
GRANT SELECT, INSERT, DELETE ON customer_labels TO customers_runtime;

-- Looks anew at tables that have doubled since they were last looked at. PostgreSQL does so itself within a minute or
-- more; until then, after a first import, the planner takes a company for a few rows and walks all of it.
CREATE FUNCTION refresh_statistics() RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp SET lock_timeout = '50ms' AS $$
DECLARE
    grown text;
BEGIN
    FOR grown IN
        SELECT c.relname FROM pg_class AS c
         WHERE c.oid IN ('public.customers'::regclass, 'public.customer_keys'::regclass, 'public.external_ids'::regclass,
                         'public.customer_labels'::regclass, 'public.search_texts'::regclass)
           AND pg_relation_size(c.oid) > (64 + 2 * c.relpages) * current_setting('block_size')::bigint
    LOOP
        EXECUTE format('ANALYZE public.%I', grown);
    END LOOP;
EXCEPTION WHEN lock_not_available THEN
    NULL; -- someone else is looking
END $$;
REVOKE EXECUTE ON FUNCTION refresh_statistics() FROM PUBLIC;
GRANT EXECUTE ON FUNCTION refresh_statistics() TO customers_runtime;
