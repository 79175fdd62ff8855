-- The record of customers, its history, the forest of merges and the change feed.
-- Filtered and sorted columns are of leakproof types only: other operators do not reach an index under RLS.

CREATE TABLE companies (
    company_id text PRIMARY KEY CHECK (length(company_id) BETWEEN 1 AND 255),
    region text NOT NULL DEFAULT 'US' CHECK (region ~ '^[A-Z]{2}$'),
    currency text NOT NULL DEFAULT 'USD' CHECK (currency ~ '^[A-Z]{3}$'),
    time_zone text NOT NULL DEFAULT 'UTC',
    revision bigint NOT NULL DEFAULT 0,
    created_at timestamptz NOT NULL DEFAULT now()
);

-- `own` is what writers wrote for this id; no merge changes it. `view` is what is shown: for a root the fold over
-- the own records of its tree, for a merged customer its own record. The columns below them repeat the view.
CREATE TABLE customers (
    company_id text NOT NULL,
    customer_id uuid NOT NULL,
    root_id uuid NOT NULL,
    own jsonb NOT NULL,
    view jsonb NOT NULL,
    etag text NOT NULL,
    revision bigint NOT NULL CHECK (revision > 0),
    state text NOT NULL CHECK (state IN ('ACTIVE', 'INACTIVE', 'MERGED', 'DELETED', 'ERASED')),
    lifecycle_stage text NOT NULL CHECK (lifecycle_stage IN ('PROSPECT', 'LEAD', 'CUSTOMER', 'CHURNED')),
    name_sort text COLLATE "C" NOT NULL,
    email_sort text COLLATE "C" NOT NULL DEFAULT '',
    phone_sort text COLLATE "C" NOT NULL DEFAULT '',
    created_at timestamptz NOT NULL,
    updated_at timestamptz NOT NULL,
    PRIMARY KEY (company_id, customer_id),
    CHECK ((root_id = customer_id) = (state <> 'MERGED'))
);
CREATE INDEX customers_tree ON customers (company_id, root_id);
CREATE INDEX customers_by_creation ON customers (company_id, created_at, customer_id) WHERE state IN ('ACTIVE', 'INACTIVE');
CREATE INDEX customers_by_update ON customers (company_id, updated_at, customer_id) WHERE state IN ('ACTIVE', 'INACTIVE');
CREATE INDEX customers_by_name ON customers (company_id, name_sort, customer_id) WHERE state IN ('ACTIVE', 'INACTIVE');
CREATE INDEX customers_by_email ON customers (company_id, email_sort, customer_id) WHERE email_sort <> '';
CREATE INDEX customers_by_phone ON customers (company_id, phone_sort, customer_id) WHERE phone_sort <> '';
CREATE INDEX customers_by_state ON customers (company_id, state, created_at, customer_id) WHERE state <> 'ACTIVE';

-- The keys by which an exact duplicate is found: those of what a live root shows. Merged and deleted customers have none.
CREATE TABLE customer_keys (
    company_id text NOT NULL,
    kind text NOT NULL CHECK (kind IN ('EMAIL', 'PHONE')),
    value text COLLATE "C" NOT NULL,
    customer_id uuid NOT NULL,
    PRIMARY KEY (company_id, kind, value, customer_id),
    FOREIGN KEY (company_id, customer_id) REFERENCES customers
);

-- Whom a pair of system and id belongs to: the customer whose own record has it, merged or not.
CREATE TABLE external_ids (
    company_id text NOT NULL,
    system text COLLATE "C" NOT NULL,
    external_id text COLLATE "C" NOT NULL,
    customer_id uuid NOT NULL,
    PRIMARY KEY (company_id, system, external_id),
    FOREIGN KEY (company_id, customer_id) REFERENCES customers
);

CREATE TABLE notes (
    company_id text NOT NULL,
    note_id uuid NOT NULL,
    origin_customer_id uuid NOT NULL,
    type text NOT NULL CHECK (type IN ('GENERAL', 'PERSONAL', 'PREFERENCE', 'ISSUE', 'COMPLAINT', 'FEEDBACK', 'REQUEST')),
    visibility text NOT NULL CHECK (visibility IN ('INTERNAL', 'SHARED')),
    content text NOT NULL CHECK (length(content) BETWEEN 1 AND 2000),
    author text NOT NULL,
    author_name text NOT NULL,
    created_at timestamptz NOT NULL,
    PRIMARY KEY (company_id, note_id),
    FOREIGN KEY (company_id, origin_customer_id) REFERENCES customers
);
CREATE INDEX notes_by_origin ON notes (company_id, origin_customer_id, note_id);

