-- Conversations, linked to the customer that somebody named or to nobody. A merge moves none of them.

CREATE TABLE conversations (
    company_id text NOT NULL,
    conversation_id uuid NOT NULL,
    session_id text COLLATE "C" NOT NULL CHECK (length(session_id) BETWEEN 1 AND 255),
    origin_customer_id uuid,
    user_id text NOT NULL,
    customer_name text NOT NULL,
    customer_email text NOT NULL,
    customer_phone text NOT NULL,
    customer_address text NOT NULL,
    started_at timestamptz NOT NULL,
    summary text NOT NULL DEFAULT '' CHECK (length(summary) <= 2000),
    topics text[] NOT NULL DEFAULT '{}',
    summarized_at timestamptz,
    linked_at timestamptz,
    link_source text NOT NULL DEFAULT '' CHECK (link_source IN ('', 'AUTO_SYNC', 'MANUAL', 'MIGRATION', 'MERGE')),
    linked_by text NOT NULL DEFAULT '',
    linked_by_name text NOT NULL DEFAULT '',
    -- Of an orphan: the customer that somebody has taken it from.
    unlinked_from uuid,
    created_by text NOT NULL,
    created_by_name text NOT NULL,
    created_at timestamptz NOT NULL,
    updated_at timestamptz NOT NULL,
    revision bigint NOT NULL CHECK (revision > 0),
    -- Of its interactions, kept by trigger.
    interactions bigint NOT NULL DEFAULT 0,
    characters bigint NOT NULL DEFAULT 0,
    first_at timestamptz NOT NULL,
    last_at timestamptz NOT NULL,
    PRIMARY KEY (company_id, conversation_id),
    FOREIGN KEY (company_id, origin_customer_id) REFERENCES customers,
    CHECK ((origin_customer_id IS NULL) = (linked_at IS NULL) AND (origin_customer_id IS NULL) = (link_source = '')),
    CHECK (origin_customer_id IS NULL OR unlinked_from IS NULL)
);
CREATE UNIQUE INDEX conversations_by_session ON conversations (company_id, session_id);
CREATE INDEX conversations_by_start ON conversations (company_id, first_at, conversation_id);
CREATE INDEX conversations_orphaned ON conversations (company_id, first_at, conversation_id) WHERE origin_customer_id IS NULL;
CREATE INDEX conversations_by_origin ON conversations (company_id, origin_customer_id, first_at, conversation_id);
CREATE INDEX conversations_by_end ON conversations (company_id, origin_customer_id, last_at);

CREATE TABLE interactions (
    company_id text NOT NULL,
    conversation_id uuid NOT NULL,
    interaction_number integer NOT NULL CHECK (interaction_number > 0),
    user_input text NOT NULL,
    ai_response text NOT NULL,
    interaction_summary text NOT NULL,
    interaction_time timestamptz NOT NULL,
    characters bigint GENERATED ALWAYS AS (length(user_input) + length(ai_response)) STORED,
    created_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (company_id, conversation_id, interaction_number),
    FOREIGN KEY (company_id, conversation_id) REFERENCES conversations ON DELETE CASCADE
);

-- One note at most holds the summary of a conversation.
CREATE UNIQUE INDEX notes_by_conversation ON notes (company_id, conversation_id)
    WHERE conversation_id IS NOT NULL AND deleted_at IS NULL;

ALTER TABLE feed DROP CONSTRAINT feed_subject_check;
ALTER TABLE feed ADD CONSTRAINT feed_subject_check
    CHECK (subject IN ('customer', 'company', 'engagement', 'conversation'));

-- As before; a child may be without a customer now.
CREATE OR REPLACE FUNCTION tally_children() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
    IF TG_OP <> 'INSERT' AND OLD.origin_customer_id IS NOT NULL THEN
        UPDATE public.child_tallies
           SET children = children - 1, digest = digest - hashtextextended(OLD::text, 0)
         WHERE company_id = OLD.company_id AND customer_id = OLD.origin_customer_id AND kind = TG_TABLE_NAME;
    END IF;
    IF TG_OP <> 'DELETE' AND NEW.origin_customer_id IS NOT NULL THEN
        INSERT INTO public.child_tallies AS t (company_id, customer_id, kind, children, digest)
        VALUES (NEW.company_id, NEW.origin_customer_id, TG_TABLE_NAME, 1, hashtextextended(NEW::text, 0))
        ON CONFLICT (company_id, customer_id, kind)
        DO UPDATE SET children = t.children + 1, digest = t.digest + excluded.digest;
    END IF;
    RETURN NULL;
END $$;
CREATE TRIGGER tally AFTER INSERT OR UPDATE OR DELETE ON conversations FOR EACH ROW EXECUTE FUNCTION tally_children();
CREATE TRIGGER audit AFTER INSERT OR UPDATE OR DELETE ON conversations FOR EACH ROW
    EXECUTE FUNCTION write_audit('conversation_id', '{interactions,characters,first_at,last_at,revision,updated_at}');
CREATE TRIGGER audit AFTER INSERT OR UPDATE OR DELETE ON interactions FOR EACH ROW
    EXECUTE FUNCTION write_audit('conversation_id', '{characters}');

-- A conversation with all its interactions, as it is read and fed.
CREATE FUNCTION shown_conversation(c conversations) RETURNS jsonb
LANGUAGE sql STABLE AS $$
    SELECT to_jsonb(c) - 'company_id' || jsonb_build_object('said', (
           SELECT coalesce(jsonb_agg(to_jsonb(i) - '{company_id,conversation_id,created_at,characters}'::text[]
                                     ORDER BY i.interaction_number), '[]')
             FROM interactions AS i
            WHERE i.company_id = c.company_id AND i.conversation_id = c.conversation_id))
$$;

DO $$
DECLARE
    kept text;
BEGIN
    FOREACH kept IN ARRAY ARRAY['conversations', 'interactions'] LOOP
        EXECUTE format('ALTER TABLE %I ENABLE ROW LEVEL SECURITY', kept);
        EXECUTE format('ALTER TABLE %I FORCE ROW LEVEL SECURITY', kept);
        EXECUTE format('CREATE POLICY company ON %I TO customers_runtime, customers_owner USING (company_id = (SELECT app_company())) '
                       'WITH CHECK (company_id = (SELECT app_company()))', kept);
        EXECUTE format('CREATE POLICY feed_reads_all ON %I FOR SELECT TO customers_feed USING (true)', kept);
    END LOOP;
END $$;
GRANT SELECT, INSERT, DELETE ON conversations TO customers_runtime;
GRANT UPDATE (origin_customer_id, user_id, customer_name, customer_email, customer_phone, customer_address, started_at,
              summary, topics, summarized_at, linked_at, link_source, linked_by, linked_by_name, unlinked_from,
              updated_at, revision)
    ON conversations TO customers_runtime;
GRANT SELECT, INSERT ON interactions TO customers_runtime;
GRANT SELECT ON conversations, interactions TO customers_feed;
