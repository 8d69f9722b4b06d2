"""The demo from its first to its last step: a studio, two publishes, two proofs, a broken copy that is found."""

from __future__ import annotations

import shlex
import shutil
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

from onepiece_cli.demo.media import DemoMedia, make_media
from onepiece_cli.demo.report import DemoReport, Verified
from onepiece_cli.demo.shot import BUCKET, PROJECT, SHOT, SHOW_CODE, TASK, Folders, VersionMedia
from onepiece_cli.demo.workplace import workplace
from onepiece_core.config import ConfigSources, load_settings
from onepiece_core.errors import ExtraMissing, OnePieceError, SandboxDown, VerifyMismatch
from onepiece_core.media.contact_sheet import write_contact_sheet
from onepiece_core.progress import Reporter
from onepiece_core.publish.apply import apply_publish
from onepiece_core.publish.build import build_parts
from onepiece_core.publish.parts import PublishParts
from onepiece_core.publish.plan import plan_publish
from onepiece_core.publish.request import PublishRequest, PublishResult
from onepiece_core.verify import VerifyReport, verify_folder, verify_package
from onepiece_server.sandbox import studio
from onepiece_server.sandbox.report import SandboxReport

Say = Callable[[str], None]


@dataclass(frozen=True)
class Demo:
    """One run. ``keep``: the studio goes on running. ``say`` gets a line for people at each step."""

    folders: Folders
    environ: Mapping[str, str]
    reporter: Reporter
    say: Say
    keep: bool

    def run(self) -> DemoReport:
        """Do all of it. Raises what a publish raises; the studio is stopped then too."""
        began = time.monotonic()
        with workplace(self.folders):
            report = self._told()
        return report.model_copy(update={"seconds": round(time.monotonic() - began, 1)})

    def _told(self) -> DemoReport:
        with self._studio() as site:
            self.say(_making(self.folders))
            media = make_media(self.folders, self.environ, self.reporter)
            parts = self._parts(site)
            try:
                published = tuple(self._publish(version, parts) for version in media.versions)
                self.say("Verifying both versions, on disk and in S3 ...")
                verified = tuple(seen for result in published for seen in self._verify(result, parts))
            finally:
                _close(parts)
            flipped, broken = self._break(published[0])
            picture = self._picture(media)
            return DemoReport(
                dir=str(self.folders.root),
                made_by=media.made_by,
                versions=published,
                verified=verified,
                flipped=flipped,
                broken=broken,
                picture=picture,
                running=self.keep,
                seconds=0,
                warnings=media.warnings,
                commands=tuple(self._commands(published, broken)),
            )

    @contextmanager
    def _studio(self) -> Iterator[SandboxReport]:
        self.say("Starting a studio: ShotGrid and S3 on this machine ...")
        try:
            try:
                site = studio.reset(self.folders.sandbox)
            except SandboxDown:  # there was none
                site = studio.up(self.folders.sandbox)
            yield site
        except BaseException:
            with suppress(OnePieceError):  # the first error is the one to show
                studio.down(self.folders.sandbox, grace_seconds=0)
            raise
        if not self.keep:
            studio.down(self.folders.sandbox)

    def _parts(self, site: SandboxReport) -> PublishParts:
        """As every command builds them, from the studio's variables alone: no file of the user can interfere."""
        environ = {**site.env, "ONEPIECE_STATE_DIR": str(self.folders.state)}
        settings = load_settings(ConfigSources(environ=environ, home=self.folders.root))
        return build_parts(settings, self.folders.state, self.reporter, show_code=SHOW_CODE)

    def _publish(self, version: VersionMedia, parts: PublishParts) -> PublishResult:
        self.say(f"Publishing {version.name} ...")
        request = PublishRequest(
            dcc="blender",
            scene_name=version.name,
            scene=version.scene,
            renders=version.renders,
            previews=version.preview,
            otio=version.otio,
            metadata=version.metadata,
            destination=self.folders.published,
            bucket=BUCKET,
            show_code=SHOW_CODE,
            project=PROJECT,
            shot=SHOT,
            task=TASK,
            comment="made by onepiece demo",
            require_tracker=True,
        )
        return apply_publish(plan_publish(request, parts), parts)

    def _verify(self, result: PublishResult, parts: PublishParts) -> Iterator[Verified]:
        prefix = result.s3_uri.removeprefix(f"s3://{BUCKET}/")
        on_disk = verify_folder(Path(result.package), self.reporter)
        for report in (on_disk, verify_package(parts.open_store(BUCKET), prefix, self.reporter)):
            if error := report.error():
                raise error
            yield _seen(report)

    def _break(self, result: PublishResult) -> tuple[str, Verified]:
        """Flip one bit in a copy, and look at what ``verify`` says. The package itself is left alone."""
        self.say("Flipping one bit in a copy, and verifying that too ...")
        copy = self.folders.broken / result.scene_name
        shutil.copytree(result.package, copy)
        frames = sorted((copy / "renders").glob("*.exr"))
        victim = frames[len(frames) // 2]
        data = bytearray(victim.read_bytes())
        data[len(data) // 2] ^= 1
        victim.write_bytes(data)
        flipped, seen = victim.relative_to(copy).as_posix(), _seen(verify_folder(copy, self.reporter))
        if seen.found != (f"flipped {flipped}",):
            told = ", ".join(seen.found) or "nothing"
            raise VerifyMismatch(f"verify should have named {flipped} and named {told}", place=str(copy))
        return flipped, seen

    def _picture(self, media: DemoMedia) -> str | None:
        tiles = [
            (frame, f"v{number:03d}  {frame.name.split('.')[-2]}")
            for number, version in enumerate(media.versions, start=1)
            for frame in (version.frames[index] for index in (0, 9, 19, -1))
        ]
        try:
            write_contact_sheet(tiles, self.folders.picture, title=f"{PROJECT}  {SHOT}  {TASK}")
        except ExtraMissing:  # told already, by the frames
            return None
        return str(self.folders.picture)

    def _commands(self, published: tuple[PublishResult, ...], broken: Verified) -> Iterator[str]:
        sandbox = _quoted(str(self.folders.sandbox))
        if not self.keep:
            yield f"onepiece sandbox up --dir {sandbox}"
        if sys.platform == "win32":
            yield f"onepiece sandbox env --dir {sandbox} --shell powershell | Out-String | Invoke-Expression"
        else:
            yield f'eval "$(onepiece sandbox env --dir {sandbox})"'
        yield "onepiece info"
        yield f"onepiece verify {published[-1].s3_uri}"
        yield f"onepiece verify {_quoted(broken.place)}"
        yield f"onepiece sandbox down --dir {sandbox}"


def _making(folders: Folders) -> str:
    slow = "" if folders.blender.exists() else "; the first time Blender needs a minute or two, if it is installed"
    return f"Making a shot of the show {PROJECT}{slow} ..."


def _quoted(path: str) -> str:
    """For the shell of this system."""
    return f"'{path}'" if sys.platform == "win32" else shlex.quote(path)


def _close(parts: PublishParts) -> None:
    """An S3 server that is told to stop waits for connections that are kept open."""
    from onepiece_core.storage.s3.store import S3Store

    parts.journal.close()
    store = parts.open_store(BUCKET)
    if isinstance(store, S3Store):
        store.close()


def _seen(report: VerifyReport) -> Verified:
    found = tuple(f"{finding.kind} {finding.path}" for finding in report.findings)
    return Verified(place=report.place, files=report.files, found=found)
