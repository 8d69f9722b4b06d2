"""What a new site holds: a script user, a studio's steps and statuses, and the show "Frost Giant".

The same every time: ids, names and ranges follow from this file alone.
"""

from __future__ import annotations

import sqlite3
from typing import Any

from onepiece_server.sandbox.shotgrid import secret
from onepiece_server.sandbox.shotgrid.dates import now_text
from onepiece_server.sandbox.shotgrid.model import LINK_TYPES, EntityType, Schema
from onepiece_server.sandbox.shotgrid.site import Caller, Site
from onepiece_server.sandbox.shotgrid.values import SQL_TYPES
from onepiece_server.sandbox.shotgrid.write import Writer

Link = dict[str, Any]

STATUSES = {
    "wtg": "Waiting to Start",
    "rdy": "Ready to Start",
    "ip": "In Progress",
    "rev": "Pending Review",
    "vwd": "Viewed",
    "apr": "Approved",
    "fin": "Final",
    "hld": "On Hold",
    "omt": "Omit",
    "na": "N/A",
    "cmpt": "Complete",
    "opn": "Open",
    "clsd": "Closed",
    "dlvr": "Delivered",
    "recd": "Received",
    "act": "Active",
    "dis": "Disabled",
}
STEPS = (
    ("Layout", "layout", "Shot"),
    ("Animation", "anim", "Shot"),
    ("FX", "fx", "Shot"),
    ("Lighting", "lighting", "Shot"),
    ("Compositing", "comp", "Shot"),
    ("Model", "model", "Asset"),
    ("Rig", "rig", "Asset"),
    ("Surfacing", "surface", "Asset"),
)
SHOT_TASKS = ("layout", "anim", "lighting", "comp")
ASSET_TASKS = ("model", "rig", "surface")
PEOPLE = (
    ("Ada", "Berg", "ada", "Production"),
    ("Bo", "Lindqvist", "bo", "Layout"),
    ("Chiara", "Rossi", "chiara", "Animation"),
    ("Dao", "Nguyen", "dao", "Lighting"),
    ("Elif", "Kaya", "elif", "Compositing"),
    ("Femi", "Okafor", "femi", "Assets"),
)
# Who works on which task.
ARTISTS = {"layout": "bo", "anim": "chiara", "lighting": "dao", "comp": "elif"}
# Episode -> sequence -> lengths of its shots, in frames.
SHOW: dict[str, dict[str, tuple[int, ...]]] = {
    "EP01": {"sc01": (48, 96, 60), "sc02": (120, 72)},
    "EP02": {"sc01": (84, 100), "sc03": (50, 64)},
    "ep010": {"sc01": (90, 40), "sc02": (100, 24, 144)},
}
ASSETS = (("giant", "Character"), ("explorer", "Character"), ("sled", "Prop"), ("glacier", "Environment"))
HANDLES = 8
FIRST_FRAME = 1001


def seed_site(site: Site, key: str, *, show: bool = True) -> None:
    """Fill a new site, in one transaction; in an old one only the script user's key is set."""
    with site.database.write() as connection:
        caller = _script_user(site, connection, key)
        seeded = connection.execute("SELECT 1 FROM Status LIMIT 1").fetchone()
        if seeded is None:
            seed = _Seed(Writer(site, caller, connection), site.schema)
            seed.studio()
            if show:
                seed.show()


def _script_user(site: Site, connection: sqlite3.Connection, key: str) -> Caller:
    """The script user that everything else is made by; nobody can have made it."""
    found = connection.execute("SELECT id FROM ApiUser WHERE firstname=?", [site.options.script_name]).fetchone()
    if found is None:
        cursor = connection.execute(
            "INSERT INTO ApiUser (firstname, cached_display_name, sg_status_list, salted_password, "
            "generate_event_log_entries, created_at, updated_at) VALUES (?,?,'act','set',1,?,?)",
            [site.options.script_name, site.options.script_name, now_text(), now_text()],
        )
        found = (cursor.lastrowid,)
    secret.set_secret(connection, "ApiUser", found[0], key)
    return Caller("ApiUser", found[0], "")


