"""The suite on one machine: an embedded PostgreSQL and the launcher of the three services."""
