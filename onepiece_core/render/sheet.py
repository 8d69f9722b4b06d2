"""A contact sheet of what a job has rendered so far."""

from __future__ import annotations

from pathlib import Path

from onepiece_core.errors import RenderInvalid
from onepiece_core.frames import parse_ranges
from onepiece_core.sequences import Sequence, scan
from onepiece_core.shown import shown

_SUFFIXES = {".exr", ".png", ".jpg", ".jpeg", ".tif", ".tiff", ".dpx", ".tga", ".hdr", ".webp", ".cin"}


def rendered_frames(output: Path, frames: str) -> list[tuple[int, Path]]:
    """The frames of the job that are there, in order; of several sequences in the folder the longest.

    ``output`` is the job's folder, or the pattern of one frame's name in it.
    """
    is_folder = output.is_dir()
    folder = output if is_folder else output.parent
    wanted = set(parse_ranges(frames)) if frames else None
    try:
        names = [path.name for path in folder.iterdir() if path.suffix.lower() in _SUFFIXES]
    except OSError:
        return []
    start = "" if is_folder else output.name.partition("#")[0].partition("%")[0]
    found = scan(name for name in names if name.startswith(start))
    longest: list[tuple[int, Path]] = []
    for sequence in found.sequences:
        have = _of(sequence, folder, wanted)
        longest = have if len(have) > len(longest) else longest
    return longest


def write_sheet(output: Path, frames: str, target: Path, *, title: str, most: int = 24) -> int:
    """Write the sheet with at most ``most`` frames, evenly spread, and tell how many are rendered.

    Raises RenderInvalid when none is; MediaError, ExtraMissing, OSError.
    """
    from onepiece_core.media.contact_sheet import write_contact_sheet

    found = rendered_frames(output, frames)
    if not found:
        raise RenderInvalid(f"No frame is in {shown(output)} yet", output=shown(output))
    step = max(1, -(-len(found) // most))
    tiles = [(path, str(frame)) for frame, path in found[::step]]
    write_contact_sheet(tiles, target, title=title)
    return len(found)


def _of(sequence: Sequence, folder: Path, wanted: set[int] | None) -> list[tuple[int, Path]]:
    pairs = zip(sequence.frames, sequence.names, strict=True)
    return [(frame, folder / name) for frame, name in pairs if wanted is None or frame in wanted]
