"""Plants faults of all classes in a show, beside look-alikes that are right, and says what should be found.

Nothing of OnePiece is imported: rows are made with shotgun_api3, objects with boto3, files with the standard library.
Each fault has a shot of its own. ``expected`` holds (code, subject) of every fault.
"""

from __future__ import annotations

import hashlib
import json
import os
import struct
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import quote

import boto3
import shotgun_api3
import xxhash
from botocore.config import Config

SHOW, OLD = "FG", 1_600_000_000


@dataclass
class Show:
    """Where to plant: ``shows`` is the root's folder, ``publishes`` and ``vendor`` are buckets."""

    url: str
    script: str
    key: str
    endpoint: str
    access_key: str
    secret_key: str
    shows: Path
    publishes: str
    vendor: str
    project_name: str
    expected: set[tuple[str, str]] = field(default_factory=set)
    number: int = 0

    def __post_init__(self) -> None:
        self.sg = shotgun_api3.Shotgun(self.url, script_name=self.script, api_key=self.key)
        self.s3 = boto3.client(
            "s3",
            endpoint_url=self.endpoint,
            aws_access_key_id=self.access_key,
            aws_secret_access_key=self.secret_key,
            region_name="us-east-1",
            config=Config(s3={"addressing_style": "path"}),
        )
        self.project = self.sg.create("Project", {"name": self.project_name, "code": SHOW})
        self.other = self.sg.create("Project", {"name": f"{self.project_name} II", "code": "OTHER"})
        statuses = ["na", "ip", "rev", "vwd", "apr"]
        self.sg.schema_field_update("Version", "sg_status_list", {"valid_values": statuses})

    # Names and places

    def next(self) -> str:
        """The name of a thing of its own, without a version."""
        self.number += 1
        return f"FG_ep010_sc02_{self.number:04d}_comp"

    def publish(self, base: str) -> Path:
        folder = self.shows / SHOW / "ep010" / "sc02" / base.split("_")[3] / "comp" / "publish"
        folder.mkdir(parents=True, exist_ok=True)
        return folder

    def prefix(self, name: str) -> str:
        return f"vfx/{SHOW}/{name}"

    def uri(self, name: str) -> str:
        return f"s3://{self.publishes}/{self.prefix(name)}"

    # Things

    def put(self, key: str, data: bytes, bucket: str | None = None, **metadata: str) -> None:
        self.s3.put_object(Bucket=bucket or self.publishes, Key=key, Body=data, Metadata=metadata)

    def version(self, code: str, **fields: Any) -> dict[str, Any]:
        data = {"project": self.project, "code": code, "sg_status_list": "rev", **fields}
        found: dict[str, Any] = self.sg.create("Version", data)
        return found

    def file(self, code: str, path: str, version: dict[str, Any] | None = None) -> dict[str, Any]:
        url = path if path.startswith("s3://") else f"file://{quote(path)}"
        link = {"url": url, "name": path.rpartition("/")[2]}
        data = {"project": self.project, "code": code, "path": link, "path_cache": path}
        found: dict[str, Any] = self.sg.create("PublishedFile", {**data, "version": version} if version else data)
        return found

    def package(
        self, name: str, *, rows: bool = True, frames: tuple[int, ...] = (1001, 1002, 1003), status: str = "rev"
    ) -> tuple[Path, dict[str, bytes]]:
        """A whole package on disk and in S3, with its rows."""
        content = {f"scene/{name}.nk": f"scene of {name}".encode()}
        content |= {f"renders/{name}.{frame}.exr": exr(f"{name} {frame}") for frame in frames}
        content[f"previews/{name}.jpg"] = b"\xff\xd8\xff\xe0" + name.encode()
        manifest = manifest_of(name, content, frames)
        every = {**content, "manifest.json": manifest, "ascmhl/0001_x.mhl": b"<hashlist/>"}
        folder = self.publish(name.rpartition("_v")[0]) / name
        for path, data in every.items():
            write(folder / path, data)
            self.put(f"{self.prefix(name)}/{path}", data, xxh128=xxhash.xxh3_128_hexdigest(data))
        if rows:
            pattern = f"{folder}/renders/{name}.%04d.exr"
            first = {"sg_first_frame": frames[0], "sg_last_frame": frames[-1], "frame_count": len(frames)}
            row = self.version(name, sg_path_to_frames=pattern, sg_status_list=status, **first)
            self.file(f"{name}.%04d.exr", pattern, row)
            self.file(f"{name}.nk", f"{folder}/scene/{name}.nk", row)
        return folder, every

    def sequence(self, base: str, name: str, frames: range | tuple[int, ...], *, told: tuple[int, int] | None) -> str:
        """A loose sequence on disk with a Version that tells its range."""
        folder = self.publish(base) / "plates"
        for frame in frames:
            write(folder / f"{name}.{frame}.exr", exr(f"{name} {frame}"))
        pattern = f"{folder}/{name}.%04d.exr"
        if told is not None:
            self.version(name, sg_path_to_frames=pattern, sg_first_frame=told[0], sg_last_frame=told[1])
        return pattern

    def claim(self, name: str, state: str, lease_seconds: float) -> bytes:
        told = {
            "schema": "onepiece.claim.1",
            "operation": f"pub-{name}",
            "scene_name": name,
            "host": "render-07",
            "user": "artist",
            "pid": 4242,
            "token": "0" * 32,
            "fence": 1,
            "state": state,
            "since": "2025-03-01T12:00:00Z",
            "lease_seconds": lease_seconds,
        }
        return json.dumps(told).encode()

    def disk_claim(self, name: str, state: str, lease_seconds: float, *, age_seconds: float) -> None:
        path = self.publish(name.rpartition("_v")[0]) / ".onepiece" / name / "claim-000001.json"
        write(path, self.claim(name, state, lease_seconds))
        now = path.parent.stat().st_mtime
        os.utime(path, (now - age_seconds, now - age_seconds))

    def fault(self, code: str, subject: object) -> None:
        self.expected.add((code, str(subject)))


