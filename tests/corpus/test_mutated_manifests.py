"""Two thousand lists, each a sound one that something happened to: a plan, or a typed error, and never more taken."""

from __future__ import annotations

import csv
import io
import json
import random
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

from onepiece_core.errors import OnePieceError
from onepiece_core.ingest.model import DropPlan
from onepiece_core.manifest.drop_cells import COLUMNS
from tests.core.drops import plan
from tests.support.media import write_exr

COUNT = 2000
NAMES = [f"FG_ep010_sc02_{shot:04d}_comp_v004.exr" for shot in (10, 20, 30)]
CELLS = [
    "", " ", "1E5", "3-Oct", "../x", "/etc/passwd", "a\nb", '"', '""', "'", "\0", "=1", "4.0", "é", "x" * 300, "C:\\x",
    "md5:zz", "md5:" + "0" * 32, "true", "null", "-1", "99999999999999999999", "v004", "\u202e", "\ufeff", "1001-",
]  # fmt: skip
VALUES: list[Any] = [*CELLS, None, True, 7, -1, 4.5, 10**400, [], {}, [[]], {"a": {}}]
ENCODINGS = ["utf-8"] * 6 + ["utf-8-sig", "utf-16", "utf-16-le", "utf-32", "cp1252", "shift-jis", "utf-7"]


def sound() -> list[dict[str, Any]]:
    shots = [name.split("_")[3] for name in NAMES]
    fixed = {"show": "FG", "episode": "ep010", "scene": "sc02", "asset": "comp", "version": "4", "source_path": "/s"}
    return [
        {**fixed, "shot": shot, "delivery_path": name, "checksum": ""} for shot, name in zip(shots, NAMES, strict=True)
    ]


def spoil_cells(entries: list[dict[str, Any]], chance: random.Random, values: list[Any]) -> None:
    for _ in range(chance.randint(0, 3)):
        entry = chance.choice(entries)
        match chance.randrange(5):
            case 0 | 1:
                entry[chance.choice(COLUMNS)] = chance.choice(values)
            case 2:
                entry.pop(chance.choice(COLUMNS), None)
            case 3:
                entry[chance.choice(["colour", "", "Version", "frames", "\0"])] = chance.choice(values)
            case _:
                entries.append(dict(entry))


def as_csv(entries: list[dict[str, Any]], chance: random.Random) -> str:
    header = [*COLUMNS]
    if chance.random() < 0.2:
        chance.shuffle(header)
    if chance.random() < 0.1:
        header[chance.randrange(len(header))] = chance.choice([*COLUMNS, "", "colour"])
    stream = io.StringIO(newline="")
    writer = csv.writer(stream, delimiter=chance.choice(",,,;\t|"), lineterminator=chance.choice(["\n", "\r\n", "\r"]))
    writer.writerow(header)
    for entry in entries:
        cells = [str(entry.get(name, "")) for name in header]
        writer.writerow(cells[: chance.choice([99, 99, 99, 4])] + ["more"] * chance.choice([0, 0, 0, 2]))
    return stream.getvalue()


def as_json(entries: list[dict[str, Any]], chance: random.Random) -> str:
    text = json.dumps({chance.choice(["files", "deliveries"]): entries}, indent=chance.choice([None, 1]))
    if chance.random() < 0.15:
        key = chance.choice(["version", "delivery_path", "show"])
        text = text.replace(f'"{key}":', f'"{key}": "twice", "{key}":', 1)
    if chance.random() < 0.1:
        text = text.replace('"4"', chance.choice(["NaN", "1e999", "-Infinity", "9" * 5000, '"\\ud800"', "4"]), 1)
    return text


def damage(data: bytes, chance: random.Random) -> bytes:
    raw = bytearray(data)
    match chance.randrange(8):
        case 0:
            del raw[chance.randrange(len(raw)) :]
        case 1:
            for _ in range(chance.randint(1, 4)):
                raw[chance.randrange(len(raw))] ^= 1 << chance.randrange(8)
        case 2:
            at = chance.randrange(len(raw))
            raw[at:at] = raw[chance.randrange(len(raw)) :][: chance.randint(1, 60)]
        case 3:
            at = chance.randrange(len(raw))
            del raw[at : at + chance.randint(1, 30)]
        case _:
            pass
    return bytes(raw)


def mutant(number: int) -> tuple[str, bytes]:
    chance = random.Random(number)
    is_json = number % 2 == 1
    entries = sound()
    spoil_cells(entries, chance, VALUES if is_json else CELLS)
    write: Callable[[list[dict[str, Any]], random.Random], str] = as_json if is_json else as_csv
    text = write(entries, chance).encode(chance.choice(ENCODINGS), "replace")
    return ("json" if is_json else "csv"), damage(text, chance)


def plan_or_error(drop: Path, manifest: Path) -> DropPlan | OnePieceError:
    try:
        return plan(drop, manifest=manifest, depth="first-bytes")
    except OnePieceError as error:
        return error


def test_two_thousand_lists_are_believed_or_refused_and_never_take_more(tmp_path: Path) -> None:
    drop = tmp_path / "drop"
    drop.mkdir()
    for name in NAMES:
        write_exr(drop / name, seed=name)
    (tmp_path / "secret.exr").write_bytes(b"not of the drop")
    ends: Counter[str] = Counter()
    for number in range(COUNT):
        kind, data = mutant(number)
        path = tmp_path / f"list.{kind}"
        path.write_bytes(data)
        found = plan_or_error(drop, path)
        if isinstance(found, OnePieceError):
            assert found.report.message.isprintable()
            ends[found.report.code] += 1
            continue
        told = [file.relative for item in found.items for file in item.files] + list(found.left)
        assert sorted(told) == NAMES, number
        assert {file.source for item in found.items for file in item.files} <= {f"{drop}/{name}" for name in NAMES}
        for item in found.items:
            for problem in (*item.problems, *(each for some in item.file_problems.values() for each in some)):
                assert problem.message.isprintable(), (number, problem)
                problem.model_dump_json()
        for problem in found.problems:
            assert problem.message.isprintable(), (number, problem)
        ready = sum(not item.is_refused for item in found.items)
        ends[f"{ready} of 3 taken"] += 1
    # The mutations make every end: none is refused for nothing, and none is believed whatever it says.
    assert min(ends[f"{ready} of 3 taken"] for ready in range(4)) > 20, ends
