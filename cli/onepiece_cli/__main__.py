"""Entry point of ``onepiece`` and ``python -m onepiece_cli``."""

from __future__ import annotations

import sys


def main() -> int:
    """Run the command line in ``sys.argv`` and give its exit status."""
    arguments = sys.argv[1:]
    if arguments in (["--version"], ["-V"]):  # answered before typer is imported: scripts ask this often
        from onepiece_core import __version__

        sys.stdout.write(f"onepiece {__version__}\n")
        return 0
    from onepiece_cli.run import run

    return run(arguments)


if __name__ == "__main__":
    sys.exit(main())
