-- How often records are looked at, and what a company asks of a new customer.

-- Of the id that was looked at; what a root shows is the sum over its tree. Not part of the record: no etag, no feed.
CREATE TABLE customer_views (
    company_id text NOT NULL,
    customer_id uuid NOT NULL,
    view_count bigint NOT NULL CHECK (view_count > 0),
    last_viewed_at timestamptz NOT NULL,
    last_viewed_by text NOT NULL,
    PRIMARY KEY (company_id, customer_id),
    FOREIGN KEY (company_id, customer_id) REFERENCES customers
);
ALTER TABLE customer_views ENABLE ROW LEVEL SECURITY;
ALTER TABLE customer_views FORCE ROW LEVEL SECURITY;
CREATE POLICY company ON customer_views TO customers_runtime
    USING (company_id = (SELECT app_company())) WITH CHECK (company_id = (SELECT app_company()));
GRANT SELECT, INSERT, UPDATE ON customer_views TO customers_runtime;

-- Of each list in `required_fields` a new customer has one field at least.
ALTER TABLE companies
    ADD COLUMN required_fields jsonb NOT NULL DEFAULT '[]' CHECK (jsonb_typeof(required_fields) = 'array'),
    ADD COLUMN on_duplicate text NOT NULL DEFAULT 'REJECT' CHECK (on_duplicate IN ('REJECT', 'ALLOW', 'RETURN_EXISTING'));
