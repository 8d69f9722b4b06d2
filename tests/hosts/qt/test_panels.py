"""The Qt panels as an artist uses them, over a host on paper: with a scripted worker, and with the real one."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from Qt import QtCore, QtGui, QtTest, QtWidgets

from onepiece_hosts.panels import words
from onepiece_hosts.panels.qt.publish_panel import FORM, PROGRESS, RESULT
from tests.hosts.paper_host import PaperHost
from tests.hosts.qt.desk import Desk, run_until, scripted
from tests.hosts.qt.hands import (
    box_of,
    card,
    checked,
    child,
    chosen_shot,
    click,
    exactly,
    has_picture,
    paint,
    press,
    publishing,
    texts,
)
from tests.hosts.qt.scripted import NAME

KEY = QtCore.Qt.Key


# Publish


def test_the_frame_is_there_before_anything_was_asked(desk: Desk):
    panel = desk.show("publish")
    assert panel.isVisible()
    assert desk.session.worker.hello is None
    assert not panel.go.isEnabled()


def test_what_will_be_published_is_a_tree_with_frames_and_what_is_missing(desk: Desk):
    panel = checked(desk)
    root = panel.items.invisibleRootItem()
    renders = child(root, "Renders")
    assert (child(renders, "beauty").text(1), child(renders, "depth").text(1)) == ("1001-1005", "2 missing")
    assert not child(root, "Used").isExpanded()
    assert panel.place.text() == words.BETWEEN.join(("Frost Giant", "ep010_sc02_0010", "comp"))


def test_a_render_is_left_out_by_its_check_box_and_taken_in_again(desk: Desk):
    panel = checked(desk)
    states = QtCore.Qt.CheckState
    click(panel.items.viewport(), box_of(panel, "beauty"))
    run_until(lambda: (panel.model.request or {}).get("excluded") == ["beauty"])
    run_until(lambda: panel.items.row("Renders").checkState(0) == states.PartiallyChecked)
    click(panel.items.viewport(), box_of(panel, "Renders"))  # half of it is in: now all of it
    run_until(lambda: panel.items.row("beauty").checkState(0) == states.Checked)
    click(panel.items.viewport(), box_of(panel, "Renders"))
    run_until(lambda: panel.model.request["excluded"] == ["beauty", "depth"])
    run_until(lambda: panel.items.row("depth").checkState(0) == states.Unchecked)
    panel.items.setCurrentItem(panel.items.row("Renders"))
    QtTest.QTest.keyClick(panel.items, KEY.Key_Space)
    run_until(lambda: panel.model.request["excluded"] == [] and panel.model.can_publish)
    run_until(lambda: panel.items.row("beauty").checkState(0) == states.Checked)
    assert panel.items.row("rock_1.abc").data(0, QtCore.Qt.ItemDataRole.CheckStateRole) is None


def test_pictures_come_from_the_worker_and_only_of_what_is_seen(desk: Desk, folder: Path):
    paint(folder / "beauty.png")
    panel = checked(desk)
    run_until(lambda: has_picture(panel.items.row("beauty")))
    assert (folder / "pictured").read_text().splitlines() == [str(folder / "beauty.1003.exr")]
    panel.items.row("Renders").setExpanded(False)
    panel.check_again()
    run_until(lambda: panel.model.state == "ready")
    assert not panel.items.row("Renders").isExpanded()


def test_a_place_is_changed_from_the_project_down(desk: Desk):
    panel = checked(desk)
    click(panel.change)
    for number in range(4):
        run_until(lambda n=number: len(panel.places.menus) > n and panel.places.menus[n].isEnabled())
        menu = panel.places.menus[number]
        menu.activated.emit(2 if number == 3 else 1)
    run_until(lambda: panel.places.use.isEnabled() and len(panel.places.menus) == 5)
    click(panel.places.use)
    run_until(lambda: "ep010_sc02_0020" in panel.place.text())
    assert panel.places is None


def test_errors_keep_publish_off_until_each_is_fixed_or_ignored_with_a_reason(
    desk: Desk, folder: Path, host: PaperHost
):
    (folder / "errors").touch()
    host.scene["problems"] = [["disabled_write", "Write2"]]
    panel = checked(desk)
    assert len(panel.findings.cards) == 5
    assert not panel.go.isEnabled()
    assert "3 errors" in panel.why_not.text()
    press(card(panel, "nuke.disabled_write"), "Select")
    assert host.selection() == ["Write2"]
    press(card(panel, "nuke.disabled_write"), "Fix")
    run_until(lambda: len(panel.findings.cards) == 4)
    assert not [
        one
        for one in card(panel, "scene.version_exists").findChildren(QtWidgets.QPushButton)
        if "Ignore" in one.text() and one.isVisibleTo(panel)
    ]


def test_an_ignored_finding_needs_a_reason_which_enter_gives_and_can_be_taken_back(desk: Desk, folder: Path):
    (folder / "errors").touch()
    panel = checked(desk)
    one = card(panel, "scene.range")
    press(one, "Ignore…")
    QtTest.QTest.keyClick(one.reason, KEY.Key_Return)
    assert panel.model.ignored == []
    QtTest.QTest.keyClicks(one.reason, "only the first frames")
    QtTest.QTest.keyClick(one.reason, KEY.Key_Return)
    run_until(lambda: "Ignored: only the first frames" in texts(card(panel, "scene.range")))
    assert panel.pages.currentIndex() == FORM
    press(card(panel, "scene.range"), "Take Back")
    run_until(lambda: panel.model.ignored == [] and "Error" in texts(card(panel, "scene.range")))


def test_escape_in_the_reason_leaves_the_reason_and_not_the_panel(desk: Desk, folder: Path):
    (folder / "errors").touch()
    panel = checked(desk)
    one = card(panel, "scene.range")
    press(one, "Ignore…")
    QtTest.QTest.keyClick(one.reason, KEY.Key_Escape)
    assert panel.isVisible()
    assert not one.asked.isVisible()


def test_a_dry_run_is_shown_and_changes_nothing(desk: Desk):
    panel = checked(desk)
    click(panel.dry)
    run_until(panel.plan_box.isVisible)
    assert "9 files, 123 MB" in panel.plan.text()
    assert panel.go.isEnabled()


def test_a_publish_shows_its_steps_and_ends_with_links(desk: Desk, folder: Path):
    panel = publishing(desk)
    (folder / "go").touch()
    run_until(lambda: panel.pages.currentIndex() == RESULT)
    assert panel.outcome.whole.value() == panel.outcome.whole.maximum()
    opened = Opened()
    with opened:
        click(panel.outcome.folder)
        click(panel.outcome.site)
    assert opened.urls == [QtCore.QUrl.fromLocalFile(str(folder)).toString(), "https://frost.example/detail/Version/7"]
    click(panel.outcome.report)
    assert json.loads(QtWidgets.QApplication.clipboard().text())["scene_name"] == NAME


class Opened(QtCore.QObject):
    """What would open in a browser."""

    def __init__(self) -> None:
        super().__init__()
        self.urls: list[str] = []

    @QtCore.Slot(QtCore.QUrl)
    def take(self, url: Any) -> None:
        self.urls.append(url.toString())

    def __enter__(self) -> None:
        for scheme in ("file", "https"):
            QtGui.QDesktopServices.setUrlHandler(scheme, self, "take")

    def __exit__(self, *_: object) -> None:
        for scheme in ("file", "https"):
            QtGui.QDesktopServices.unsetUrlHandler(scheme)


def test_a_publish_can_be_cancelled(desk: Desk):
    panel = publishing(desk)
    click(panel.progress.cancel)
    run_until(panel.progress.question.isVisible)
    press(panel.progress.question, "Keep Going")
    run_until(panel.progress.cancel.isEnabled)
    assert panel.pages.currentIndex() == PROGRESS
    assert not panel.progress.question.isVisible()
    click(panel.progress.cancel)
    run_until(panel.progress.question.isVisible)
    assert "taken away" in panel.progress.question.text.text()
    press(panel.progress.question, "Stop Publish")
    run_until(panel.error.isVisible)
    assert panel.pages.currentIndex() == FORM
    assert panel.go.isEnabled()


def test_a_killed_worker_is_told_with_what_to_do_and_the_details_are_copied(desk: Desk):
    panel = publishing(desk)
    desk.kill_worker()
    run_until(panel.error.isVisible)
    assert "Recover" in panel.error.hint.text()
    click(panel.error.copy)
    assert json.loads(QtWidgets.QApplication.clipboard().text())["code"] == "worker.died"
    click(panel.error.dismiss)
    run_until(lambda: not panel.error.isVisible())


def test_a_closed_panel_goes_on_and_is_found_again(desk: Desk, folder: Path):
    panel = publishing(desk)
    QtTest.QTest.keyClick(panel, KEY.Key_Escape)
    assert not panel.isVisible()
    assert desk.show("publish") is panel
    run_until(lambda: panel.pages.currentIndex() == PROGRESS)
    (folder / "go").touch()
    run_until(lambda: panel.pages.currentIndex() == RESULT)


def test_another_session_finds_a_publish_that_runs(desk: Desk, folder: Path):
    publishing(desk)
    other = Desk(scripted(folder), host=PaperHost(desk.host.path))
    panel = other.show("publish")
    run_until(lambda: panel.pages.currentIndex() == PROGRESS and "3 of 5" in texts(panel.progress))
    (folder / "go").touch()
    run_until(lambda: panel.pages.currentIndex() == RESULT)
    other.leave()


def test_a_worker_that_cannot_be_started_is_told():
    desk = Desk(["/nowhere/onepiece", "worker"])
    panel = desk.show("publish")
    run_until(panel.error.isVisible)
    assert "dcc install" in panel.error.hint.text()
    desk.leave()


def test_a_site_that_is_away_is_told_in_both_panels(desk: Desk, folder: Path):
    (folder / "away").touch()
    panel, opening = desk.show("publish"), desk.show("open_shot")
    run_until(lambda: panel.offline.label.isVisible() and opening.offline.label.isVisible())
    run_until(lambda: opening.left_note.text() == "From memory, as of 3 h ago")


# Open


def test_workfiles_are_found_from_the_project_down_to_the_task(desk: Desk):
    panel = chosen_shot(desk)
    first = panel.files.topLevelItem(0)
    assert [first.text(n) for n in (0, 1, 2, 4)] == [
        "v004",
        f"{NAME}.nk",
        "elif",
        "sky replaced, second pass on the edges",
    ]
    assert panel.files.topLevelItem(1).text(5) == "deniz on ws12"
    run_until(lambda: panel.places.findItems("anim", exactly()))
    panel.places.setCurrentItem(panel.places.findItems("anim", exactly())[0])
    run_until(lambda: "anim_v004" in panel.files.topLevelItem(0).text(1))


def test_enter_opens_the_chosen_workfile(desk: Desk, folder: Path, host: PaperHost):
    panel = chosen_shot(desk)
    host.path = None
    panel.files.setFocus()
    QtTest.QTest.keyClick(panel.files, KEY.Key_Return)
    run_until(lambda: host.path == (folder / f"{NAME}.nk").as_posix())
    assert panel.model.error is None


def test_a_copy_is_opened_under_the_next_version(desk: Desk, folder: Path, host: PaperHost):
    panel = chosen_shot(desk)
    click(panel.next_button)
    run_until(lambda: host.path == (folder / "FG_ep010_sc02_0010_comp_v005.nk").as_posix())
    assert (folder / "FG_ep010_sc02_0010_comp_v005.nk").exists()


def test_a_new_workfile_begins_with_a_template(desk: Desk, folder: Path, host: PaperHost):
    panel = chosen_shot(desk)
    click(panel.new_button)
    run_until(lambda: panel.new.menu.count() == 2)
    assert panel.new.menu.itemText(0) == "comp start (comp)"
    panel.new.menu.setCurrentIndex(1)
    run_until(lambda: "Not there" in panel.new.note.text())
    assert not panel.new.go.isEnabled()
    panel.new.menu.setCurrentIndex(0)
    run_until(panel.new.go.isEnabled)
    QtTest.QTest.keyClicks(panel.new.name, "cleanplate")
    click(panel.new.go)
    run_until(lambda: host.path == str(folder / "FG_ep010_sc02_0010_cleanplate_v001.nk"))
    assert not panel.new.isVisible()
    assert panel.model.error is None


def test_a_show_without_templates_says_where_they_are_named(desk: Desk, folder: Path):
    (folder / "bare").touch()
    panel = chosen_shot(desk)
    click(panel.new_button)
    run_until(lambda: "onepiece.toml" in panel.new.note.text())
    assert not panel.new.go.isEnabled()
    QtTest.QTest.keyClick(panel.new.name, KEY.Key_Escape)
    assert not panel.new.isVisible()
    assert panel.isVisible()


def test_unsaved_changes_are_asked_for(desk: Desk, folder: Path, host: PaperHost):
    panel = chosen_shot(desk)
    host.path, host.modified = (folder / "mine.nk").as_posix(), True
    click(panel.open_button)
    assert panel.question.isVisible()
    assert host.path.endswith("mine.nk")
    press(panel.question, "Save and Open")
    run_until(lambda: host.path == (folder / f"{NAME}.nk").as_posix())
    assert (folder / "mine.nk").exists()


def test_a_locked_workfile_says_who_has_it_and_can_be_opened_anyway(desk: Desk, folder: Path, host: PaperHost):
    path = folder / "FG_ep010_sc02_0010_comp_v003.nk"
    path.write_text("{}")
    panel = chosen_shot(desk)
    panel.files.setCurrentItem(panel.files.topLevelItem(1))
    click(panel.open_button)
    run_until(panel.question.isVisible)
    assert "deniz has had it open" in panel.question.text.text()
    press(panel.question, "Open Anyway")
    run_until(lambda: host.path == path.as_posix())


def test_a_search_waits_for_the_end_of_the_word(desk: Desk, folder: Path):
    panel = desk.show("open_shot")
    run_until(panel.places.topLevelItemCount)
    QtTest.QTest.keyClicks(panel.search, "0020")
    run_until(lambda: panel.found.topLevelItemCount() == 1)
    assert (folder / "searched").read_text().split() == ["0020"]
    panel.found.setCurrentItem(panel.found.topLevelItem(0))
    run_until(lambda: panel.files.topLevelItemCount() == 4)
    QtTest.QTest.keyClick(panel.search, KEY.Key_Escape)
    run_until(panel.tabs.isVisible)
    assert panel.isVisible()


def test_my_tasks_and_recent_workfiles_are_a_click_away(desk: Desk):
    panel = desk.show("open_shot")
    run_until(lambda: panel.tasks.topLevelItemCount() == 1)
    panel.tabs.setCurrentIndex(1)
    panel.tasks.setCurrentItem(panel.tasks.topLevelItem(0))
    run_until(lambda: panel.files.topLevelItemCount() == 4)
    panel.tabs.setCurrentIndex(2)
    run_until(lambda: panel.files.topLevelItemCount() == 1)


# Recover and About, and what all have


def test_what_was_interrupted_is_finished(desk: Desk):
    panel = desk.show("recover")
    run_until(panel.run.isEnabled)
    click(panel.run)
    run_until(lambda: "Nothing is interrupted" in panel.state.text())
    assert [panel.list.topLevelItem(0).text(n) for n in (0, 1)] == [NAME, "completed"]


def test_about_tells_who_and_where(desk: Desk):
    panel = desk.show("about")
    run_until(lambda: panel.values["User"].text() == "Elif Kaya")
    click(panel.copy)
    assert json.loads(QtWidgets.QApplication.clipboard().text())["worker"]["site"] == "https://frost.example"
    click(panel.leave)
    assert not panel.isVisible()


def test_a_panel_belongs_to_the_hosts_window_and_is_made_once(desk: Desk, host: PaperHost):
    host.window = QtWidgets.QWidget()
    panel = desk.show("about")
    assert panel.parent() is host.window
    assert desk.show("about") is panel
    desk.panels.clear()
    host.window = None
    del panel


def test_every_control_has_a_name_and_a_tooltip_and_the_keyboard_reaches_it(desk: Desk, folder: Path):
    (folder / "errors").touch()
    checked(desk)
    chosen_shot(desk)
    kinds = (
        QtWidgets.QPushButton,
        QtWidgets.QTreeWidget,
        QtWidgets.QComboBox,
        QtWidgets.QPlainTextEdit,
        QtWidgets.QLineEdit,
    )
    for name in ("publish", "open_shot", "recover", "about"):
        panel = desk.show(name)
        found = [one for kind in kinds for one in panel.findChildren(kind)]
        assert found
        for one in found:
            assert one.accessibleName(), (name, one)
            assert one.toolTip(), (name, one.accessibleName())
            assert one.focusPolicy() & QtCore.Qt.FocusPolicy.TabFocus, (name, one.accessibleName())


# The real worker


def test_a_scene_is_published_for_real_with_a_finding_ignored(studio_desk: Desk, scene: PaperHost):
    panel = checked(studio_desk)
    assert not panel.go.isEnabled()
    one = card(panel, "scene.range")
    press(one, "Ignore…")
    one.reason.setText("only the first frames were needed")
    press(one, "Ignore")
    run_until(panel.go.isEnabled)
    panel.comment.setPlainText("first look")
    click(panel.go)
    run_until(lambda: panel.pages.currentIndex() == RESULT or panel.error.isVisible())
    assert panel.model.error is None
    result = panel.model.result
    assert result["ignored"][0]["reason"] == "only the first frames were needed"
    manifest = json.loads(Path(result["links"]["folder"], "manifest.json").read_text())
    assert manifest["metadata"]["onepiece.ignored"] == result["ignored"]
    assert panel.outcome.site.isVisible()


def test_what_is_left_out_is_not_in_the_request_of_the_real_worker(studio_desk: Desk):
    panel = checked(studio_desk)
    before = panel.model.request["renders"]
    click(panel.items.viewport(), box_of(panel, "renders"))
    run_until(lambda: panel.model.state == "ready" and panel.model.request["renders"] != before)
    assert not panel.model.request["renders"]
    run_until(lambda: panel.items.row("renders").checkState(0) == QtCore.Qt.CheckState.Unchecked)


def test_the_range_of_the_shot_is_set_by_fix(studio_desk: Desk, scene: PaperHost):
    panel = checked(studio_desk)
    press(card(panel, "scene.range"), "Fix")
    run_until(lambda: panel.findings.head.text() != "Checking…" and panel.go.isEnabled())
    assert scene.scene["range"] != [1001, 1005, 1001, 1005]


def test_the_studio_is_walked_down_to_a_shot(studio_desk: Desk):
    panel = studio_desk.show("open_shot")
    for name in ("Frost Giant", "ep010", "ep010_sc02", "ep010_sc02_0010", "comp"):
        run_until(lambda n=name: panel.places.findItems(n, exactly()))
        panel.places.setCurrentItem(panel.places.findItems(name, exactly())[0])
    run_until(lambda: panel.model.tasks.chosen is not None)
    assert panel.model.path[-1]["name"] == "ep010_sc02_0010"