-- How many children of a kind a customer has, and the sum of their hashes: its part in the digest of a member.
CREATE TABLE child_tallies (
    company_id text NOT NULL,
    customer_id uuid NOT NULL,
    kind text NOT NULL,
    children bigint NOT NULL,
    digest numeric NOT NULL,
    PRIMARY KEY (company_id, customer_id, kind)
);

CREATE FUNCTION tally_children() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
    IF TG_OP <> 'INSERT' THEN
        UPDATE public.child_tallies
           SET children = children - 1, digest = digest - hashtextextended(OLD::text, 0)
         WHERE company_id = OLD.company_id AND customer_id = OLD.origin_customer_id AND kind = TG_TABLE_NAME;
    END IF;
    IF TG_OP <> 'DELETE' THEN
        INSERT INTO public.child_tallies AS t (company_id, customer_id, kind, children, digest)
        VALUES (NEW.company_id, NEW.origin_customer_id, TG_TABLE_NAME, 1, hashtextextended(NEW::text, 0))
        ON CONFLICT (company_id, customer_id, kind)
        DO UPDATE SET children = t.children + 1, digest = t.digest + excluded.digest;
    END IF;
    RETURN NULL;
END $$;
CREATE TRIGGER tally AFTER INSERT OR UPDATE OR DELETE ON notes FOR EACH ROW EXECUTE FUNCTION tally_children();

-- The timeline: kept for ever, never changed.
CREATE TABLE events (
    company_id text NOT NULL,
    event_id uuid NOT NULL,
    origin_customer_id uuid NOT NULL,
    type text NOT NULL,
    data jsonb NOT NULL,
    actor text NOT NULL,
    actor_name text NOT NULL,
    created_at timestamptz NOT NULL,
    PRIMARY KEY (company_id, origin_customer_id, event_id)
);

-- The merge log. An edge is in force while its merge is not undone.
CREATE TABLE merges (
    company_id text NOT NULL,
    merge_id uuid NOT NULL,
    target_id uuid NOT NULL,
    source_ids uuid[] NOT NULL,
    rules jsonb NOT NULL,
    choices jsonb NOT NULL,
    digests jsonb NOT NULL,
    fingerprint text NOT NULL,
    reason text NOT NULL,
    merged_by text NOT NULL,
    merged_by_name text NOT NULL,
    merged_at timestamptz NOT NULL,
    undone_at timestamptz,
    undone_by text,
    undone_by_name text,
    undo_reason text,
    left_undecided boolean NOT NULL DEFAULT false,
    PRIMARY KEY (company_id, merge_id)
);
CREATE TABLE merge_edges (
    company_id text NOT NULL,
    merge_id uuid NOT NULL,
    source_id uuid NOT NULL,
    target_id uuid NOT NULL,
    merged_at timestamptz NOT NULL,
    in_force boolean NOT NULL DEFAULT true,
    PRIMARY KEY (company_id, merge_id, source_id),
    FOREIGN KEY (company_id, merge_id) REFERENCES merges
);
CREATE UNIQUE INDEX merge_edges_in_force ON merge_edges (company_id, source_id) WHERE in_force;
CREATE INDEX merge_edges_by_target ON merge_edges (company_id, target_id) WHERE in_force;

-- The feed: one row a change, kept seven days, read by transaction id below the horizon.
CREATE TABLE feed (
    xid xid8 NOT NULL DEFAULT pg_current_xact_id(),
    seq bigint GENERATED ALWAYS AS IDENTITY,
    company_id text NOT NULL,
    subject text NOT NULL CHECK (subject IN ('customer', 'company')),
    kind text NOT NULL,
    revision bigint NOT NULL,
    payload jsonb NOT NULL,
    previous_stage text NOT NULL DEFAULT '',
    merge jsonb,
    created_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (xid, seq)
);
CREATE INDEX feed_by_age ON feed (created_at);