def write(path: Path, data: bytes) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(data)
    os.utime(path, (OLD, OLD))
    return path


def exr(seed: str) -> bytes:
    """A sound uncompressed EXR of 2 x 2 pixels."""

    def attribute(name: str, kind: str, value: bytes) -> bytes:
        return name.encode() + b"\0" + kind.encode() + b"\0" + struct.pack("<i", len(value)) + value

    box = struct.pack("<4i", 0, 0, 1, 1)
    channels = b"".join(name + b"\0" + struct.pack("<iB3xii", 1, 0, 1, 1) for name in (b"B", b"G", b"R")) + b"\0"
    head = struct.pack("<ii", 20000630, 2)
    head += attribute("channels", "chlist", channels) + attribute("compression", "compression", b"\0")
    head += attribute("dataWindow", "box2i", box) + attribute("displayWindow", "box2i", box)
    head += attribute("lineOrder", "lineOrder", b"\0") + attribute("pixelAspectRatio", "float", struct.pack("<f", 1))
    head += attribute("screenWindowCenter", "v2f", struct.pack("<2f", 0, 0))
    head += attribute("screenWindowWidth", "float", struct.pack("<f", 1)) + b"\0"
    lines = hashlib.sha256(seed.encode()).digest()[:24]
    first = len(head) + 16
    body = b"".join(struct.pack("<ii", y, 12) + lines[12 * y : 12 * y + 12] for y in range(2))
    return head + struct.pack("<2Q", first, first + 20) + body


def manifest_of(name: str, content: dict[str, bytes], frames: tuple[int, ...]) -> bytes:
    roles = {"scene": "scene", "renders": "render", "previews": "preview"}
    files = [
        {
            "path": path,
            "role": roles[path.partition("/")[0]],
            "size_bytes": len(data),
            "xxh128": xxhash.xxh3_128_hexdigest(data),
            "mtime_ns": OLD * 1_000_000_000,
        }
        for path, data in sorted(content.items())
    ]
    render = {
        "name": f"{name}.%04d.exr",
        "role": "render",
        "pattern": f"renders/{name}.%04d.exr",
        "first": frames[0],
        "last": frames[-1],
        "frames": ",".join(map(str, frames)),
        "files": len(frames),
    }
    scene = {"name": f"{name}.nk", "role": "scene", "pattern": f"scene/{name}.nk"}
    told = {
        "schema": "onepiece.package.1",
        "operation": f"pub-{name}",
        "scene_name": name,
        "version": int(name.rpartition("_v")[2]),
        "dcc": "nuke",
        "show_code": SHOW,
        "show_type": "vfx",
        "created_at": "2025-03-01T12:00:00Z",
        "created_by": "artist@workstation",
        "tool": "plant",
        "items": [scene, render],
        "files": files,
    }
    return json.dumps(told).encode()


