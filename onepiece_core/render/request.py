"""What somebody asks to be rendered: the body of ``POST /render/v1/jobs`` and of ``onepiece render submit``."""

from __future__ import annotations

from typing import Annotated, Self

from pydantic import BaseModel, ConfigDict, Field, StringConstraints, model_validator

ShortText = Annotated[str, StringConstraints(min_length=1, max_length=200, pattern=r"^[^\x00-\x1f\x7f]*$")]
PathText = Annotated[str, StringConstraints(min_length=1, max_length=4096, pattern=r"^[^\x00-\x1f\x7f]*$")]
ParameterValue = Annotated[str, StringConstraints(max_length=4096)] | int | float | bool


class RenderRequest(BaseModel):
    """A job as it is asked for. Paths are ``root:relative`` or absolute, and lie in the settings' roots.

    Attributes:
        dcc: the DCC whose template is taken: ``blender``; or give ``template``.
        template: name of a template: ``blender``, ``command`` or one of the studio's own.
        frames: ``1001-1010``, ``1-10x2``, ``1,5,7-9``; left out, what the scene says or a job without frames.
        output: folder, or pattern with ``####`` or ``%04d``, of the frames.
        farm: left out, the settings' ``render.farm``.
        priority: 0 to 100, 100 the most urgent; left out, the farm's default.
        chunk_size: frames of one task; left out, the farm's default.
        max_attempts: how often a task is tried.
        depends_on: ids of jobs that must succeed first, of the same farm.
        parameters: values of the template's further parameters.
        environment: variables of every task.
        requirements: what a host must have: ``{"cpus": 4, "memory_mib": 8192, "gpus": 1}``.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)

    dcc: ShortText | None = None
    template: ShortText | None = None
    name: ShortText | None = None
    scene: PathText | None = None
    frames: Annotated[str, StringConstraints(max_length=2000)] | None = None
    output: PathText | None = None
    farm: ShortText | None = None
    priority: int | None = None
    chunk_size: int | None = None
    max_attempts: int = Field(1, ge=1, le=100)
    timeout_seconds: int | None = Field(None, ge=1, le=31 * 86400)
    hold: bool = False
    show_code: ShortText | None = None
    user: ShortText | None = None
    parameters: dict[ShortText, ParameterValue] = Field({}, max_length=100)
    environment: dict[ShortText, Annotated[str, StringConstraints(max_length=4096)]] = Field({}, max_length=100)
    requirements: dict[ShortText, int] = Field({}, max_length=20)
    depends_on: list[ShortText] = Field([], max_length=100)

    @model_validator(mode="after")
    def _names_a_template(self) -> Self:
        if (self.dcc is None) == (self.template is None):
            raise ValueError("give one of dcc and template")
        return self

    @property
    def template_name(self) -> str:
        return self.template or self.dcc or ""
