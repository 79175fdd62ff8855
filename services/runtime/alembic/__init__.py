"""The environment that Alembic runs the migrations of every service in."""
