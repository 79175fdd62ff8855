"""The engine owns columnar matching: encoding, blocking, scoring, learning and clustering of records."""
