-- What figures of whole companies are read from: what each root spent by currency, in which months it bought, what was
-- sold in each quarter of an hour, and in which stage each customer was from when to when.

ALTER TABLE customers_mirror
    ADD email text NOT NULL DEFAULT '',
    ADD phone text NOT NULL DEFAULT '',
    ADD customer_type text NOT NULL DEFAULT 'WALK_IN',
    ADD source text COLLATE "C" NOT NULL DEFAULT 'API',
    ADD stage text NOT NULL DEFAULT 'PROSPECT' CHECK (stage IN ('PROSPECT', 'LEAD', 'CUSTOMER', 'CHURNED')),
    ADD staged_at timestamptz NOT NULL DEFAULT '-infinity',
    ADD joined_at timestamptz NOT NULL DEFAULT '-infinity';
CREATE INDEX customers_mirror_joined ON customers_mirror (company_id, joined_at) INCLUDE (state)
    WHERE customer_id = root_id;
-- The few that make a difference where everyone else is a root of their own.
CREATE INDEX customers_mirror_merged ON customers_mirror (company_id, customer_id) INCLUDE (root_id)
    WHERE customer_id <> root_id;

CREATE TABLE mirror_tags (
    company_id text COLLATE "C" NOT NULL,
    customer_id uuid NOT NULL,
    tag text COLLATE "C" NOT NULL,
    PRIMARY KEY (company_id, customer_id, tag)
);
CREATE INDEX mirror_tags_by_tag ON mirror_tags (company_id, tag, customer_id);

-- The zone in which months begin: that of the settings, or UTC where PostgreSQL does not know it.
ALTER TABLE company_settings ADD month_zone text NOT NULL DEFAULT 'UTC';

CREATE FUNCTION month_in(p_time timestamptz, p_zone text) RETURNS date
LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN date_trunc('month', p_time AT TIME ZONE p_zone)::date;

-- By currency what root_figures holds over all. `spent` orders: the total, or the largest bigint where it is more.
CREATE TABLE root_totals (
    company_id text COLLATE "C" NOT NULL,
    root_id uuid NOT NULL,
    currency text COLLATE "C" NOT NULL,
    listed boolean NOT NULL,
    purchases bigint NOT NULL,
    total_minor numeric(38, 0) NOT NULL,
    last_sold_at timestamptz NOT NULL,
    spent bigint NOT NULL GENERATED ALWAYS AS (least(total_minor, 9223372036854775807)::bigint) STORED,
    PRIMARY KEY (company_id, root_id, currency)
);
CREATE INDEX root_totals_by_spent ON root_totals (company_id, currency, spent DESC, root_id DESC)
    INCLUDE (purchases, last_sold_at) WHERE listed;
CREATE INDEX root_figures_by_last_sale ON root_figures (company_id, last_sold_at DESC, root_id DESC)
    WHERE listed AND last_sold_at IS NOT NULL;
CREATE INDEX root_figures_hidden ON root_figures (company_id, root_id) WHERE NOT listed;
-- In which months there were sales to each customer under its own id, and to each tree. `cohort` is the month of the
-- root's first sale.
CREATE TABLE origin_months (
    company_id text COLLATE "C" NOT NULL,
    customer_id uuid NOT NULL,
    month date NOT NULL,
    purchases bigint NOT NULL,
    PRIMARY KEY (company_id, customer_id, month)
);
CREATE TABLE root_months (
    company_id text COLLATE "C" NOT NULL,
    root_id uuid NOT NULL,
    month date NOT NULL,
    cohort date NOT NULL,
    listed boolean NOT NULL,
    purchases bigint NOT NULL,
    PRIMARY KEY (company_id, root_id, month)
);
CREATE INDEX root_months_by_cohort ON root_months (company_id, cohort, month) INCLUDE (purchases) WHERE listed;
CREATE INDEX root_months_by_month ON root_months (company_id, month) INCLUDE (root_id, purchases) WHERE listed;

-- Every time zone begins its days at a quarter of an hour. Sharded, so that sales do not wait for one another.
CREATE TABLE company_quarters (
    company_id text COLLATE "C" NOT NULL,
    currency text COLLATE "C" NOT NULL,
    quarter timestamptz NOT NULL,
    shard smallint NOT NULL,
    purchases bigint NOT NULL,
    total_minor numeric(38, 0) NOT NULL,
    PRIMARY KEY (company_id, currency, quarter, shard)
);
CREATE FUNCTION quarter_of(p_time timestamptz) RETURNS timestamptz
LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN date_bin('15 minutes', p_time, '2000-01-01T00:00:00Z'::timestamptz);