# Faults


def lost_movie(show: Show) -> None:
    path = write(show.publish(show.next()) / "forgotten.mov", b"\0\0\0\x08ftyp")
    show.fault("orphan.file", path)


def lost_sequence(show: Show) -> None:
    base = show.next()
    pattern = show.sequence(base, f"{base}_v001", range(1001, 1004), told=None)
    show.fault("orphan.file", pattern)


def package_without_rows(show: Show) -> None:
    folder, _ = show.package(f"{show.next()}_v001", rows=False)
    show.fault("orphan.file", folder)


def broken_package_without_rows(show: Show) -> None:
    name = f"{show.next()}_v001"
    folder, _ = show.package(name, rows=False)
    (folder / f"renders/{name}.1002.exr").unlink()
    show.s3.delete_object(Bucket=show.publishes, Key=f"{show.prefix(name)}/scene/{name}.nk")
    show.fault("orphan.file", folder)


def stored_package_without_rows(show: Show) -> None:
    name = f"{show.next()}_v001"
    folder, every = show.package(name, rows=False)
    for path in every:
        (folder / path).unlink()
    show.fault("orphan.object", show.uri(name))


def lost_object(show: Show) -> None:
    key = f"{SHOW}/drop/{show.next()}.mov"
    show.put(key, b"movie", show.vendor)
    show.fault("orphan.object", f"s3://{show.vendor}/{key}")


def lost_objects(show: Show) -> None:
    base = show.next()
    for frame in (1001, 1002):
        show.put(f"{SHOW}/drop/{base}_v001.{frame}.exr", b"frame", show.vendor)
    show.fault("orphan.object", f"s3://{show.vendor}/{SHOW}/drop/{base}_v001.%04d.exr")


def version_without_files(show: Show) -> None:
    base = show.next()
    path = f"{show.publish(base)}/gone.mov"
    row = show.version(f"{base}_v001", sg_path_to_movie=path)
    show.file("gone.mov", path, row)
    show.fault("row.no_files", f"Version {row['id']}")


def version_without_objects(show: Show) -> None:
    base = show.next()
    path = f"s3://{show.vendor}/{SHOW}/drop/{base}_v001.%04d.exr"
    row = show.version(f"{base}_v001", sg_path_to_frames=path)
    show.fault("row.no_files", f"Version {row['id']}")


def file_without_files(show: Show) -> None:
    base = show.next()
    row = show.file(f"{base}.abc", f"{show.publish(base)}/{base}.abc")
    show.fault("row.no_files", f"PublishedFile {row['id']}")


def frame_missing_on_disk(show: Show) -> None:
    name = f"{show.next()}_v001"
    folder, _ = show.package(name)
    (folder / f"renders/{name}.1002.exr").unlink()
    show.fault("frames.missing", f"{folder}/renders/{name}.%04d.exr")


def frame_missing_in_s3(show: Show) -> None:
    name = f"{show.next()}_v001"
    show.package(name)
    show.s3.delete_object(Bucket=show.publishes, Key=f"{show.prefix(name)}/renders/{name}.1001.exr")
    show.fault("frames.missing", f"{show.uri(name)}/renders/{name}.%04d.exr")


def package_missing_on_disk(show: Show) -> None:
    name = f"{show.next()}_v001"
    folder, every = show.package(name)
    for path in every:
        (folder / path).unlink()
    show.fault("frames.missing", folder)


def manifest_missing_on_disk(show: Show) -> None:
    folder, _ = show.package(f"{show.next()}_v001")
    (folder / "manifest.json").unlink()
    show.fault("frames.missing", folder / "manifest.json")


