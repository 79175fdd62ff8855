"""A service that has health and nothing else; run as a script in place of a real one."""

import sys

from services.runtime.server import serve
from services.runtime.settings import ServiceSettings, load_settings

if __name__ == "__main__":
    sys.exit(serve(load_settings(sys.argv[1], ServiceSettings), services=[], access={}))
