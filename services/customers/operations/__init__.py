"""What the customers service can do: one file, one use case."""
