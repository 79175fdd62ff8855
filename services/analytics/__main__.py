"""Runs the analytics service: `python -m services.analytics`."""

import sys

from services.analytics.app import run
from services.analytics.settings import load

if __name__ == "__main__":
    sys.exit(run(load()))
