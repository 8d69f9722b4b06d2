"""Rows 1 to 28: links, pipes, rights, names; and paths of manifests that lead elsewhere."""

from __future__ import annotations

import os
import socket
import unicodedata
import zipfile

from tests.corpus.row import Rows, Spot
from tests.support.media import write_exr

row = Rows()
REFUSED = "publish.input_refused"


@row("1", "a folder that links to itself", verdict="skipped", code="link.back", publish=REFUSED)
def folder_loop(spot: Spot) -> None:
    spot.frames()
    (spot.folder / "loop").symlink_to(".")
    spot.blame(spot.folder / "loop")


@row("1b", "two folders that link to each other", verdict="skipped", code="link.back", publish=REFUSED)
def loop_of_two(spot: Spot) -> None:
    for one, other in (("a", "b"), ("b", "a")):
        spot.still(f"{one}/{spot.name(tail=f'-{one}')}.exr")
        (spot.folder / one / "in").symlink_to(f"../{other}")
    # Neither leads to a folder that it lies in: they are links to folders of the drop.
    (spot.folder / "a" / "up").symlink_to("../../r1b")
    spot.blame(spot.folder / "a/in", spot.folder / "b/in", spot.folder / "a/up")


@row("1c", "a link to itself", code="link.loop", publish=REFUSED)
def link_loop(spot: Spot) -> None:
    spot.frames()
    (spot.folder / "loop.mov").symlink_to("loop.mov")
    spot.blame(spot.folder / "loop.mov")


@row("2", "a link to a file outside", code="link.outside", publish=REFUSED)
def link_outside(spot: Spot) -> None:
    spot.frames()
    (spot.folder / "passwords.mov").symlink_to("/etc/passwd")
    spot.blame(spot.folder / "passwords.mov")


@row("2b", "a link to a folder outside", code="link.outside", publish=REFUSED)
def folder_outside(spot: Spot) -> None:
    spot.frames()
    (spot.folder / "etc").symlink_to("/etc")
    spot.blame(spot.folder / "etc")


@row("3", "a link to nothing", code="link.broken", publish=REFUSED)
def broken_link(spot: Spot) -> None:
    spot.frames()
    (spot.folder / "gone.mov").symlink_to("nowhere.mov")
    spot.blame(spot.folder / "gone.mov")


@row("4", "one file under two names", verdict="ok", code="file.same")
def hard_link(spot: Spot) -> None:
    one = spot.still(f"{spot.name(1)}.exr")
    other = spot.folder / f"{spot.name(2)}.exr"
    other.hardlink_to(one)
    spot.blame(one, other)


@row("5", "a pipe", code="file.special", publish=REFUSED)
def pipe(spot: Spot) -> None:
    spot.frames()
    os.mkfifo(spot.folder / "pipe.mov")
    spot.blame(spot.folder / "pipe.mov")


@row("5b", "a socket", code="file.special", publish=REFUSED)
def a_socket(spot: Spot) -> None:
    spot.frames()
    # The address of a socket is short: it is bound from its folder.
    here = os.open(".", os.O_RDONLY)
    try:
        os.chdir(spot.folder)
        with socket.socket(socket.AF_UNIX) as server:
            server.bind("s.mov")
    finally:
        os.fchdir(here)
        os.close(here)
    spot.blame(spot.folder / "s.mov")


def _bad_path(key: str, what: str, path: str) -> None:
    @row(key, what, code="row.path")
    def make(spot: Spot) -> None:
        spot.frames()
        spot.says(path)


_bad_path("7", "a row that leaves the drop", "../x.mov")
_bad_path("7b", "a row that leaves the drop and comes back", "r7b/../../r7b/x.mov")
_bad_path("8", "a row with an absolute path", "/etc/passwd")
_bad_path("10", "a row with a drive", "C:\\x.mov")
_bad_path("10b", "a row with a share", "\\\\srv\\share\\x.mov")
_bad_path("10c", "a row that leaves the drop by backslashes", "..\\x.mov")
_bad_path("10d", "a row with a drive and slashes", "C:/x.mov")
_bad_path("11", "a row with a URL", "file:///etc/passwd")
_bad_path("11b", "a row with a home", "~/x.mov")
_bad_path("11c", "a row with a variable", "$HOME/x.mov")
_bad_path("12", "a row with a NUL", "a\0b.mov")
_bad_path("13", "a row without a path", "")
_bad_path("13b", "a row of the drop itself", ".")
_bad_path("26", "a row with a name of 256 bytes", "é" * 126 + ".mov")
_bad_path("27d", "a row with a newline", "a\nb.mov")


@row("10e", "a file named with a backslash", code="name.forbidden", publish=REFUSED)
def backslash(spot: Spot) -> None:
    spot.blame(spot.still("sub\\x.exr"), spot.still("C:\\x.exr"), spot.still("x\\..\\..\\..\\y.exr"))


