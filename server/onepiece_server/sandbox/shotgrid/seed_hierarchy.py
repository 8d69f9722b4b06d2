"""The seeded show's people, pictures, assets, episodes, sequences, cuts, shots and tasks."""

from __future__ import annotations

import io
from typing import Any

from onepiece_server.sandbox.shotgrid import seed_pictures
from onepiece_server.sandbox.shotgrid.seed_bulk import Pair
from onepiece_server.sandbox.shotgrid.seed_plan import (
    ASSET_TASKS,
    SHOT_TASKS,
    SHOTS_PER_SEQUENCE,
    SPAN_DAYS,
    Step,
    day_of,
)
from onepiece_server.sandbox.shotgrid.seed_staff import TEAMS, Making, login_of

FIRST_FRAME = 1001
HANDLES = 8
LAST_FRAME_OF_ASSET = 1100


def make_studio(making: Making, _: Step) -> None:
    """Who is missing on the site, and the pictures."""
    when = day_of(making.plan.first_day)
    people = _people(making, when)
    making.bulk.link(making.project, "users", people)
    if making.plan.request.thumbnails:
        _pictures(making, when)


def make_assets(making: Making, step: Step) -> None:
    """Assets with their tasks."""
    when = day_of(making.plan.first_day)
    for index in range(step.first, step.end):
        _asset(making, index, when)


def _people(making: Making, when: str) -> list[Pair | None]:
    people: list[Pair | None] = []
    for team, names in TEAMS.items():
        department = making.staff.departments.get(team)
        if department is None:
            values = {"name": team, "code": team.lower()}
            department = making.bulk.add("Department", when, making.staff.script, values)
        for name in names:
            first, last = name.split()
            login = login_of(name)
            values = {"firstname": first, "lastname": last, "login": login, "email": f"{login}@example.com"}
            known = making.staff.people.get(login)
            people.append(
                known or making.bulk.add("HumanUser", when, making.staff.script, values | {"department": department})
            )
    return people


def _pictures(making: Making, when: str) -> None:
    """A handful of pictures that Versions, shots and assets share."""
    for index, content in enumerate(seed_pictures.pictures(making.plan.request.seed)):
        values = {"project": making.project, "display_name": f"still_{index + 1:02d}.png"}
        made = making.bulk.add("Attachment", when, making.staff.script, values, is_told=False)
        if made is not None:
            _keep_picture(making, made[1], content)


def _keep_picture(making: Making, attachment_id: int, content: bytes) -> None:
    name = making.site.files.new_name()
    making.site.files.save(name, io.BytesIO(content))
    making.connection.execute(
        'INSERT INTO "__thumbnails" (attachment_id, file, ready_at, seen) VALUES (?,?,0,1)', [attachment_id, name]
    )


def picture_of(making: Making, number: int) -> int | None:
    if not making.plan.request.thumbnails:
        return None
    made = making.made("Attachment", number % seed_pictures.COUNT)
    return made[1] if made else None


def _asset(making: Making, index: int, when: str) -> None:
    kind, code = making.plan.asset(index)
    status = "fin" if index % 3 else "ip"
    values = {"project": making.project, "code": code, "sg_asset_type": kind, "sg_status_list": status}
    asset = making.bulk.add("Asset", when, making.staff.script, values)
    for order, (name, *_rest) in enumerate(ASSET_TASKS):
        _task(making, asset, name, index * len(ASSET_TASKS) + order, when)


