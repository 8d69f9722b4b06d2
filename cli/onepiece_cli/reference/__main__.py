"""Write the reference, or say which of its pages are out of date."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from onepiece_cli.reference.pages import outdated, write_pages

# Where a checkout keeps it; an installed package has no docs folder.
_CHECKOUT = Path(__file__).parents[3] / "docs" / "reference"


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="python -m onepiece_cli.reference", description=__doc__)
    parser.add_argument("--write", action="store_true", help="write the pages that are out of date")
    parser.add_argument("--to", type=Path, default=_CHECKOUT, metavar="FOLDER", help="default: docs/reference")
    told = parser.parse_args(arguments)
    old = outdated(told.to)
    if told.write:
        write_pages(told.to)
    for name in old:
        sys.stdout.write(f"{'wrote' if told.write else 'out of date:'} {told.to / name}\n")
    return 1 if old and not told.write else 0


if __name__ == "__main__":
    sys.exit(main())
