"""What a delivery says about itself: JSON and CSV manifests and an ASC MHL. Nothing in them changes from run to run."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass

from onepiece_core.checksums import Hasher
from onepiece_core.csv_text import csv_text
from onepiece_core.deliver.model import DeliveryPlan, Entry, PlannedVersion
from onepiece_core.frames import format_ranges
from onepiece_core.manifest.mhl import FORMATS, Creator, MhlFile, build_mhl

SCHEMA = "onepiece.delivery.1"
JSON_NAME, CSV_NAME = "manifest.json", "manifest.csv"


@dataclass(frozen=True, slots=True)
class DeliveredFile:
    """A file as it was packed."""

    entry: Entry
    size_bytes: int
    digests: dict[str, str]


@dataclass(frozen=True, slots=True)
class Delivered:
    """A Version that is in the delivery."""

    version: PlannedVersion
    files: tuple[DeliveredFile, ...]


def documents(plan: DeliveryPlan, delivered: Sequence[Delivered]) -> dict[str, bytes]:
    """The documents by their path in the delivery, the MHL last: it covers the others."""
    at = max(each.version.created_at for each in delivered)
    made = {JSON_NAME: _json(plan, delivered), CSV_NAME: files_csv(plan, delivered)}
    files = [
        MhlFile(
            file.entry.path,
            file.size_bytes,
            {name: digest for name, digest in file.digests.items() if name in FORMATS},
        )
        for each in delivered
        for file in each.files
    ]
    for name, data in made.items():
        hasher = Hasher(("xxh128", "xxh64"))
        hasher.update(data)
        files.append(MhlFile(name, len(data), hasher.digests()))
    # Who packed it stands in the receipt alone: the same content gives the same bytes everywhere.
    creator = Creator("onepiece", "onepiece", "1")
    return {**made, **build_mhl(plan.show_code, files, at, creator)}


def _json(plan: DeliveryPlan, delivered: Sequence[Delivered]) -> bytes:
    told = {
        "schema": SCHEMA,
        "project": plan.project.get("name"),
        "show_code": plan.show_code,
        "context": plan.request.context,
        "hashes": list(plan.hashes),
        **({"upstream": [{"name": name, "xxh128": xxh128} for name, xxh128 in plan.upstream]} if plan.upstream else {}),
        "files": sum(len(each.files) for each in delivered),
        "size_bytes": sum(file.size_bytes for each in delivered for file in each.files),
        "versions": [told_delivered(each) for each in delivered],
    }
    return json.dumps(told, indent=1, ensure_ascii=False).encode() + b"\n"


def told_delivered(each: Delivered) -> dict[str, object]:
    version = each.version
    frames = [file.entry.frame for file in each.files if file.entry.frame is not None]
    return {
        "id": version.id,
        "code": version.code,
        "entity": version.entity,
        "sequence": version.sequence,
        "episode": version.episode,
        "status": version.status,
        "created_at": version.created_at.isoformat(),
        "frames": format_ranges(sorted(frames)) if frames else None,
        "files": [
            {
                "path": file.entry.path,
                "original": file.entry.original,
                "frame": file.entry.frame,
                "original_frame": file.entry.media.frame,
                "size_bytes": file.size_bytes,
                "hashes": file.digests,
                "proven": bool(file.entry.media.expected),
            }
            for file in each.files
        ],
    }


def files_csv(plan: DeliveryPlan, delivered: Sequence[Delivered]) -> bytes:
    headers = ["path", "original", "version", "entity", "sequence", "episode", "status", "frame", "original_frame"]
    rows = [
        [
            file.entry.path,
            file.entry.original,
            each.version.code,
            each.version.entity,
            each.version.sequence,
            each.version.episode,
            each.version.status,
            file.entry.frame,
            file.entry.media.frame,
            file.size_bytes,
            "yes" if file.entry.media.expected else "no",
            *(file.digests[name] for name in plan.hashes),
        ]
        for each in delivered
        for file in each.files
    ]
    return csv_text([*headers, "size_bytes", "proven", *plan.hashes], rows).encode()
