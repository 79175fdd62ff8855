"""What the analytics service can do: one file, one use case."""
