"""`python -m services.customers` serves the customers service."""

from services.customers.app import build_app
from services.customers.settings import settings

raise SystemExit(build_app(settings()).serve())