-- Which life of the database this is: renewed when a start finds another system, database or timeline.
CREATE TABLE database_epoch (
    only_one boolean PRIMARY KEY DEFAULT true CHECK (only_one),
    epoch text NOT NULL,
    system_identifier bigint NOT NULL,
    database_oid oid NOT NULL,
    timeline integer NOT NULL,
    expired_below xid8 NOT NULL
);

CREATE FUNCTION renew_epoch() RETURNS text
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
DECLARE
    now_system bigint := (SELECT system_identifier FROM pg_control_system());
    now_oid oid := (SELECT oid FROM pg_database WHERE datname = current_database());
    -- Of the write-ahead log itself: the control file keeps the old timeline until the first checkpoint after a promotion.
    now_timeline integer := ('x' || left(pg_walfile_name(pg_current_wal_lsn()), 8))::bit(32)::integer;
    found text;
BEGIN
    PERFORM pg_advisory_xact_lock(hashtext('database_epoch'));
    SELECT epoch INTO found FROM public.database_epoch
     WHERE system_identifier = now_system AND database_oid = now_oid AND timeline = now_timeline;
    IF found IS NULL THEN
        DELETE FROM public.database_epoch;
        -- What is in the feed is of the life before: its transaction ids mean nothing now.
        TRUNCATE public.feed;
        found := gen_random_uuid()::text;
        INSERT INTO public.database_epoch (epoch, system_identifier, database_oid, timeline, expired_below)
        VALUES (found, now_system, now_oid, now_timeline, pg_current_xact_id());
    END IF;
    RETURN found;
END $$;

-- The audit log: what a row was and is, who changed it and from where. Only the trigger writes it.
CREATE TABLE audit_log (
    company_id text NOT NULL,
    audit_id bigint GENERATED ALWAYS AS IDENTITY,
    table_name text NOT NULL,
    record_id text NOT NULL,
    action text NOT NULL CHECK (action IN ('INSERT', 'UPDATE', 'DELETE')),
    old_values jsonb,
    new_values jsonb,
    actor text NOT NULL,
    actor_name text NOT NULL,
    peer text NOT NULL,
    request_id text NOT NULL,
    changed_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    PRIMARY KEY (company_id, audit_id)
);
CREATE INDEX audit_log_by_record ON audit_log (company_id, table_name, record_id, audit_id);

-- One statement and nothing before it: each expression of its own costs a write of one row 15 microseconds. OFFSET 0
-- keeps the planner from writing both JSON values out wherever they are named.
CREATE FUNCTION write_audit() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
    INSERT INTO public.audit_log (company_id, table_name, record_id, action, old_values, new_values,
                                  actor, actor_name, peer, request_id)
    SELECT coalesce(after, before) ->> 'company_id', TG_TABLE_NAME, coalesce(after, before) ->> TG_ARGV[0], TG_OP,
           before, after, coalesce(current_setting('app.actor', true), ''),
           coalesce(current_setting('app.actor_name', true), ''), coalesce(current_setting('app.peer', true), ''),
           coalesce(current_setting('app.request_id', true), '')
      FROM (SELECT CASE WHEN TG_OP <> 'INSERT' THEN to_jsonb(OLD) - derived END AS before,
                   CASE WHEN TG_OP <> 'DELETE' THEN to_jsonb(NEW) - derived END AS after
              FROM (VALUES ('{view,revision,name_sort,email_sort,phone_sort}'::text[])) AS kept (derived) OFFSET 0) AS row_values
     WHERE before IS DISTINCT FROM after;
    RETURN NULL;
END $$;

CREATE FUNCTION refuse_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION '% is append-only', TG_TABLE_NAME;
END $$;
CREATE TRIGGER audit_log_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON audit_log
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
CREATE TRIGGER events_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON events
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();

CREATE TRIGGER audit AFTER INSERT OR UPDATE OR DELETE ON companies FOR EACH ROW EXECUTE FUNCTION write_audit('company_id');
CREATE TRIGGER audit AFTER INSERT OR UPDATE OR DELETE ON customers FOR EACH ROW EXECUTE FUNCTION write_audit('customer_id');
CREATE TRIGGER audit AFTER INSERT OR UPDATE OR DELETE ON notes FOR EACH ROW EXECUTE FUNCTION write_audit('note_id');
CREATE TRIGGER audit AFTER INSERT OR UPDATE OR DELETE ON merges FOR EACH ROW EXECUTE FUNCTION write_audit('merge_id');

