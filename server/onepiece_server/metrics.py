"""The state of the service as Prometheus reads it (text exposition format 0.0.4)."""

from __future__ import annotations

from collections.abc import Iterator

from onepiece_core.render.model import JobMetrics, StoreHealth

CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8"


def exposition(metrics: JobMetrics, health: StoreHealth | None, *, are_keys_current: bool) -> str:
    lines = [*_jobs(metrics), *(() if health is None else _record(health))]
    told = "0 while the file of keys is broken and older keys are in force."
    lines += number("trafalgar_keys_current", "gauge", told, int(are_keys_current))
    return "\n".join(lines) + "\n"


def _jobs(metrics: JobMetrics) -> Iterator[str]:
    yield "# HELP trafalgar_jobs Render jobs in the record."
    yield "# TYPE trafalgar_jobs gauge"
    for farm, states in sorted(metrics.by_farm.items()):
        for state, number in sorted(states.items()):
            yield f'trafalgar_jobs{{farm="{label(farm)}",status="{state}"}} {number}'
    yield "# HELP trafalgar_tasks Farm tasks of jobs that have not ended."
    yield "# TYPE trafalgar_tasks gauge"
    for task, number in sorted(metrics.tasks.items()):
        yield f'trafalgar_tasks{{status="{task}"}} {number}'


def _record(health: StoreHealth) -> Iterator[str]:
    numbers = {
        "trafalgar_history_size": ("gauge", "Jobs in the record.", health.history_size),
        "trafalgar_pending_jobs": ("gauge", "Accepted jobs that no farm has yet.", health.pending),
        "trafalgar_pruned_by_retention_total": ("counter", "Jobs forgotten for their age.", health.pruned_by_retention),
        "trafalgar_pruned_by_limit_total": ("counter", "Jobs forgotten for their number.", health.pruned_by_limit),
        "trafalgar_record_writable": ("gauge", "1 while the record can be written.", int(health.is_writable)),
    }
    for name, (kind, told, value) in numbers.items():
        yield from number(name, kind, told, value)


def number(name: str, kind: str, told: str, value: float) -> tuple[str, str, str]:
    return f"# HELP {name} {told}", f"# TYPE {name} {kind}", f"{name} {value}"


def label(text: str) -> str:
    return text.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")
