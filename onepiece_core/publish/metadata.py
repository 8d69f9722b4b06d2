"""The ``--metadata`` file of a publish."""

from __future__ import annotations

from pathlib import Path
from typing import Any


def load_metadata(path: Path) -> dict[str, Any]:
    """The facts in ``path``: a JSON object, or a CSV of ``key,value`` rows. Raises MetadataInvalid."""
    raise NotImplementedError
