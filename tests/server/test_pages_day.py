"""A wrangler's few minutes in a real browser: signed in, a shot found by its filter, a render watched and cancelled."""

from __future__ import annotations

from pathlib import Path

from tests.support.chromium import Watched, chromium
from tests.support.shotgrid_site import SCRIPT, SiteProcess
from tests.support.trafalgar import make_folder, serving


def test_a_shot_is_found_and_a_render_is_watched_and_cancelled_by_its_button(tmp_path: Path) -> None:
    site = SiteProcess(tmp_path / "site").start()
    config = f'[shotgrid]\nurl = "{site.url}"\nscript = "{SCRIPT}"\nkey = "{site.key}"\n[farms.local]\nworkers = 1\n'
    try:
        with serving(make_folder(tmp_path / "server", config)) as (_, client), chromium() as browser:
            watched = Watched(browser)
            watched.sign_in(
                str(client.base_url).rstrip("/"), client.headers["x-api-key"], client.headers["x-api-secret"]
            )
            page = watched.page
            page.click("a.go:has-text('Frost Giant')")
            page.fill("#text", "0010")
            page.wait_for_url("**text=0010**")
            page.wait_for_selector("#rows tbody tr:not(:has(a.go:has-text('0010')))", state="detached")
            page.locator("#rows a.go").first.press("Enter")
            page.wait_for_url("**/shots/*")
            assert "0010" in page.locator("h1").inner_text()

            command = {"Command": "touch begun; while ! test -e go; do sleep 0.1; done"}
            body = {"template": "command", "farm": "local", "name": "watched", "parameters": command}
            job = client.post("/render/v1/jobs", json=body).json()["job_id"]
            page.click("nav[aria-label=Main] a:has-text('Render')")
            page.click("a.go:has-text('watched')")
            page.wait_for_selector("#wire[data-state=live]")
            page.evaluate("window.isSame = true")
            page.wait_for_selector(".headline .chip.t-busy", timeout=60_000)  # it began, and nobody reloaded
            page.remove_listener("dialog", watched._refuse)
            page.on("dialog", lambda dialog: dialog.accept())  # it asks whether it is meant
            page.click("button:has-text('Cancel')")
            page.wait_for_selector(".headline .chip.t-off:has-text('cancelled')", timeout=60_000)
            assert client.get(f"/render/v1/jobs/{job}").json()["status"] == "cancelled"
            page.wait_for_selector("button:has-text('Retry')")
        assert [told for told in watched.complaints if not told.startswith("htmx:")] == []
    finally:
        site.stop()
