-- The transaction of the newest change that was committed, whoever's it is: what a caller who writes nothing passes on to
-- read everything. It says no more of other companies than the ids of transactions do.
CREATE POLICY finds ON feed FOR SELECT TO customers_finder USING (true);
GRANT SELECT (xid) ON feed TO customers_finder;
CREATE FUNCTION newest_change() RETURNS bigint
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
    SELECT coalesce((SELECT xid FROM public.feed ORDER BY xid DESC LIMIT 1)::text::bigint, 0)
     WHERE (SELECT public.app_company()) IS NOT NULL
$$;
ALTER FUNCTION newest_change() OWNER TO customers_finder;
REVOKE EXECUTE ON FUNCTION newest_change() FROM PUBLIC;
GRANT EXECUTE ON FUNCTION newest_change() TO customers_runtime;
