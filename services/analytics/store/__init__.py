"""The SQL of the analytics database, as functions that say what they do."""
