"""`python -m services.customers` serves the customers service."""

from services.customers.app import build_app
from services.customers.settings import load

raise SystemExit(build_app(load()).serve())