-- Each company sees its own rows; the feed role reads the feed and the snapshot of every company.
DO $$
DECLARE
    kept text;
BEGIN
    FOREACH kept IN ARRAY ARRAY['companies', 'customers', 'customer_keys', 'external_ids', 'notes', 'events', 'merges',
                                'merge_edges', 'feed', 'audit_log', 'child_tallies'] LOOP
        EXECUTE format('ALTER TABLE %I ENABLE ROW LEVEL SECURITY', kept);
        EXECUTE format('ALTER TABLE %I FORCE ROW LEVEL SECURITY', kept);
        EXECUTE format('CREATE POLICY company ON %I TO customers_runtime, customers_owner USING (company_id = (SELECT app_company())) '
                       'WITH CHECK (company_id = (SELECT app_company()))', kept);
    END LOOP;
    FOREACH kept IN ARRAY ARRAY['companies', 'customers', 'feed'] LOOP
        EXECUTE format('CREATE POLICY feed_reads_all ON %I FOR SELECT TO customers_feed USING (true)', kept);
    END LOOP;
END $$;

GRANT SELECT, INSERT, UPDATE ON companies, customers TO customers_runtime;
GRANT SELECT, INSERT ON notes, events, merges, merge_edges TO customers_runtime;
GRANT UPDATE (undone_at, undone_by, undone_by_name, undo_reason, left_undecided) ON merges TO customers_runtime;
GRANT UPDATE (in_force) ON merge_edges TO customers_runtime;
GRANT SELECT, INSERT, DELETE ON customer_keys, external_ids TO customers_runtime;
GRANT INSERT ON feed TO customers_runtime;
GRANT SELECT ON audit_log, child_tallies, database_epoch TO customers_runtime;
GRANT SELECT ON companies, customers, feed, database_epoch TO customers_feed;
REVOKE EXECUTE ON FUNCTION tally_children(), write_audit(), renew_epoch() FROM PUBLIC;
GRANT EXECUTE ON FUNCTION renew_epoch() TO customers_feed;

-- Upkeep: the feed keeps seven days.
CREATE POLICY upkeep_expires ON feed TO customers_upkeep USING (created_at < now() - interval '7 days');
GRANT SELECT, DELETE ON feed TO customers_upkeep;
GRANT SELECT, UPDATE (expired_below) ON database_epoch TO customers_upkeep;

-- Takes the locks under which exact duplicates are looked for: the company's (shared for one record, exclusive for a
-- chunk of an import) and then, in order, those of the keys. The check must come in a later statement.
CREATE FUNCTION lock_keys(company bigint, exclusively boolean, keys bigint[]) RETURNS void
LANGUAGE plpgsql AS $$
DECLARE
    key bigint;
BEGIN
    IF exclusively THEN
        PERFORM pg_advisory_xact_lock(company);
    ELSE
        PERFORM pg_advisory_xact_lock_shared(company);
        FOREACH key IN ARRAY keys LOOP
            PERFORM pg_advisory_xact_lock(key);
        END LOOP;
    END IF;
END $$;

-- What is shown of a customer's root, as JSON; null where there is none or where it is deleted. One row by its key and
-- the root's where it is another one, with plans that are kept; the state is looked at last: as a condition it makes
-- the indexes of live customers eligible, and without statistics they may be walked for one id.
CREATE FUNCTION shown_customer(asked uuid) RETURNS text
LANGUAGE plpgsql STABLE AS $$
DECLARE
    found customers;
BEGIN
    SELECT * INTO found FROM customers WHERE company_id = (SELECT app_company()) AND customer_id = asked;
    IF found.root_id <> asked THEN
        SELECT * INTO found FROM customers WHERE company_id = (SELECT app_company()) AND customer_id = found.root_id;
    END IF;
    IF found.state IN ('ACTIVE', 'INACTIVE') THEN
        RETURN found.view
            || jsonb_build_object('customer_id', found.customer_id, 'etag', found.etag, 'revision', found.revision);
    END IF;
    RETURN NULL;
END $$;
