"""``onepiece shotgrid``: shows, bulk work, playlists and deliveries."""

from __future__ import annotations

import typer

from onepiece_cli.commands import (
    shotgrid_bulk,
    shotgrid_deliver,
    shotgrid_playlist,
    shotgrid_show_setup,
    shotgrid_templates,
    shotgrid_versions,
)

app = typer.Typer(
    help="Work on ShotGrid: thousands of rows at once, shows, playlists, deliveries.",
    no_args_is_help=True,
    add_completion=False,
)
app.command("bulk-create", epilog=shotgrid_bulk.CREATE_EPILOG)(shotgrid_bulk.bulk_create)
app.command("bulk-update", epilog=shotgrid_bulk.UPDATE_EPILOG)(shotgrid_bulk.bulk_update)
app.command("bulk-delete", epilog=shotgrid_bulk.DELETE_EPILOG)(shotgrid_bulk.bulk_delete)
app.command("bulk-playlists", epilog=shotgrid_bulk.PLAYLISTS_EPILOG)(shotgrid_bulk.bulk_playlists)
app.command("bulk-versions", epilog=shotgrid_bulk.VERSIONS_EPILOG)(shotgrid_bulk.bulk_versions)
app.command("deliver", cls=shotgrid_deliver.DeliverCommand, epilog=shotgrid_deliver.EPILOG)(shotgrid_deliver.deliver)
app.command("package-playlist", cls=shotgrid_playlist.PackageCommand, epilog=shotgrid_playlist.EPILOG)(
    shotgrid_playlist.package_playlist
)
app.command("show-setup", epilog=shotgrid_show_setup.EPILOG)(shotgrid_show_setup.show_setup)
app.command("upload-version", epilog=shotgrid_versions.UPLOAD_EPILOG)(shotgrid_versions.upload_version)
app.command("version-zero", cls=shotgrid_versions.ZeroCommand, epilog=shotgrid_versions.ZERO_EPILOG)(
    shotgrid_versions.version_zero
)
app.add_typer(shotgrid_templates.app, name="templates")