class _Seed:
    """Makes rows of what the site's schema has; of what a foreign one lacks, it makes none."""

    def __init__(self, writer: Writer, schema: Schema) -> None:
        self._writer = writer
        self._schema = schema
        self._steps: dict[str, Link] = {}
        self._people: dict[str, Link] = {}

    def _make(self, kind: str, /, **data: Any) -> Link:
        entity = self._schema.entities.get(kind)
        if entity is None:
            return {"type": kind, "id": 0}
        fields = [{"field_name": name, "value": value} for name, value in data.items() if _fits(entity, name, value)]
        made = self._writer.create({"type": kind, "fields": fields})
        return {"type": kind, "id": made["id"]}

    def studio(self) -> None:
        for order, (code, name) in enumerate(STATUSES.items()):
            self._make("Status", code=code, name=name, list_order=order)
        departments = {name: self._make("Department", name=name, code=name.lower()) for *_, name in PEOPLE}
        for order, (code, short_name, entity_type) in enumerate(STEPS):
            step = self._make("Step", code=code, short_name=short_name, entity_type=entity_type, list_order=order)
            self._steps[short_name] = step
        if "TaskTemplate" in self._schema.entities:
            self._templates()
        self._make(
            "LocalStorage",
            code="primary",
            linux_path="/projects",
            mac_path="/Volumes/projects",
            windows_path="P:\\projects",
        )
        for first, last, login, department in PEOPLE:
            self._people[login] = self._make(
                "HumanUser",
                firstname=first,
                lastname=last,
                login=login,
                email=f"{login}@example.com",
                department=departments[department],
            )
        self._make("Group", code="Artists", users=list(self._people.values())[1:])
        for code in ("Maya Scene", "Nuke Script", "Rendered Image"):
            self._make("PublishedFileType", code=code)

    def _templates(self) -> None:
        for kind, names in (("Shot", SHOT_TASKS), ("Asset", ASSET_TASKS)):
            template = self._make("TaskTemplate", code=f"{kind} tasks", entity_type=kind)
            for order, name in enumerate(names, start=1):
                self._make("Task", content=name, step=self._steps[name], sg_sort_order=order, task_template=template)

    def show(self) -> None:
        project = self._make(
            "Project",
            name="Frost Giant",
            code="FG",
            tank_name="frost_giant",
            sg_type="Episodic",
            users=list(self._people.values()),
        )
        assets = self._assets(project)
        for episode_code, sequences in SHOW.items():
            episode = self._make("Episode", project=project, code=episode_code, sg_status_list="ip")
            for short_code, lengths in sequences.items():
                # Codes are unique in the show: "--shot ep010_sc02_0010" names one shot.
                code = f"{episode_code}_{short_code}"
                sequence = self._make("Sequence", project=project, code=code, episode=episode, sg_status_list="ip")
                cut_code = f"{code}_cut_v001"
                cut = self._make("Cut", project=project, code=cut_code, entity=sequence, revision_number=1, fps=24.0)
                self._shots(project, sequence, cut, code, lengths, assets)

    def _assets(self, project: Link) -> list[Link]:
        made = []
        for code, kind in ASSETS:
            asset = self._make("Asset", project=project, code=code, sg_asset_type=kind)
            self._tasks(project, asset, ASSET_TASKS)
            made.append(asset)
        return made

    def _shots(
        self, project: Link, sequence: Link, cut: Link, start: str, lengths: tuple[int, ...], assets: list[Link]
    ) -> None:
        edit = 0
        for order, length in enumerate(lengths, start=1):
            first, last = FIRST_FRAME + HANDLES, FIRST_FRAME + HANDLES + length - 1
            code = f"{start}_{order * 10:04d}"
            shot = self._make(
                "Shot",
                project=project,
                code=code,
                sg_sequence=sequence,
                sg_status_list="ip",
                sg_head_in=FIRST_FRAME,
                sg_cut_in=first,
                sg_cut_out=last,
                sg_tail_out=last + HANDLES,
                sg_cut_duration=length,
                sg_working_duration=length + 2 * HANDLES,
                sg_cut_order=order,
                assets=[assets[0], assets[order % len(assets)]],
            )
            self._make(
                "CutItem",
                project=project,
                code=code,
                cut=cut,
                shot=shot,
                cut_order=order,
                cut_item_in=first,
                cut_item_out=last,
                cut_item_duration=length,
                edit_in=edit,
                edit_out=edit + length - 1,
            )
            edit += length
            self._tasks(project, shot, SHOT_TASKS)

    def _tasks(self, project: Link, entity: Link, names: tuple[str, ...]) -> None:
        for order, name in enumerate(names, start=1):
            self._make(
                "Task",
                project=project,
                entity=entity,
                content=name,
                step=self._steps[name],
                sg_sort_order=order,
                task_assignees=[self._people[ARTISTS.get(name, "femi")]],
            )


def _fits(entity: EntityType, name: str, value: Any) -> bool:
    """Whether the schema takes this: a site may lack the field, what it links to or the status."""
    field = entity.fields.get(name)
    if field is None or not field.editable:
        return False
    links = value if isinstance(value, list) else [value] if isinstance(value, dict) else None
    if links is not None:
        return field.data_type in LINK_TYPES and all(link["id"] and field.accepts(link["type"]) for link in links)
    if field.valid_values:
        return value in field.valid_values
    return isinstance(value, str) == (SQL_TYPES.get(field.data_type, "TEXT") == "TEXT")
