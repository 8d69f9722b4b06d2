"""JSON that nobody would think of, for the fields of a request and beside them."""

from __future__ import annotations

import json
from collections import Counter
from pathlib import Path
from typing import Any

import httpx
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import seed as seeded
from hypothesis import strategies as st

from onepiece_core.render.request import RenderRequest
from tests.support.trafalgar import job_body, make_folder, serving
from tests.torture.server_kills import CONFIG

_CHECK = "/render/v1/jobs/check"
# json writes lone surrogates as escapes: legal JSON that is no text.
_TEXT = st.text(st.characters(codec=None), max_size=30)
_SCALARS = st.none() | st.booleans() | st.integers() | st.floats() | _TEXT
_JSON = st.recursive(
    _SCALARS, lambda inner: st.lists(inner, max_size=4) | st.dictionaries(_TEXT, inner, max_size=4), max_leaves=12
)
_FIELDS = st.sampled_from(sorted(RenderRequest.model_fields))
_BODIES = st.one_of(
    _JSON,
    st.dictionaries(_FIELDS, _JSON, max_size=6),
    st.dictionaries(_FIELDS, _JSON, min_size=1, max_size=2).map(lambda some: {**job_body(), **some}),
    st.tuples(st.sampled_from(("frames", "output", "scene", "name", "farm", "template")), _TEXT).map(
        lambda pair: {**job_body(), pair[0]: pair[1]}
    ),
)


def try_odd_bodies(root: Path, count: int, seed: int) -> Counter[str]:
    make_folder(root, CONFIG)
    with serving(root) as (_, client):
        return send_odd_bodies(client, count, seed)


def send_odd_bodies(client: httpx.Client, count: int, seed: int) -> Counter[str]:
    """``count`` bodies; how they were answered. Raises AssertionError for what is a mistake of the server."""
    answers = Counter[str]()

    @settings(
        max_examples=count,
        deadline=None,
        database=None,
        phases=[Phase.generate, Phase.shrink],
        suppress_health_check=list(HealthCheck),
    )
    @seeded(seed)
    @given(body=_BODIES)
    def send(body: Any) -> None:
        answer = client.post(_CHECK, content=json.dumps(body), headers={"Content-Type": "application/json"})
        told = answer.json()
        code = "taken" if answer.status_code == 200 else told["error"]["code"]
        assert answer.status_code == 200 or 400 <= answer.status_code < 500, (body, answer.text)
        answers[f"{answer.status_code} {code}"] += 1

    send()
    return answers
