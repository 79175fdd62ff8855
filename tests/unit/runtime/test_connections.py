"""What a connection is told when it is opened."""

from psycopg.conninfo import conninfo_to_dict

from services.runtime.connections import conninfo


def told(url: str) -> dict[str, str]:
    """The settings of a session, as PostgreSQL takes them: of two for one name the last one counts."""
    options = conninfo_to_dict(conninfo(url, "shop", 5_000, 4_000, 3_000))["options"]
    pairs = (part.split("=") for part in str(options).split() if part != "-c")
    return dict(pairs)


def test_time_outs_of_the_url_count_before_those_of_the_service_and_its_time_zone_does_not() -> None:
    own = {"statement_timeout": "5000", "lock_timeout": "4000", "idle_in_transaction_session_timeout": "3000"}
    assert told("postgresql:///shop") == {**own, "timezone": "UTC"}
    wished = "postgresql:///shop?options=-c%20lock_timeout%3D60000%20-c%20timezone%3DEET"
    assert told(wished) == {**own, "lock_timeout": "60000", "timezone": "UTC"}