@row("10f", "a hidden file named with a backslash", verdict="skipped", code="file.temporary")
def hidden_backslash(spot: Spot) -> None:
    spot.frames()
    spot.blame(spot.still("..\\x.exr"))


@row("14", "an archive that leaves its folder", code="archive.refused")
def zip_slip(spot: Spot) -> None:
    with zipfile.ZipFile(spot.folder / "slip.zip", "w") as archive:
        archive.writestr("../../evil.exr", b"x")


@row("16", "an archive that grows without end", code="archive.refused")
def zip_bomb(spot: Spot) -> None:
    with zipfile.ZipFile(spot.folder / "bomb.zip", "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("zeros", bytes(20_000_000))


@row("17", "an archive with one name twice", code="archive.refused")
def zip_twice(spot: Spot) -> None:
    import warnings

    with zipfile.ZipFile(spot.folder / "twice.zip", "w") as archive, warnings.catch_warnings():
        warnings.simplefilter("ignore")
        archive.writestr("a.exr", b"1")
        archive.writestr("a.exr", b"2")


@row("18", "an archive that is damaged", code="archive.refused")
def zip_damaged(spot: Spot) -> None:
    (spot.folder / "damaged.zip").write_bytes(b"PK\x03\x04" + bytes(50))
    (spot.folder / "damaged.tar.gz").write_bytes(b"\x1f\x8b" + bytes(50))


@row("20", "accents spelled in another way than in the manifest", verdict="ok", code="name.normalised")
def other_accents(spot: Spot) -> None:
    name = f"{spot.name()}_é.exr"
    path = spot.still(unicodedata.normalize("NFD", name))
    spot.says(f"{spot.key}/{unicodedata.normalize('NFC', name)}", episode="ep020", scene="sc00", shot="0010")
    spot.blame(path)


@row("21", "two names that are one on macOS and Windows", code="name.collision", publish=REFUSED)
def two_that_are_one(spot: Spot) -> None:
    name = spot.name()
    spot.still(f"{name}.exr")
    spot.still(f"{name.replace('comp', 'Comp')}.exr")


@row("22", "devices of Windows", code="name.reserved", publish=REFUSED)
def devices(spot: Spot) -> None:
    for name in ("CON", "nul.exr", "aux/a.exr", "COM1.1001.exr", "lpt9.mov"):
        spot.still(name)


@row("23", "names that end with a dot or a space", code="name.trailing", publish=REFUSED)
def trailing(spot: Spot) -> None:
    spot.still(f"{spot.name()}.exr ")
    spot.still(f"folder./{spot.name()}.exr")


@row("25", "a path that is too long for Windows", verdict="ok", code="path.too_long")
def long_path(spot: Spot) -> None:
    spot.still("/".join(["long" * 15] * 4) + f"/{spot.name()}.exr")
    spot.blame_all()


@row("27", "a newline in a name", code="name.control", publish=REFUSED)
def newline(spot: Spot) -> None:
    spot.still("a\nrefused: nothing.exr")
    spot.still("\x1b[2J\x1b]0;owned\x07.exr")
    spot.still("tab\tand\x7f.exr")


@row("27b", "a name that turns the text around", code="name.control", publish=REFUSED)
def bidi(spot: Spot) -> None:
    spot.still("a\u202egpj.exr")


@row("27c", "what Windows forbids in names", code="name.forbidden", publish=REFUSED)
def forbidden(spot: Spot) -> None:
    for name in ('a"b.exr', "a<b>.exr", "a|b.exr", "a?.exr", "a*.exr", "a:b.exr"):
        spot.still(name)


@row("28", "names that are not UTF-8", code="name.not_utf8", publish=REFUSED)
def not_utf8(spot: Spot) -> None:
    spot.still(b"caf\xe9.exr")
    spot.still(b"\xff\xfe.1001.exr")
    spot.still(b"folder\xe9/a.exr")


@row("54", "hidden and temporary files", verdict="skipped", code="file.temporary")
def temporary(spot: Spot) -> None:
    frames = spot.frames()
    for name in (".DS_Store", "Thumbs.db", "._a.exr", "a.exr.part", "b.tmp", "c.filepart", ".hidden/a.exr"):
        path = spot.folder / name
        path.parent.mkdir(exist_ok=True)
        path.write_bytes(b"x")
        spot.blame(path)
    assert not spot.bad & {str(frame) for frame in frames}


@row("54b", "a link to a file of the drop", verdict="ok", code="file.same")
def inner_link(spot: Spot) -> None:
    one = write_exr(spot.folder / f"{spot.name(1)}.exr")
    other = spot.folder / f"{spot.name(2)}.exr"
    other.symlink_to(one.name)
    spot.blame(one, other)
