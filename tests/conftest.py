"""Loads the fixtures; each file of tests/fixtures is named for what it gives."""

pytest_plugins = [
    "tests.fixtures.surroundings",
    "tests.fixtures.properties",
    "tests.fixtures.rings",
    "tests.fixtures.postgres",
    "tests.fixtures.databases",
    "tests.fixtures.suites",
]
