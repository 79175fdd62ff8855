"""The operations own what matching can do: one file, one use case."""
