"""Matching owns who is the same: the engine, its model, and the decisions taken on them."""
