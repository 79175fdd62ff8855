"""Convert owns the translation between matching's messages and its values."""
