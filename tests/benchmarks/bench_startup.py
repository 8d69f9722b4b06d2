"""How much CPU ``onepiece --version`` and ``--help`` take beside Python itself and a one-command typer app."""

from __future__ import annotations

import argparse
import sys
import tempfile
from pathlib import Path

from tests.benchmarks.measure import Run, line, run, verdict

TYPER_APP = """import typer
app = typer.Typer()
@app.command()
def hello(name: str = "x") -> None:
    print(name)
app()
"""


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--pairs", type=int, default=15)
    pairs = parser.parse_args().pairs
    onepiece = str(Path(sys.executable).with_name("onepiece"))
    with tempfile.TemporaryDirectory() as folder:
        typer_app = Path(folder) / "app.py"
        typer_app.write_text(TYPER_APP)
        commands = {
            "python -c pass": [sys.executable, "-c", "pass"],
            "onepiece --version": [onepiece, "--version"],
            "one-command typer app --help": [sys.executable, str(typer_app), "--help"],
            "onepiece --help": [onepiece, "--help"],
        }
        runs: dict[str, list[Run]] = {name: [] for name in commands}
        for _ in range(pairs + 1):
            for name, command in commands.items():
                runs[name].append(run(command))
    runs = {name: found[1:] for name, found in runs.items()}  # the first warms the caches
    print(f"Start-up, {pairs} turns")
    for name, found in runs.items():
        print(line(name, found))
    floor = [2 * each.cpu_seconds + 0.030 for each in runs["python -c pass"]]
    version = [mine.cpu_seconds / most for mine, most in zip(runs["onepiece --version"], floor, strict=True)]
    helps = zip(runs["onepiece --help"], runs["one-command typer app --help"], strict=True)
    print(f"  --version / (2 x python + 30 ms), CPU: {verdict(version, 1.0)}")
    print(
        f"  --help / typer app, CPU: {verdict([mine.cpu_seconds / theirs.cpu_seconds for mine, theirs in helps], 1.5)}"
    )


if __name__ == "__main__":
    main()