def manifest_missing_in_s3(show: Show) -> None:
    name = f"{show.next()}_v001"
    show.package(name)
    show.s3.delete_object(Bucket=show.publishes, Key=f"{show.prefix(name)}/manifest.json")
    show.fault("frames.missing", f"{show.uri(name)}/manifest.json")


def loose_frame_missing(show: Show) -> None:
    base = show.next()
    show.fault("frames.missing", show.sequence(base, f"{base}_v001", (1001, 1003, 1004), told=(1001, 1004)))


def delivered_frame_missing(show: Show) -> None:
    base = show.next()
    for frame in (1001, 1003):
        show.put(f"{SHOW}/drop/{base}_v001.{frame}.exr", b"frame", show.vendor)
    uri = f"s3://{show.vendor}/{SHOW}/drop/{base}_v001.%04d.exr"
    show.version(f"{base}_v001", sg_path_to_frames=uri, frame_range="1001-1003")
    show.fault("frames.missing", uri)


def frame_cut_on_disk(show: Show) -> None:
    name = f"{show.next()}_v001"
    folder, every = show.package(name)
    write(folder / f"renders/{name}.1003.exr", every[f"renders/{name}.1003.exr"][:-9])
    show.fault("frames.truncated", f"{folder}/renders/{name}.%04d.exr")


def frame_empty_in_s3(show: Show) -> None:
    name = f"{show.next()}_v001"
    show.package(name)
    show.put(f"{show.prefix(name)}/renders/{name}.1003.exr", b"")
    show.fault("frames.truncated", f"{show.uri(name)}/renders/{name}.%04d.exr")


def loose_frame_cut(show: Show) -> None:
    base = show.next()
    pattern = show.sequence(base, f"{base}_v001", range(1001, 1004), told=(1001, 1003))
    write(Path(pattern % 1002), exr("cut")[:-5])
    show.fault("frames.truncated", pattern)


def scene_grew_on_disk(show: Show) -> None:
    name = f"{show.next()}_v001"
    folder, _ = show.package(name)
    write(folder / f"scene/{name}.nk", b"somebody saved over it, and it is longer now")
    show.fault("size.differs", folder / f"scene/{name}.nk")


def scene_grew_in_s3(show: Show) -> None:
    name = f"{show.next()}_v001"
    show.package(name)
    show.put(f"{show.prefix(name)}/scene/{name}.nk", b"somebody saved over it, and it is longer now")
    show.fault("size.differs", f"{show.uri(name)}/scene/{name}.nk")


def bytes_flipped_on_disk(show: Show) -> None:
    name = f"{show.next()}_v001"
    folder, every = show.package(name)
    data = every[f"renders/{name}.1002.exr"]
    write(folder / f"renders/{name}.1002.exr", data[:-1] + bytes([data[-1] ^ 1]))
    show.fault("hash.differs", f"{folder}/renders/{name}.%04d.exr")


def bytes_flipped_in_s3(show: Show) -> None:
    name = f"{show.next()}_v001"
    _, every = show.package(name)
    data = every[f"scene/{name}.nk"]
    show.put(f"{show.prefix(name)}/scene/{name}.nk", data[::-1])
    show.fault("hash.differs", f"{show.uri(name)}/scene/{name}.nk")


def path_of_another_show(show: Show) -> None:
    path = f"{show.shows}/OTHER/ep010/{show.next()}_v001.mov"
    show.version(f"{show.next()}_v001", sg_path_to_movie=path)
    show.fault("root.wrong", path)


def path_of_another_system(show: Show) -> None:
    path = f"X:\\projects\\FG\\{show.next()}_v001.mov"
    show.version(f"{show.next()}_v001", sg_path_to_movie=path)
    show.fault("root.wrong", path)


def path_of_an_old_mount(show: Show) -> None:
    base = show.next()
    real = write(show.publish(base) / f"{base}_v001.exr", exr(base))
    show.file(f"{base}_v001.exr", str(real))
    path = f"/mnt/old/{real.relative_to(show.shows)}"
    show.version(f"{base}_v001", sg_path_to_frames=path)
    show.fault("root.wrong", path)


