"""`catalog-forge preview`: show the catalog in a browser, as Rancher shows it, with the files of its conf images."""

from __future__ import annotations

from pathlib import Path
from urllib.parse import quote

import click

from catalog_forge.cli.main import Settings
from catalog_forge.cli.shown import names as complete
from catalog_forge.cli.shown import options, outfile, places
from catalog_forge.shown import printable


@click.command()
@click.argument("entry", required=False, shell_complete=complete.entries)
@click.option(
    "--port", type=options.WholeNumber(0, 65535), default=0, metavar="PORT", help="Port to listen on; default: a free one."
)
@click.option(
    "--images",
    type=places.FOLDER,
    multiple=True,
    metavar="DIR",
    help="A folder with conf images that are not in the catalog; may be repeated.",
)
@click.option("--no-open", is_flag=True, help="Do not open a browser.")
@click.option(
    "--export",
    "out",
    type=places.NEW_FILE,
    metavar="FILE.html",
    help="Write ENTRY to a single file that needs no server, and exit.",
)
@click.pass_obj
def preview(settings: Settings, entry: str | None, port: int, images: tuple[Path, ...], no_open: bool, out: Path | None) -> None:
    """Show a catalog in a browser, with the files that its conf images render.

    For an entry, the page shows the form with its questions as in Rancher 1.6, its compose files with your answers
    filled in, and the configuration files of any container, rendered for these answers while you type. For an entry
    written by hand, the folder of its conf image must be in the catalog, or in a folder given with --images. The page is
    updated when a file in specs/, images/ or templates/ is saved. The page is served to this machine only, loads
    nothing from other sites, and runs no code from the entry. Stop it with Ctrl-C.

    \b
    Examples:
      catalog-forge preview
      catalog-forge preview redis --port 8080 --no-open
      catalog-forge preview redis --images ../redis-conf
      catalog-forge preview redis --export redis.html
    """
    from catalog_forge.cli.shown.catalogs import check_there
    from catalog_forge.preview.server import PreviewServer
    from catalog_forge.preview.site import Site
    from catalog_forge.repository import Repository

    site = Site(settings.directory, images)
    path = site.id_of(entry) if entry else ""
    site.belongs_to(path)
    if not (path or images or Repository(site.root).names()):
        check_there(site.catalog(), site.root)
    if out:
        from catalog_forge.errors import ForgeError
        from catalog_forge.preview.export import exported

        if not path:
            raise click.UsageError("--export needs an ENTRY: the file shows a single entry")
        outfile.write(out, exported(site, path))
        if problems := site.opened(path).problems:
            raise ForgeError.of(problems)
        return
    with PreviewServer(site, port) as server:
        url = f"{server.url}#/{quote(path)}" if path else server.url
        click.echo(f"{printable(str(site.root))}: {url}\nCtrl-C stops it", err=True)
        server.warm(path)
        if not no_open:
            _open(url)
        server.serve_forever()


def _open(url: str) -> None:
    """Open a graphical browser, if there is one; a text browser would take over the terminal.

    The browser is started in a separate thread, because a program named in BROWSER may run until the user closes it.
    """
    import os
    import sys
    import threading
    import webbrowser

    if sys.platform != "linux" or os.environ.get("DISPLAY") or os.environ.get("WAYLAND_DISPLAY"):
        threading.Thread(target=webbrowser.open, args=(url,), name="preview-browser", daemon=True).start()