-- From when to when a customer was in a stage; the open stay has no end. `counted`: it is a listed root. `shown`: the
-- stage that an open stay's customer shows by a merge, where that is another one than it was moved to.
CREATE TABLE stage_stays (
    company_id text COLLATE "C" NOT NULL,
    customer_id uuid NOT NULL,
    entered_at timestamptz NOT NULL,
    stage text COLLATE "C" NOT NULL CHECK (stage IN ('PROSPECT', 'LEAD', 'CUSTOMER', 'CHURNED')),
    left_at timestamptz NOT NULL DEFAULT 'infinity' CHECK (left_at >= entered_at),
    next_stage text COLLATE "C" NOT NULL DEFAULT '',
    source text COLLATE "C" NOT NULL,
    counted boolean NOT NULL,
    shown text COLLATE "C" NOT NULL DEFAULT '',
    PRIMARY KEY (company_id, customer_id, entered_at)
);
CREATE INDEX stage_stays_by_stage ON stage_stays (company_id, stage, next_stage, left_at)
    INCLUDE (entered_at, source, customer_id) WHERE counted;
CREATE INDEX stage_stays_shown_elsewhere ON stage_stays (company_id, entered_at) WHERE counted AND shown <> '';

-- How figures are classed, by version; the highest version holds. A company without one has the shipped policy.
CREATE TABLE loyalty_policies (
    company_id text COLLATE "C" NOT NULL,
    version integer NOT NULL CHECK (version >= 1),
    policy jsonb NOT NULL,
    created_at timestamptz NOT NULL DEFAULT now(),
    created_by text NOT NULL,
    PRIMARY KEY (company_id, version)
);

DROP INDEX sales_by_time;
CREATE INDEX sales_by_time ON sales (company_id, sold_at DESC, sale_id DESC)
    INCLUDE (currency, net_minor, counts, origin_customer_id);

DO $$
DECLARE
    name text;
BEGIN
    FOREACH name IN ARRAY ARRAY['mirror_tags', 'root_totals', 'origin_months', 'root_months', 'company_quarters',
                                'stage_stays', 'loyalty_policies']
    LOOP
        EXECUTE format('ALTER TABLE %I ENABLE ROW LEVEL SECURITY', name);
        EXECUTE format('ALTER TABLE %I FORCE ROW LEVEL SECURITY', name);
        EXECUTE format('CREATE POLICY company ON %I TO analytics_runtime USING (company_id = (SELECT app_company()))'
                       ' WITH CHECK (company_id = (SELECT app_company()))', name);
    END LOOP;
END
$$;
GRANT SELECT, INSERT, DELETE ON mirror_tags TO analytics_runtime;
GRANT SELECT, INSERT, UPDATE, DELETE ON root_totals, origin_months, root_months, stage_stays TO analytics_runtime;
GRANT SELECT, INSERT, UPDATE ON company_quarters TO analytics_runtime;
GRANT SELECT, INSERT ON loyalty_policies TO analytics_runtime;

-- The business done with each customer under its own id: what lifetime value is reckoned from beside sales.
CREATE TABLE mirror_engagements (
    company_id text COLLATE "C" NOT NULL,
    engagement_id uuid NOT NULL,
    origin_customer_id uuid NOT NULL,
    kind text NOT NULL,
    status text NOT NULL,
    value_minor bigint,
    currency text COLLATE "C" NOT NULL,
    converted_from uuid,
    status_at timestamptz NOT NULL,
    deleted boolean NOT NULL,
    epoch text NOT NULL,
    revision bigint NOT NULL,
    generation bigint NOT NULL,
    PRIMARY KEY (company_id, engagement_id)
);
CREATE INDEX mirror_engagements_by_origin ON mirror_engagements (company_id, origin_customer_id);
ALTER TABLE mirror_engagements ENABLE ROW LEVEL SECURITY;
ALTER TABLE mirror_engagements FORCE ROW LEVEL SECURITY;
CREATE POLICY company ON mirror_engagements TO analytics_runtime USING (company_id = (SELECT app_company()))
    WITH CHECK (company_id = (SELECT app_company()));
GRANT SELECT, INSERT, UPDATE, DELETE ON mirror_engagements TO analytics_runtime;

-- A pass over everything may also leave engagements unseen.
CREATE POLICY sweep ON mirror_engagements FOR SELECT TO analytics_finder USING (true);
GRANT SELECT ON mirror_engagements TO analytics_finder;
CREATE OR REPLACE FUNCTION companies_with_unseen(p_generation bigint) RETURNS SETOF text
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$
    SELECT m.company_id FROM public.customers_mirror m WHERE m.generation < p_generation AND m.state <> 'GONE'
    UNION
    SELECT e.company_id FROM public.mirror_engagements e WHERE e.generation < p_generation
    ORDER BY 1
$$;
