"""What a farm can do, as data: front ends show only what will work."""

from __future__ import annotations

from typing import Literal

from pydantic import BaseModel, Field

# What the tests of an engine prove: the engine itself ran; its own client or protocol ran against a loopback server;
# only what its documents say was checked.
Proof = Literal["real", "wire-tested", "documented shape"]


class Range(BaseModel, frozen=True):
    """Whole numbers that a farm takes, both ends included."""

    minimum: int
    maximum: int
    default: int


class Capabilities(BaseModel, frozen=True):
    """What a farm can do. What is False is refused with ``adapter.not_implemented``, cancelling excepted.

    Attributes:
        priority: None: the farm knows no priorities. 100 is the most urgent everywhere.
        chunking: frames of one task; None: one frame a task.
        cancellation: False: ``adapter.cancellation_unsupported``.
        task_progress: percents within one task.
    """

    priority: Range | None = Range(minimum=0, maximum=100, default=50)
    chunking: Range | None = Range(minimum=1, maximum=10_000, default=1)
    cancellation: bool = True
    task_cancellation: bool = False
    retry: bool = True
    hold: bool = True
    change_priority: bool = True
    dependencies: bool = True
    logs: bool = True
    task_progress: bool = False
    check: bool = True
    proof: Proof = Field("documented shape", description="What the tests of this engine prove.")
