"""`python -m services.analytics` serves the analytics service."""

from services.analytics.access import ACCESS
from services.analytics.app import build_app
from services.analytics.settings import load
from services.runtime.server import serve


def main() -> int:
    """Serve until asked to stop; answers the exit code."""
    settings = load()
    app = build_app(settings)
    try:
        return serve(settings, services=app.services, access=ACCESS, background=app.background)
    finally:
        app.close()


if __name__ == "__main__":
    raise SystemExit(main())