def version_twice(show: Show) -> None:
    name = f"{show.next()}_v001"
    folder, _ = show.package(name)
    show.version(name, sg_path_to_frames=f"{folder}/renders/{name}.%04d.exr")
    show.fault("row.duplicate", f"Version {name}")


def file_twice(show: Show) -> None:
    name = f"{show.next()}_v001"
    folder, _ = show.package(name)
    row = show.sg.find_one("Version", [["project", "is", show.project], ["code", "is", name]])
    show.file(f"{name}.nk", f"{folder}/scene/{name}.nk", row)
    show.fault("row.duplicate", f"PublishedFile {name}.nk")


def version_nowhere(show: Show) -> None:
    base = show.next()
    show.package(f"{base}_v001")
    show.package(f"{base}_v003")
    show.fault("version.gap", base)


def still_working(show: Show) -> None:
    name = f"{show.next()}_v001"
    show.package(name, status="ip")
    row = show.sg.find_one("Version", [["project", "is", show.project], ["code", "is", name]])
    show.fault("status.stale", f"Version {row['id']}")


def still_in_review(show: Show) -> None:
    base = show.next()
    show.package(f"{base}_v001", status="rev")
    show.package(f"{base}_v002", status="apr")
    row = show.sg.find_one("Version", [["project", "is", show.project], ["code", "is", f"{base}_v001"]])
    show.fault("status.stale", f"Version {row['id']}")


def abandoned_on_disk(show: Show) -> None:
    name = f"{show.next()}_v001"
    show.disk_claim(name, "held", 120, age_seconds=100_000)
    show.fault("operation.unfinished", show.publish(name.rpartition("_v")[0]) / name)


def abandoned_in_s3(show: Show) -> None:
    name = f"{show.next()}_v001"
    show.put(f"{show.prefix(name)}/.onepiece/claim.json", show.claim(name, "released", 120))
    show.fault("operation.unfinished", show.uri(name))


# Look-alikes


def sound_package(show: Show) -> None:
    show.package(f"{show.next()}_v001")


def junk(show: Show) -> None:
    folder = show.publish(show.next())
    for name in (".DS_Store", "Thumbs.db", "comp.mov.part", "._comp.exr", "comp.exr~"):
        write(folder / name, b"junk")


def thumbnail(show: Show) -> None:
    folder = show.publish(show.next())
    write(folder / "thumbnails" / "comp.jpg", b"\xff\xd8\xff")
    write(folder / "comp_thumb.png", b"\x89PNG")


def notes_and_scenes(show: Show) -> None:
    folder = show.publish(show.next())
    for name in ("notes.txt", "comp_v001.nk", "anim_v001.ma", "cut.edl", "README.md", "comp.gizmo"):
        write(folder / name, b"text")


def loose_and_whole(show: Show) -> None:
    base = show.next()
    show.sequence(base, f"{base}_v001", range(1001, 1005), told=(1001, 1004))


def named_by_one_frame(show: Show) -> None:
    base = show.next()
    pattern = show.sequence(base, f"{base}_v001", range(1001, 1004), told=None)
    show.version(f"{base}_v001", sg_path_to_frames=pattern % 1001)


def being_published(show: Show) -> None:
    name = f"{show.next()}_v001"
    show.disk_claim(name, "held", 86_400, age_seconds=0)
    show.put(f"{show.prefix(name)}/.onepiece/claim.json", show.claim(name, "held", 86_400))
    show.put(f"{show.prefix(name)}/renders/{name}.1001.exr", b"on its way")


def finished_claims(show: Show) -> None:
    name = f"{show.next()}_v001"
    show.package(name)
    show.disk_claim(name, "finished", 120, age_seconds=100_000)
    show.put(f"{show.prefix(name)}/.onepiece/claim.json", show.claim(name, "finished", 120))


def discarded_claim(show: Show) -> None:
    show.disk_claim(f"{show.next()}_v001", "discarded", 120, age_seconds=100_000)


def uploaded_only(show: Show) -> None:
    show.version(f"{show.next()}_v001")


def retired_without_files(show: Show) -> None:
    base = show.next()
    row = show.version(f"{base}_v001", sg_path_to_movie=f"{show.publish(base)}/gone.mov")
    show.sg.delete("Version", row["id"])


