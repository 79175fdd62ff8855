-- The audit log is listed by time, by customer and by actor, and says with which program a change was made.

ALTER TABLE audit_log
    ADD COLUMN customer_id text COLLATE "C" NOT NULL DEFAULT '',
    ADD COLUMN user_agent text NOT NULL DEFAULT '',
    DROP CONSTRAINT audit_log_pkey,
    ADD PRIMARY KEY (company_id, changed_at, audit_id);
DROP INDEX audit_log_by_record;
CREATE INDEX audit_log_by_customer ON audit_log (company_id, customer_id, changed_at, audit_id) WHERE customer_id <> '';
CREATE INDEX audit_log_by_actor ON audit_log (company_id, actor, changed_at, audit_id);

-- As before, with whose record it is and the program; the second argument names the columns that are derived from others.
CREATE OR REPLACE FUNCTION write_audit() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
    INSERT INTO public.audit_log (company_id, table_name, record_id, customer_id, action, old_values, new_values,
                                  actor, actor_name, peer, request_id, user_agent)
    SELECT said ->> 'company_id', TG_TABLE_NAME, said ->> TG_ARGV[0],
           coalesce(said ->> 'origin_customer_id', said ->> 'customer_id', said ->> 'target_id', ''), TG_OP, before, after,
           coalesce(current_setting('app.actor', true), ''), coalesce(current_setting('app.actor_name', true), ''),
           coalesce(current_setting('app.peer', true), ''), coalesce(current_setting('app.request_id', true), ''),
           coalesce(current_setting('app.user_agent', true), '')
      FROM (SELECT before, after, coalesce(after, before) AS said
              FROM (SELECT CASE WHEN TG_OP <> 'INSERT' THEN to_jsonb(OLD) - derived END AS before,
                           CASE WHEN TG_OP <> 'DELETE' THEN to_jsonb(NEW) - derived END AS after
                      FROM (VALUES (coalesce(TG_ARGV[1], '{}')::text[])) AS kept (derived) OFFSET 0) AS row_values
             OFFSET 0) AS told
     WHERE before IS DISTINCT FROM after;
    RETURN NULL;
END $$;
DROP TRIGGER audit ON customers;
CREATE TRIGGER audit AFTER INSERT OR UPDATE OR DELETE ON customers FOR EACH ROW EXECUTE FUNCTION write_audit('customer_id',
    '{view,revision,name_sort,email_sort,phone_sort,total_conversations,last_interaction_time,search_text,facets,created_by,family_sort,phone_national}');
