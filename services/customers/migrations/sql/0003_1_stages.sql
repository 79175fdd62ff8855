-- The history of lifecycle stages, kept by the database: whoever changes the stage of a customer leaves a move behind.

ALTER TABLE customers ADD CONSTRAINT customers_stage_is_shown CHECK (
    coalesce(view ->> 'lifecycle_stage', lifecycle_stage) = lifecycle_stage);

-- What was shown under an id. CHANGED: somebody moved it; MERGE: a merge or its undo shows another stage than before.
-- The stage before the first move is that of the creation.
CREATE TABLE lifecycle_moves (
    company_id text NOT NULL,
    customer_id uuid NOT NULL,
    move_id bigint GENERATED ALWAYS AS IDENTITY,
    moved_at timestamptz NOT NULL,
    from_stage text NOT NULL,
    to_stage text NOT NULL CHECK (to_stage <> from_stage),
    cause text NOT NULL CHECK (cause IN ('CHANGED', 'MERGE')),
    reason text NOT NULL,
    actor text NOT NULL,
    actor_name text NOT NULL,
    PRIMARY KEY (company_id, customer_id, move_id),
    FOREIGN KEY (company_id, customer_id) REFERENCES customers
);
ALTER TABLE lifecycle_moves ENABLE ROW LEVEL SECURITY;
ALTER TABLE lifecycle_moves FORCE ROW LEVEL SECURITY;
CREATE POLICY company ON lifecycle_moves TO customers_runtime, customers_owner
    USING (company_id = (SELECT app_company())) WITH CHECK (company_id = (SELECT app_company()));
GRANT SELECT ON lifecycle_moves TO customers_runtime;
CREATE TRIGGER lifecycle_moves_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON lifecycle_moves
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();

-- A UUIDv7 as RFC 9562 has it (method 3: the 12 bits after the millisecond hold its fraction), like services/runtime/ids.py.
CREATE FUNCTION event_id(made_at timestamptz) RETURNS uuid
LANGUAGE sql VOLATILE AS $$
    SELECT (lpad(to_hex(us / 1000), 12, '0') || '7' || lpad(to_hex(us % 1000 * 4096 / 1000), 3, '0')
            || '8' || substr(md5(gen_random_uuid()::text), 1, 15))::uuid
      FROM (VALUES ((extract(epoch FROM made_at) * 1000000)::bigint)) AS made (us)
$$;

-- The reason is that of the transaction: app.reason, set before the change; so is who merges: app.merged_by.
CREATE FUNCTION track_stage() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
DECLARE
    by_merge boolean := OLD.root_id <> NEW.root_id
        OR OLD.view -> 'merged_customer_ids' IS DISTINCT FROM NEW.view -> 'merged_customer_ids';
    since text := NEW.view ->> 'lifecycle_stage_at';
    why text := coalesce(current_setting('app.reason', true), '');
    who text := coalesce(current_setting('app.actor', true), '');
    who_name text := coalesce(current_setting('app.actor_name', true), '');
BEGIN
    IF NOT by_merge AND since = OLD.view ->> 'lifecycle_stage_at' THEN
        RAISE EXCEPTION 'the stage of customer % changes and its time does not', NEW.customer_id;
    END IF;
    IF by_merge AND coalesce(current_setting('app.merged_by', true), '') <> '' THEN
        who := current_setting('app.merged_by');
        who_name := current_setting('app.merged_by_name');
    END IF;
    INSERT INTO public.lifecycle_moves (company_id, customer_id, moved_at, from_stage, to_stage, cause, reason, actor, actor_name)
    VALUES (NEW.company_id, NEW.customer_id, CASE WHEN by_merge OR since IS NULL THEN clock_timestamp() ELSE since::timestamptz END,
            OLD.lifecycle_stage, NEW.lifecycle_stage, CASE WHEN by_merge THEN 'MERGE' ELSE 'CHANGED' END,
            CASE WHEN by_merge THEN '' ELSE why END, who, who_name);
    IF NOT by_merge THEN
        INSERT INTO public.events (company_id, event_id, origin_customer_id, type, data, actor, actor_name, created_at)
        VALUES (NEW.company_id, public.event_id(clock_timestamp()), NEW.customer_id, 'stage_changed',
                jsonb_build_object('from', OLD.lifecycle_stage, 'to', NEW.lifecycle_stage)
                || CASE WHEN why <> '' THEN jsonb_build_object('reason', why) ELSE '{}' END,
                who, who_name, now());
    END IF;
    RETURN NULL;
END $$;
REVOKE EXECUTE ON FUNCTION track_stage() FROM PUBLIC;
CREATE TRIGGER track_stage AFTER UPDATE ON customers FOR EACH ROW
    WHEN (OLD.lifecycle_stage IS DISTINCT FROM NEW.lifecycle_stage AND NEW.state <> 'ERASED') EXECUTE FUNCTION track_stage();
