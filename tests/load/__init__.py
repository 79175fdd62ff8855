"""Load on the matching service: many callers at once for minutes, with errors, latency and memory watched."""
