"""SQL of the customers service: functions that say what the database does."""
