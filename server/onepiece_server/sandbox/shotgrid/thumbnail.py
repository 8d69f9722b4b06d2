"""Makes one thumbnail, in a process of its own: a broken movie or a large library never harm the site.

``python -m onepiece_server.sandbox.shotgrid.thumbnail SOURCE NAME TARGET``; NAME tells what kind of file SOURCE is.
"""

from __future__ import annotations

import shutil
import sys
import tempfile
from pathlib import Path

from onepiece_core.errors import OnePieceError
from onepiece_core.media.thumbnail import write_thumbnail


def main(arguments: list[str]) -> int:
    source, name, target = Path(arguments[0]), Path(arguments[1]).name, Path(arguments[2])
    with tempfile.TemporaryDirectory(dir=target.parent) as folder:
        named = Path(folder) / f"source{Path(name).suffix}"
        try:
            named.hardlink_to(source)
        except OSError:  # a filesystem without links
            shutil.copyfile(source, named)
        try:
            write_thumbnail(named, Path(folder) / "made.jpg")
            (Path(folder) / "made.jpg").replace(target)
        except (OnePieceError, OSError) as error:
            sys.stderr.write(f"{error}\n")
            return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
