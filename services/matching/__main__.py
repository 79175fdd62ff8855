"""`python -m services.matching` serves the matching service."""

from services.matching.app import build_app
from services.matching.settings import load

raise SystemExit(build_app(load()).serve())
