"""Delivery presets: what a client wants to get, told in TOML."""

from __future__ import annotations

from typing import Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from onepiece_core.deliver.model import MediaKind
from onepiece_core.manifest.drop_mapping import preset_error, read_preset

DEFAULT = "studio"
KIND = "deliveries"


class DeliveryPreset(BaseModel):
    """What is delivered, and how.

    Attributes:
        title: for people.
        statuses: of Versions that count as approved.
        media: of a Version's two paths, those that are delivered.
        needs: media that a Version must have.
        extensions: endings that the client takes; empty: all.
        hashes: checksums beside xxh128 and xxh64.
        require_hash: a Version without a recorded hash is refused.
        naming: template of the paths in the delivery.
        first_frame: what ``--renumber`` starts at.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    title: str = ""
    statuses: list[str] = ["apr"]
    media: list[MediaKind] = ["frames", "movie"]
    needs: list[MediaKind] = []
    extensions: list[str] = []
    hashes: list[Literal["md5", "sha1", "sha256"]] = []
    require_hash: bool = False
    naming: str | None = None
    first_frame: int = Field(1001, ge=0, le=9_999_999)


def load_preset(name: str) -> DeliveryPreset:
    """A preset by its path, or by the name of one that is shipped. Raises ConfigError."""
    try:
        return DeliveryPreset.model_validate(read_preset(name, KIND))
    except ValidationError as cause:
        raise preset_error(name, cause) from cause
