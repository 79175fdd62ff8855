-- Notes that are edited and deleted, activities, engagements. Children keep the customer that they were written for as
-- their origin; a list reads those of each member of a tree through an index that ends in what the list is sorted by.

ALTER TABLE notes
    ADD COLUMN automatic boolean NOT NULL DEFAULT false,
    ADD COLUMN conversation_id uuid,
    ADD COLUMN revision bigint NOT NULL DEFAULT 1 CHECK (revision > 0),
    ADD COLUMN updated_at timestamptz NOT NULL DEFAULT now(),
    ADD COLUMN updated_by text NOT NULL DEFAULT '',
    ADD COLUMN updated_by_name text NOT NULL DEFAULT '',
    ADD COLUMN deleted_at timestamptz;
DROP INDEX notes_by_origin;
CREATE INDEX notes_by_origin ON notes (company_id, origin_customer_id, type, visibility, created_at, note_id)
    WHERE deleted_at IS NULL;

CREATE TABLE activities (
    company_id text NOT NULL,
    activity_id uuid NOT NULL,
    origin_customer_id uuid NOT NULL,
    type text NOT NULL
        CHECK (type IN ('CALL', 'EMAIL', 'MEETING', 'NOTE', 'BOOKING', 'JOB', 'STATUS_CHANGE', 'OTHER')),
    title text NOT NULL CHECK (length(title) BETWEEN 1 AND 255),
    description text NOT NULL CHECK (length(description) <= 4000),
    happened_at timestamptz NOT NULL,
    automatic boolean NOT NULL,
    engagement_id uuid,
    author text NOT NULL,
    author_name text NOT NULL,
    created_at timestamptz NOT NULL,
    revision bigint NOT NULL CHECK (revision > 0),
    updated_at timestamptz NOT NULL,
    updated_by text NOT NULL,
    updated_by_name text NOT NULL,
    deleted_at timestamptz,
    PRIMARY KEY (company_id, activity_id),
    FOREIGN KEY (company_id, origin_customer_id) REFERENCES customers
);
CREATE INDEX activities_by_origin ON activities (company_id, origin_customer_id, type, happened_at, activity_id)
    WHERE deleted_at IS NULL;

-- An amount is whole minor units of its currency.
CREATE TABLE engagements (
    company_id text NOT NULL,
    engagement_id uuid NOT NULL,
    origin_customer_id uuid NOT NULL,
    kind text NOT NULL CHECK (kind IN ('LEAD', 'OFFER', 'BOOKING', 'JOB')),
    status text NOT NULL CHECK (status IN ('NEW', 'QUALIFIED', 'CONVERTED', 'LOST', 'DRAFT', 'SENT', 'ACCEPTED', 'REJECTED',
                                           'EXPIRED', 'REQUESTED', 'CONFIRMED', 'NO_SHOW', 'SCHEDULED', 'IN_PROGRESS',
                                           'ON_HOLD', 'COMPLETED', 'CANCELLED')),
    title text NOT NULL CHECK (length(title) BETWEEN 1 AND 255),
    description text NOT NULL CHECK (length(description) <= 4000),
    value_minor bigint CHECK (value_minor >= 0),
    currency text CHECK (currency ~ '^[A-Z]{3}$'),
    converted_from uuid,
    scheduled_at timestamptz,
    status_at timestamptz NOT NULL,
    author text NOT NULL,
    author_name text NOT NULL,
    created_at timestamptz NOT NULL,
    revision bigint NOT NULL CHECK (revision > 0),
    updated_at timestamptz NOT NULL,
    updated_by text NOT NULL,
    updated_by_name text NOT NULL,
    deleted_at timestamptz,
    PRIMARY KEY (company_id, engagement_id),
    FOREIGN KEY (company_id, origin_customer_id) REFERENCES customers,
    FOREIGN KEY (company_id, converted_from) REFERENCES engagements,
    CHECK ((value_minor IS NULL) = (currency IS NULL))
);
CREATE INDEX engagements_by_origin ON engagements (company_id, origin_customer_id, kind, created_at, engagement_id)
    WHERE deleted_at IS NULL;
-- An engagement becomes one other, unless that one was given up.
CREATE UNIQUE INDEX engagements_conversion ON engagements (company_id, converted_from)
    WHERE converted_from IS NOT NULL AND deleted_at IS NULL
      AND status NOT IN ('LOST', 'REJECTED', 'EXPIRED', 'NO_SHOW', 'CANCELLED');
-- What keeps a customer from being deleted.
CREATE INDEX engagements_blocking ON engagements (company_id, origin_customer_id)
    WHERE deleted_at IS NULL AND kind = 'JOB' AND status IN ('SCHEDULED', 'IN_PROGRESS', 'ON_HOLD');

-- The timeline is read by time, or by type and time.
ALTER TABLE events DROP CONSTRAINT events_pkey;
ALTER TABLE events ADD PRIMARY KEY (company_id, origin_customer_id, created_at, event_id);
CREATE INDEX events_by_type ON events (company_id, origin_customer_id, type, created_at, event_id);

ALTER TABLE feed DROP CONSTRAINT feed_subject_check;
ALTER TABLE feed ADD CONSTRAINT feed_subject_check CHECK (subject IN ('customer', 'company', 'engagement'));

CREATE TRIGGER tally AFTER INSERT OR UPDATE OR DELETE ON activities FOR EACH ROW EXECUTE FUNCTION tally_children();
CREATE TRIGGER tally AFTER INSERT OR UPDATE OR DELETE ON engagements FOR EACH ROW EXECUTE FUNCTION tally_children();
CREATE TRIGGER audit AFTER INSERT OR UPDATE OR DELETE ON activities
    FOR EACH ROW EXECUTE FUNCTION write_audit('activity_id');
CREATE TRIGGER audit AFTER INSERT OR UPDATE OR DELETE ON engagements
    FOR EACH ROW EXECUTE FUNCTION write_audit('engagement_id');

DO $$
DECLARE
    kept text;
BEGIN
    FOREACH kept IN ARRAY ARRAY['activities', 'engagements'] LOOP
        EXECUTE format('ALTER TABLE %I ENABLE ROW LEVEL SECURITY', kept);
        EXECUTE format('ALTER TABLE %I FORCE ROW LEVEL SECURITY', kept);
        EXECUTE format('CREATE POLICY company ON %I TO customers_runtime, customers_owner USING (company_id = (SELECT app_company())) '
                       'WITH CHECK (company_id = (SELECT app_company()))', kept);
    END LOOP;
END $$;
CREATE POLICY feed_reads_all ON engagements FOR SELECT TO customers_feed USING (true);
GRANT SELECT, INSERT, UPDATE ON notes, activities, engagements TO customers_runtime;
GRANT SELECT ON engagements TO customers_feed;
