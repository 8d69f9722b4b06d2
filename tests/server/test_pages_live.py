"""The pages of a real server over a real site, in a real browser: what changes in ShotGrid comes by itself."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.server.test_pages_shows import Parsed
from tests.support.chromium import Watched, chromium
from tests.support.ports import free_port
from tests.support.shotgrid_site import SCRIPT, SiteProcess
from tests.support.trafalgar import make_folder, serving


@pytest.fixture
def site(tmp_path: Path) -> Iterator[SiteProcess]:
    site = SiteProcess(tmp_path / "site", options=("--port", str(free_port()))).start()
    try:
        yield site
    finally:
        if site.process.poll() is None:
            site.stop()


def test_what_changes_in_shotgrid_comes_by_itself_and_stays_while_it_is_away(site: SiteProcess, tmp_path: Path) -> None:
    config = f'[shotgrid]\nurl = "{site.url}"\nscript = "{SCRIPT}"\nkey = "{site.key}"\n'
    config += "[tracker]\ntimeout_seconds = 3\nattempts = 1\n[dashboard]\ncache_ttl = 1\n"
    tracker = site.client()
    shot = tracker.find("Shot", [["project.Project.name", "is", "Frost Giant"]])[0]
    with serving(make_folder(tmp_path / "server", config)) as (_, client), chromium() as browser:
        address = str(client.base_url).rstrip("/")
        watched = Watched(browser)
        watched.sign_in(address, client.headers["x-api-key"], client.headers["x-api-secret"])
        page = watched.page
        page.click("a.go:has-text('Frost Giant')")
        page.wait_for_selector("#wire[data-state=live]")
        page.evaluate("window.isSame = true")

        tracker.update("Shot", shot["id"], {"sg_status_list": "hld"})
        held = f"tr:has(a.go[href$='/shots/{shot['id']}']) .chip.b-hold"
        page.wait_for_selector(held, timeout=60_000)
        site.stop()
        page.wait_for_selector("#state :text('ShotGrid does not answer')", timeout=60_000)
        assert page.locator(held).count() == 1
        site.start()
        page.wait_for_selector("#state :text('ShotGrid answers')", timeout=60_000)
        assert page.evaluate("window.isSame")

        # Whatever a show's pages lead to is there.
        paths = {link for link in Parsed(page.content()).links() if link.startswith("/ui/projects/")}
        assert len(paths) > 10
        for path in sorted(paths)[:25]:
            assert client.get(path).status_code == 200, path
    assert [told for told in watched.complaints if not told.startswith("htmx:")] == []
