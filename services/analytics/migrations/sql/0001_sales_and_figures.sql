-- What is known of customers and companies, the sales, and the figures that are kept of them.
-- Locks are taken in this order: company_settings, customers_mirror (by id), sales, origin_figures, root_figures (by
-- id), company_totals.
-- Sums of money and quantities are numeric and are never filtered or sorted by; what is, is of a leakproof type.

CREATE TABLE company_settings (
    company_id text COLLATE "C" PRIMARY KEY,
    currency text NOT NULL,
    time_zone text NOT NULL,
    epoch text NOT NULL,
    revision bigint NOT NULL
);

-- Each customer as the feed told it last. `merged_into` is as told; `root_id` follows such links to their end.
-- `generation` is the pass over everything in which the customer was last seen.
CREATE TABLE customers_mirror (
    company_id text COLLATE "C" NOT NULL,
    customer_id uuid NOT NULL,
    merged_into uuid,
    root_id uuid NOT NULL,
    name text NOT NULL,
    state text NOT NULL CHECK (state IN ('ACTIVE', 'INACTIVE', 'MERGED', 'DELETED', 'ERASED', 'GONE')),
    party_type text NOT NULL CHECK (party_type IN ('PERSON', 'ORGANIZATION')),
    epoch text NOT NULL,
    revision bigint NOT NULL,
    generation bigint NOT NULL,
    PRIMARY KEY (company_id, customer_id)
);
CREATE INDEX customers_mirror_tree ON customers_mirror (company_id, root_id);

CREATE TABLE sales (
    company_id text COLLATE "C" NOT NULL,
    sale_id text COLLATE "C" NOT NULL CHECK (length(sale_id) BETWEEN 1 AND 255),
    origin_customer_id uuid NOT NULL,
    total_minor bigint NOT NULL CHECK (total_minor >= 0),
    currency text NOT NULL CHECK (length(currency) = 3),
    items numeric(18, 3) NOT NULL CHECK (items >= 0),
    payment_method text NOT NULL CHECK (length(payment_method) <= 64),
    sold_at timestamptz NOT NULL,
    status text NOT NULL CHECK (status IN ('COMPLETED', 'PARTIALLY_REFUNDED', 'REFUNDED', 'VOIDED')),
    created_at timestamptz NOT NULL DEFAULT now(),
    created_by text NOT NULL,
    PRIMARY KEY (company_id, sale_id)
);
CREATE INDEX sales_by_time ON sales (company_id, sold_at DESC, sale_id DESC) INCLUDE (currency, total_minor);
CREATE INDEX sales_by_origin ON sales (company_id, origin_customer_id, sold_at DESC, sale_id DESC)
    INCLUDE (currency, total_minor);

CREATE TABLE sale_lines (
    company_id text COLLATE "C" NOT NULL,
    sale_id text COLLATE "C" NOT NULL,
    line integer NOT NULL,
    product text NOT NULL CHECK (length(product) BETWEEN 1 AND 255),
    quantity numeric(12, 3) NOT NULL CHECK (quantity >= 0),
    amount_minor bigint CHECK (amount_minor >= 0),
    PRIMARY KEY (company_id, sale_id, line)
);

-- What was sold to each customer under its own id. No merge changes it.
CREATE TABLE origin_figures (
    company_id text COLLATE "C" NOT NULL,
    customer_id uuid NOT NULL,
    currency text COLLATE "C" NOT NULL,
    purchases bigint NOT NULL,
    total_minor numeric(38, 0) NOT NULL,
    items numeric(38, 3) NOT NULL,
    first_sold_at timestamptz NOT NULL,
    last_sold_at timestamptz NOT NULL,
    PRIMARY KEY (company_id, customer_id, currency)
);

-- The sums over each tree, under its root's id, so that roots can be sorted and counted. There is a row for each
-- customer; that of a merged one is empty and not listed. `listed`: it is a root in a state that shows.
CREATE TABLE root_figures (
    company_id text COLLATE "C" NOT NULL,
    root_id uuid NOT NULL,
    listed boolean NOT NULL DEFAULT false,
    active boolean NOT NULL DEFAULT false,
    organization boolean NOT NULL DEFAULT false,
    purchases bigint NOT NULL DEFAULT 0,
    items numeric(38, 3) NOT NULL DEFAULT 0,
    first_sold_at timestamptz,
    last_sold_at timestamptz,
    PRIMARY KEY (company_id, root_id)
);
CREATE INDEX root_figures_by_purchases ON root_figures (company_id, purchases DESC, root_id DESC)
    INCLUDE (active, organization) WHERE listed;

-- What the company sold in each currency, in shards so that sales do not wait for one another.
CREATE TABLE company_totals (
    company_id text COLLATE "C" NOT NULL,
    currency text COLLATE "C" NOT NULL,
    shard smallint NOT NULL,
    purchases bigint NOT NULL,
    total_minor numeric(38, 0) NOT NULL,
    PRIMARY KEY (company_id, currency, shard)
) WITH (fillfactor = 50);

-- Which pass over everything each follower is in. No company: a pass is the same for all.
CREATE TABLE follower_passes (
    name text COLLATE "C" PRIMARY KEY,
    generation bigint NOT NULL
);
GRANT SELECT, INSERT, UPDATE ON follower_passes TO analytics_runtime;

DO $$
DECLARE
    name text;
BEGIN
    FOREACH name IN ARRAY ARRAY['company_settings', 'customers_mirror', 'sales', 'sale_lines', 'origin_figures',
                                'root_figures', 'company_totals']
    LOOP
        EXECUTE format('ALTER TABLE %I ENABLE ROW LEVEL SECURITY', name);
        EXECUTE format('ALTER TABLE %I FORCE ROW LEVEL SECURITY', name);
        EXECUTE format('CREATE POLICY company ON %I TO analytics_runtime USING (company_id = (SELECT app_company()))'
                       ' WITH CHECK (company_id = (SELECT app_company()))', name);
    END LOOP;
END
$$;
GRANT SELECT, INSERT ON sales, sale_lines TO analytics_runtime;
GRANT SELECT, INSERT, UPDATE ON company_settings, customers_mirror, origin_figures, root_figures, company_totals
    TO analytics_runtime;

-- The companies that have customers not seen since a pass began; only the follower's sweep asks across companies,
-- and it learns no more than their ids.
CREATE POLICY sweep ON customers_mirror FOR SELECT TO analytics_finder USING (true);
GRANT SELECT ON customers_mirror TO analytics_finder;
CREATE FUNCTION companies_with_unseen(p_generation bigint) RETURNS SETOF text
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$
    SELECT DISTINCT m.company_id FROM public.customers_mirror m
    WHERE m.generation < p_generation AND m.state <> 'GONE' ORDER BY m.company_id
$$;
REVOKE EXECUTE ON FUNCTION companies_with_unseen(bigint) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION companies_with_unseen(bigint) TO analytics_runtime;
ALTER FUNCTION companies_with_unseen(bigint) OWNER TO analytics_finder;
