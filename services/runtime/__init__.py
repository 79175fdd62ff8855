"""How a service runs: server, interceptors, callers, database, paging, follower, settings and logs."""