def retired_with_files(show: Show) -> None:
    base = show.next()
    path = write(show.publish(base) / f"{base}_v001.mov", b"\0\0\0\x08ftyp")
    row = show.version(f"{base}_v001", sg_path_to_movie=str(path))
    show.sg.delete("Version", row["id"])


def in_s3_alone(show: Show) -> None:
    base = show.next()
    uri = f"s3://{show.vendor}/{SHOW}/drop/{base}_v001.%04d.exr"
    for frame in (1001, 1002):
        show.put(f"{SHOW}/drop/{base}_v001.{frame}.exr", b"frame", show.vendor)
    row = show.version(f"{base}_v001", sg_path_to_frames=uri, sg_first_frame=1001, sg_last_frame=1002)
    show.file(f"{base}_v001.%04d.exr", uri, row)


def drop_folder_named_as_its_version(show: Show) -> None:
    name = f"{show.next()}_v001"
    uri = f"s3://{show.vendor}/{SHOW}/drop/{name}/{name}.%04d.exr"
    for frame in (1001, 1002):
        show.put(f"{SHOW}/drop/{name}/{name}.{frame}.exr", b"frame", show.vendor)
    show.version(name, sg_path_to_frames=uri, frame_range="1001-1002")


def holes_in_the_manifest(show: Show) -> None:
    show.package(f"{show.next()}_v001", frames=(1001, 1003, 1007))


def holes_that_were_agreed(show: Show) -> None:
    base = show.next()
    pattern = show.sequence(base, f"{base}_v001", (1001, 1003, 1005), told=None)
    show.version(f"{base}_v001", sg_path_to_frames=pattern, sg_first_frame=1001, sg_last_frame=1005, frame_count=3)


def tiles(show: Show) -> None:
    base = show.next()
    for tile in (1001, 1002, 1011):
        write(show.publish(base) / f"skin_v001.{tile}.tx", b"tile")
    show.file("skin", f"{show.publish(base)}/skin_v001.<UDIM>.tx")


def begins_at_five(show: Show) -> None:
    base = show.next()
    show.package(f"{base}_v005")
    show.package(f"{base}_v006")


def gap_of_a_retired_row(show: Show) -> None:
    base = show.next()
    show.package(f"{base}_v001")
    show.package(f"{base}_v003")
    row = show.version(f"{base}_v002")
    show.sg.delete("Version", row["id"])


def gap_of_a_publish(show: Show) -> None:
    base = show.next()
    show.package(f"{base}_v001")
    show.package(f"{base}_v003")
    show.disk_claim(f"{base}_v002", "held", 86_400, age_seconds=0)


def same_code_elsewhere(show: Show) -> None:
    name = f"{show.next()}_v001"
    folder, _ = show.package(name)
    path = f"{folder}/renders/{name}.%04d.exr"
    show.sg.create("Version", {"project": show.other, "code": name, "sg_path_to_frames": path})


def same_code_twice_without_files(show: Show) -> None:
    name = f"{show.next()}_v001"
    show.version(name)
    show.version(name)


def two_versions(show: Show) -> None:
    base = show.next()
    show.package(f"{base}_v001", status="apr")
    show.package(f"{base}_v002", status="rev")


def working_and_not_there(show: Show) -> None:
    show.version(f"{show.next()}_v001", sg_status_list="ip")


def path_of_a_mapped_system(show: Show) -> None:
    base = show.next()
    real = write(show.publish(base) / f"{base}_v001.exr", exr(base))
    windows = "P:\\shows\\" + str(real.relative_to(show.shows)).replace("/", "\\")
    show.version(f"{base}_v001", sg_path_to_frames=windows)


def unlisted_notes_in_a_package(show: Show) -> None:
    folder, _ = show.package(f"{show.next()}_v001")
    write(folder / "notes.txt", b"mind the grain")
    write(folder / "thumbnail.jpg", b"\xff\xd8\xff")


def upper_case_frames(show: Show) -> None:
    base = show.next()
    for frame in (1, 2, 3):
        write(show.publish(base) / f"{base}_v001.{frame:04d}.EXR", exr(f"{base} {frame}"))
    show.version(f"{base}_v001", sg_path_to_frames=f"{show.publish(base)}/{base}_v001.####.EXR")


