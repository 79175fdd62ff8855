-- The survivorship rules of a policy as JSON, read and written whole; '': as shipped.
ALTER TABLE policies ADD COLUMN survivorship text NOT NULL DEFAULT '';