def make_shots(making: Making, step: Step) -> None:
    """Shots ``step.first`` to ``step.end``, and each episode and sequence that begins among them."""
    random = making.plan.random(step)
    when = day_of(making.plan.first_day, step.first // 100)
    parents = _Parents(making, when)
    for index in range(step.first, step.end):
        place = making.plan.place(index)
        length = random.randrange(24, 160)
        first = FIRST_FRAME + HANDLES
        last = first + length - 1
        sequence, cut = parents.of(index)
        values = {
            "project": making.project,
            "code": place.code,
            "sg_sequence": sequence,
            "sg_status_list": random.choice(("ip", "ip", "ip", "fin", "wtg", "hld")),
            "sg_shot_type": random.choice(("VFX", "VFX", "Full CG")),
            "sg_head_in": FIRST_FRAME,
            "sg_cut_in": first,
            "sg_cut_out": last,
            "sg_tail_out": last + HANDLES,
            "sg_cut_duration": length,
            "sg_working_duration": length + 2 * HANDLES,
            "sg_cut_order": place.number + 1,
            "image": picture_of(making, index),
        }
        shot = making.bulk.add("Shot", when, making.staff.script, values)
        _cut_item(making, when, place.code, shot, cut, (first, last, place.number + 1))
        for asset in sorted(random.sample(range(making.plan.assets), 3)):
            ends = {"shot": shot, "asset": making.made("Asset", asset)}
            making.bulk.add("AssetShotConnection", when, making.staff.script, ends)
        for order, (name, *_rest) in enumerate(SHOT_TASKS):
            _task(making, shot, name, making.plan.asset_tasks + index * len(SHOT_TASKS) + order, when)


class _Parents:
    """The sequence and the cut of a shot: made with its first shot, found again with the others."""

    def __init__(self, making: Making, when: str) -> None:
        self._making, self._when = making, when
        self._new: dict[tuple[str, int], Pair | None] = {}

    def of(self, shot: int) -> tuple[Pair | None, Pair | None]:
        sequence = shot // SHOTS_PER_SEQUENCE
        if shot % SHOTS_PER_SEQUENCE == 0:
            self._begin_sequence(shot, sequence)
        return self._found("Sequence", sequence), self._found("Cut", sequence)

    def _found(self, kind: str, index: int) -> Pair | None:
        return self._new[kind, index] if (kind, index) in self._new else self._making.made(kind, index)

    def _begin_sequence(self, shot: int, sequence: int) -> None:
        place = self._making.plan.place(shot)
        before = self._making.plan.place(shot - 1) if shot else None
        if before is None or before.episode != place.episode:
            self._new["Episode", place.episode] = self._add("Episode", {"code": place.episode_code})
        episode = self._found("Episode", place.episode)
        made = self._add("Sequence", {"code": place.sequence_code, "episode": episode})
        code = f"{place.sequence_code}_cut_v001"
        self._new["Sequence", sequence] = made
        self._new["Cut", sequence] = self._add("Cut", {"code": code, "entity": made, "revision_number": 1, "fps": 24.0})

    def _add(self, kind: str, values: dict[str, Any]) -> Pair | None:
        values = {"project": self._making.project, "sg_status_list": "ip", **values}
        return self._making.bulk.add(kind, self._when, self._making.staff.script, values)


def _cut_item(
    making: Making, when: str, code: str, shot: Pair | None, cut: Pair | None, cut_range: tuple[int, int, int]
) -> None:
    first, last, order = cut_range
    values = {
        "project": making.project,
        "code": code,
        "cut": cut,
        "shot": shot,
        "cut_order": order,
        "cut_item_in": first,
        "cut_item_out": last,
        "cut_item_duration": last - first + 1,
    }
    making.bulk.add("CutItem", when, making.staff.script, values)


def _task(making: Making, entity: Pair | None, name: str, number: int, when: str) -> None:
    """Task ``number`` of the show, with the status that its Versions will leave it in."""
    begins = {known: (order, begin) for order, (known, _, begin) in enumerate((*ASSET_TASKS, *SHOT_TASKS))}
    order, begin = begins[name]
    versions = making.schedule.totals[number]
    # Whoever is through after so many attempts: about half of them.
    status = "wtg" if not versions else ("fin", "apr", "rev", "ip")[number % 4]
    start = int(begin * SPAN_DAYS * 0.6)
    values = {
        "project": making.project,
        "entity": entity,
        "content": name,
        "step": making.staff.steps.get(name),
        "sg_status_list": status,
        "sg_sort_order": order + 1,
        "start_date": day_of(making.plan.first_day, start)[:10],
        "due_date": day_of(making.plan.first_day, start + 30)[:10],
        "duration": 10 * 480,
    }
    task = making.bulk.add("Task", when, making.staff.script, values)
    making.bulk.link(task, "task_assignees", [making.staff.artist(name, number)])
