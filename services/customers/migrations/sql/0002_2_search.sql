-- Search: parts and similar spellings are found by trigrams, as a role of its own, since no policy lets them reach an index.

CREATE EXTENSION IF NOT EXISTS pg_trgm;
CREATE EXTENSION IF NOT EXISTS btree_gin;
CREATE INDEX customers_by_text ON customers USING gin (company_id, search_text gin_trgm_ops)
    WHERE state IN ('ACTIVE', 'INACTIVE');
