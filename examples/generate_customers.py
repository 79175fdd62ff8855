"""Writes examples/customers.csv: seeded, realistic customers with duplicates, and the truth about them.

Run: python examples/generate_customers.py --rows 5000 --seed 7 \\
         --output examples/customers.csv --truth examples/customers.truth.csv
"""

import sys
from pathlib import Path


def main() -> int:
    """Run the command from any folder and without an installation."""
    sys.path.insert(0, str(Path(__file__).resolve().parent.parent))
    from examples.customer_file.command import run

    return run()


if __name__ == "__main__":
    sys.exit(main())
