"""`python -m services.matching` serves the matching service."""

from services.matching.access import ACCESS
from services.matching.app import build_app
from services.matching.settings import PREFIX, MatchingSettings
from services.runtime.server import serve
from services.runtime.settings import load_settings


def main() -> int:
    """Serve until asked to stop; answers the exit code."""
    settings = load_settings(PREFIX, MatchingSettings)
    app = build_app(settings)
    try:
        return serve(settings, services=app.services, access=ACCESS, background=app.background)
    finally:
        app.close()


if __name__ == "__main__":
    raise SystemExit(main())
