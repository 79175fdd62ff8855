"""The store owns matching's SQL: the mirror of customers, their keys, scans and groups."""