FAULTS: tuple[Callable[[Show], None], ...] = (
    lost_movie,
    lost_sequence,
    package_without_rows,
    broken_package_without_rows,
    stored_package_without_rows,
    lost_object,
    lost_objects,
    version_without_files,
    version_without_objects,
    file_without_files,
    frame_missing_on_disk,
    frame_missing_in_s3,
    package_missing_on_disk,
    manifest_missing_on_disk,
    manifest_missing_in_s3,
    loose_frame_missing,
    delivered_frame_missing,
    frame_cut_on_disk,
    frame_empty_in_s3,
    loose_frame_cut,
    scene_grew_on_disk,
    scene_grew_in_s3,
    bytes_flipped_on_disk,
    bytes_flipped_in_s3,
    path_of_another_show,
    path_of_another_system,
    path_of_an_old_mount,
    version_twice,
    file_twice,
    version_nowhere,
    still_working,
    still_in_review,
    abandoned_on_disk,
    abandoned_in_s3,
)
ALIKES: tuple[Callable[[Show], None], ...] = (
    sound_package,
    junk,
    thumbnail,
    notes_and_scenes,
    loose_and_whole,
    named_by_one_frame,
    being_published,
    finished_claims,
    discarded_claim,
    uploaded_only,
    retired_without_files,
    retired_with_files,
    in_s3_alone,
    drop_folder_named_as_its_version,
    holes_in_the_manifest,
    holes_that_were_agreed,
    tiles,
    begins_at_five,
    gap_of_a_retired_row,
    gap_of_a_publish,
    same_code_elsewhere,
    same_code_twice_without_files,
    two_versions,
    working_and_not_there,
    path_of_a_mapped_system,
    unlisted_notes_in_a_package,
    upper_case_frames,
)


def plant(show: Show, faults: int, alikes: int) -> set[tuple[str, str]]:
    """Plant so many of each, of every kind in turn; what should be found."""
    for number in range(max(faults, alikes)):
        if number < faults:
            FAULTS[number % len(FAULTS)](show)
        if number < alikes:
            ALIKES[number % len(ALIKES)](show)
    assert len(show.expected) == faults, "a fault was planted twice"
    return show.expected


# The world as it is, to compare it with itself


def tree_of(show: Show) -> dict[str, tuple[int, bytes]]:
    """Every file but what is parked: its time stamp and bytes."""
    return {
        str(path.relative_to(show.shows)): (path.stat().st_mtime_ns, path.read_bytes())
        for path in show.shows.rglob("*")
        if path.is_file() and "/.onepiece/parked/" not in str(path)
    }


def objects_of(show: Show) -> dict[str, tuple[str, int, dict[str, str]]]:
    """Every object but what is parked: its etag, size and metadata."""
    found = {}
    for bucket in (show.publishes, show.vendor):
        for page in show.s3.get_paginator("list_objects_v2").paginate(Bucket=bucket):
            for row in page.get("Contents", ()):
                if "/.onepiece/parked/" not in f"/{row['Key']}":
                    told = show.s3.head_object(Bucket=bucket, Key=row["Key"])["Metadata"]
                    kept = {name: value for name, value in told.items() if name == "xxh128"}
                    found[f"{bucket}/{row['Key']}"] = (row["ETag"], row["Size"], kept)
    return found


def rows_of(show: Show) -> dict[str, Any]:
    """Every live row of the project with the fields that a repair may change."""
    fields = ["code", "sg_status_list", "sg_path_to_frames", "sg_path_to_movie", "path_cache", "version"]
    found: dict[str, Any] = {}
    for kind in ("Version", "PublishedFile"):
        for row in show.sg.find(kind, [["project", "is", show.project]], fields):
            found[f"{kind} {row['id']}"] = {name: str(row.get(name)) for name in fields}
    links = show.sg.find("PublishedFileDependency", [["published_file.PublishedFile.project", "is", show.project]])
    return {**found, **{f"link {row['id']}": "" for row in links}}


def world_of(show: Show) -> dict[str, Any]:
    """Files, objects and rows together."""
    return {"files": tree_of(show), "objects": objects_of(show), "rows": rows_of(show)}
