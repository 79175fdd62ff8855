"""`python -m services.analytics` serves the analytics service."""

from services.analytics.app import build_app
from services.analytics.settings import load

raise SystemExit(build_app(load()).serve())
