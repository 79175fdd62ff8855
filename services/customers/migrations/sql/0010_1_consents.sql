-- What customers answered about being contacted, in one number, so that lists find by it whom the company may contact.

-- From the lowest two bits: do not contact, offers, loyalty, SMS, e-mail, calls; each 0 for not said, 1 for no, 2 for yes, as
-- domain/consent_filter.py counts it.
CREATE FUNCTION consent_number(answer jsonb) RETURNS bigint LANGUAGE sql IMMUTABLE PARALLEL SAFE RETURN
    CASE answer -> 'value' WHEN 'false' THEN 1 WHEN 'true' THEN 2 ELSE 0 END;
CREATE FUNCTION customer_consents(view jsonb) RETURNS bigint LANGUAGE sql IMMUTABLE PARALLEL SAFE RETURN
    consent_number(view -> 'do_not_contact') + 4 * consent_number(view -> 'can_receive_offers')
    + 16 * consent_number(view -> 'can_receive_loyalty') + 64 * consent_number(view -> 'prefer_sms')
    + 256 * consent_number(view -> 'prefer_email') + 1024 * consent_number(view -> 'prefer_call');
-- Kept by trigger and not generated: a generated column writes the whole table and all its indexes anew.
CREATE FUNCTION keep_consents() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    NEW.consents := customer_consents(NEW.view);
    RETURN NEW;
END $$;
ALTER TABLE customers ADD COLUMN consents bigint NOT NULL DEFAULT 0;

-- Of those who are there already only the few who answered are written: by the owner, past the policies, and without the
-- triggers, since this changes nothing that was said.
ALTER TABLE customers NO FORCE ROW LEVEL SECURITY;
ALTER TABLE customers DISABLE TRIGGER USER;
UPDATE customers SET consents = customer_consents(view) WHERE customer_consents(view) <> 0;
ALTER TABLE customers ENABLE TRIGGER USER;
ALTER TABLE customers FORCE ROW LEVEL SECURITY;
CREATE TRIGGER consents BEFORE INSERT OR UPDATE OF view, consents ON customers
    FOR EACH ROW EXECUTE FUNCTION keep_consents();
ALTER TABLE customers ENABLE ALWAYS TRIGGER consents;

-- Of those who answered anything, so that customers who never did cost nothing. Where these are meant too, most are, or all
-- of the company's facets are read, beside which the number stands.
CREATE INDEX customers_by_consents ON customers (company_id, consents, created_at, customer_id) INCLUDE (facets)
    WHERE state IN ('ACTIVE', 'INACTIVE') AND consents <> 0;
DROP INDEX customers_by_facets;
CREATE INDEX customers_by_facets ON customers (company_id, facets, created_at, customer_id)
    INCLUDE (state, updated_at, last_interaction_time, total_conversations, consents);

-- Beginnings, with the facets beside them: those who begin so and have some choices are found from the index alone.
DROP INDEX customers_by_name, customers_by_family, customers_by_email, customers_by_phone, customers_by_national;
CREATE INDEX customers_by_name ON customers (company_id, name_sort, customer_id) INCLUDE (facets)
    WHERE state IN ('ACTIVE', 'INACTIVE');
CREATE INDEX customers_by_family ON customers (company_id, family_sort, customer_id) INCLUDE (name_sort, facets)
    WHERE state IN ('ACTIVE', 'INACTIVE');
CREATE INDEX customers_by_email ON customers (company_id, email_sort, customer_id) INCLUDE (name_sort, facets)
    WHERE state IN ('ACTIVE', 'INACTIVE') AND email_sort <> '';
CREATE INDEX customers_by_phone ON customers (company_id, phone_sort, customer_id) INCLUDE (name_sort, facets)
    WHERE state IN ('ACTIVE', 'INACTIVE') AND phone_sort <> '';
CREATE INDEX customers_by_national ON customers (company_id, phone_national, customer_id) INCLUDE (name_sort, facets)
    WHERE state IN ('ACTIVE', 'INACTIVE') AND phone_national <> '';

-- As before, with the column of this revision left out of what the audit keeps.
DROP TRIGGER audit ON customers;
CREATE TRIGGER audit AFTER INSERT OR UPDATE OR DELETE ON customers FOR EACH ROW EXECUTE FUNCTION write_audit('customer_id',
    '{view,revision,name_sort,email_sort,phone_sort,total_conversations,last_interaction_time,search_text,facets,created_by,family_sort,phone_national,consents}');
