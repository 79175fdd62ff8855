"""Customers of benchmarks with known duplicates: who they are, how copies differ, and how each is written down."""
