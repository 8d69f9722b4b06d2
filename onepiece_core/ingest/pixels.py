"""Black frames and broken numbers, where the preset asks for it: each frame is read as a whole."""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor

from onepiece_core.errors import MediaError
from onepiece_core.frames import format_ranges
from onepiece_core.ingest.items import frame_of
from onepiece_core.ingest.model import DropFile, DropItem
from onepiece_core.media.pixels import PixelState, look_at_pixels
from onepiece_core.media.probe import kind_of
from onepiece_core.progress import Progress, Reporter
from onepiece_core.rules.ingest_codes import found

_THREADS = 4
_STILLS = frozenset({"exr", "png", "jpeg", "tiff", "dpx"})


def check_pixels(items: Sequence[DropItem], reporter: Reporter) -> None:
    """Raises ExtraMissing."""
    chosen = [item for item in items if kind_of(item.pattern) in _STILLS and not item.is_refused]
    total, done = sum(len(item.files) for item in chosen), 0
    with ThreadPoolExecutor(_THREADS, thread_name_prefix="pixels") as pool:
        try:
            for item in chosen:
                states = []
                for state in pool.map(_look, item.files):
                    states.append(state)
                    done += 1
                    reporter.step(Progress(operation="ingest", phase="pixels", done=done, total=total))
                _say(item, states)
        finally:
            pool.shutdown(cancel_futures=True)


def _look(file: DropFile) -> PixelState | None:
    """None for what no library reads: its structure was found sound."""
    try:
        return look_at_pixels(file.path)
    except MediaError:
        return None


def _say(item: DropItem, states: Sequence[PixelState | None]) -> None:
    broken = [index for index, state in enumerate(states) if state and state.not_finite]
    black = [index for index, state in enumerate(states) if state and state.flat and not any(state.flat)]
    flat = [index for index, state in enumerate(states) if state and state.flat and any(state.flat)]
    told = (
        ("media.not_finite", broken, "holds pixels that are NaN or infinite"),
        ("media.black", black, "is black"),
        ("media.black", flat, "is of one colour"),
    )
    for code, indexes, message in told:
        if indexes:
            frames = format_ranges(number for index in indexes if (number := frame_of(item, index)) is not None)
            where = f"frames {frames.replace(',', ', ')}: " if frames else ""
            item.problems.append(found(code, f"{where}it {message}", frames=frames or None))
