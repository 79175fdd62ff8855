-- Refunds, voids, sales that wait for their customer, and customers by their ids of other systems.
-- `counts`: neither refunded in whole nor void. `net_minor`: what is left of the total.
ALTER TABLE sales
    ADD refunded_minor bigint NOT NULL DEFAULT 0,
    ADD refunded_items numeric(18, 3) NOT NULL DEFAULT 0,
    ADD voided_at timestamptz,
    ADD void_reason text NOT NULL DEFAULT '' CHECK (length(void_reason) <= 255),
    ADD CHECK (refunded_minor BETWEEN 0 AND total_minor),
    ADD CHECK (refunded_items BETWEEN 0 AND items),
    ADD CHECK ((voided_at IS NOT NULL) = (status = 'VOIDED')),
    ADD counts boolean NOT NULL GENERATED ALWAYS AS (status IN ('COMPLETED', 'PARTIALLY_REFUNDED')) STORED,
    ADD net_minor bigint NOT NULL GENERATED ALWAYS AS (total_minor - refunded_minor) STORED,
    ADD net_items numeric(18, 3) NOT NULL GENERATED ALWAYS AS (items - refunded_items) STORED;
GRANT UPDATE (status, refunded_minor, refunded_items, voided_at, void_reason) ON sales TO analytics_runtime;

-- A list reads a page of one status by an index of the few that are not COMPLETED; sums need no visit to the table.
DROP INDEX sales_by_time, sales_by_origin;
CREATE INDEX sales_by_time ON sales (company_id, sold_at DESC, sale_id DESC)
    INCLUDE (currency, net_minor, counts);
CREATE INDEX sales_by_origin ON sales (company_id, origin_customer_id, sold_at DESC, sale_id DESC)
    INCLUDE (currency, net_minor, counts);
CREATE INDEX sales_changed_by_time ON sales (company_id, status, sold_at DESC, sale_id DESC)
    WHERE status <> 'COMPLETED';

CREATE TABLE refunds (
    company_id text COLLATE "C" NOT NULL,
    sale_id text COLLATE "C" NOT NULL,
    refund_id text COLLATE "C" NOT NULL CHECK (length(refund_id) BETWEEN 1 AND 255),
    amount_minor bigint NOT NULL CHECK (amount_minor >= 0),
    quantity numeric(18, 3) NOT NULL CHECK (quantity >= 0),
    reason text NOT NULL CHECK (length(reason) <= 255),
    refunded_at timestamptz NOT NULL,
    created_at timestamptz NOT NULL DEFAULT now(),
    created_by text NOT NULL,
    PRIMARY KEY (company_id, sale_id, refund_id)
);

-- A customer that several trees show an id for is that whose own record has it: the member, not the root.
CREATE TABLE mirror_external_ids (
    company_id text COLLATE "C" NOT NULL,
    system text COLLATE "C" NOT NULL,
    external_id text COLLATE "C" NOT NULL,
    customer_id uuid NOT NULL,
    PRIMARY KEY (company_id, system, external_id, customer_id)
);
CREATE INDEX mirror_external_ids_of ON mirror_external_ids (company_id, customer_id);

-- `sale` holds the sale as asked for. A row names its customer by exactly one of the two ways.
CREATE TABLE parked_sales (
    company_id text COLLATE "C" NOT NULL,
    sale_id text COLLATE "C" NOT NULL CHECK (length(sale_id) BETWEEN 1 AND 255),
    customer_id uuid,
    system text COLLATE "C",
    external_id text COLLATE "C",
    sale jsonb NOT NULL,
    parked_at timestamptz NOT NULL DEFAULT now(),
    created_by text NOT NULL,
    PRIMARY KEY (company_id, sale_id),
    CHECK ((customer_id IS NULL) = (system IS NOT NULL) AND (system IS NULL) = (external_id IS NULL))
);
CREATE INDEX parked_sales_by_customer ON parked_sales (company_id, customer_id) WHERE customer_id IS NOT NULL;
CREATE INDEX parked_sales_by_external_id ON parked_sales (company_id, system, external_id) WHERE system IS NOT NULL;

DO $$
DECLARE
    name text;
BEGIN
    FOREACH name IN ARRAY ARRAY['refunds', 'mirror_external_ids', 'parked_sales']
    LOOP
        EXECUTE format('ALTER TABLE %I ENABLE ROW LEVEL SECURITY', name);
        EXECUTE format('ALTER TABLE %I FORCE ROW LEVEL SECURITY', name);
        EXECUTE format('CREATE POLICY company ON %I TO analytics_runtime USING (company_id = (SELECT app_company()))'
                       ' WITH CHECK (company_id = (SELECT app_company()))', name);
    END LOOP;
END
$$;
GRANT SELECT, INSERT ON refunds TO analytics_runtime;
GRANT SELECT, INSERT, DELETE ON mirror_external_ids, parked_sales TO analytics_runtime;
GRANT DELETE ON origin_figures TO analytics_runtime;
