"""How Sphinx makes the site of these pages: `make docs`.

The pages are plain Markdown that reads well in a repository, too. What is made from the code is put in here, where a page says
`<!-- made: NAME -->`, and a page `index.md` has in its menu what its lists link to.
"""

from __future__ import annotations

import importlib
import inspect
import re
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

import click
from docutils import nodes
from sphinx.application import Sphinx

from catalog_forge import __version__, errors, shown
from catalog_forge.cli import main
from catalog_forge.metadata.scenarios import steps

project = "catalog-forge"
release = __version__
copyright = "the authors of catalog-forge, Apache-2.0"
extensions = ["myst_parser"]
exclude_patterns: list[str] = []
myst_heading_anchors = 4
# Numbers of facts are anchors in HTML, which MyST does not know; tests/docs/test_site.py looks for every anchor in what is made.
suppress_warnings = ["myst.xref_missing"]
html_theme = "furo"
html_title = f"catalog-forge {__version__}"
html_copy_source = False
# A summary would be fetched page by page, which browsers refuse for files: without it, search works from a folder as well.
html_show_search_summary = False
pygments_style, pygments_dark_style = "friendly", "monokai"

DOCS = Path(__file__).parent
html_search_scorer = str(DOCS / "search.js")
HELP_WIDTH = 100
LISTED = re.compile(r"^- \[[^\]]*\]\(([\w./-]+)\.md\)", re.MULTILINE)


def commands() -> Iterator[tuple[str, click.Command, click.Context]]:
    """Every command, the groups before what is in them, as `catalog-forge help` finds it."""
    top = click.Context(main.root, info_name="catalog-forge", terminal_width=HELP_WIDTH, max_content_width=HELP_WIDTH)

    def below(group: click.Group, context: click.Context, path: str) -> Iterator[tuple[str, click.Command, click.Context]]:
        for name in group.list_commands(context):
            command = group.get_command(context, name)
            assert command is not None
            inner = click.Context(command, context, name, terminal_width=HELP_WIDTH, max_content_width=HELP_WIDTH)
            yield f"{path}{name}", command, inner
            if isinstance(command, click.Group):
                yield from below(command, inner, f"{path}{name} ")

    return below(main.root, top, "")


def helps() -> str:
    """The help of every command."""
    return "\n\n".join(f"## {path}\n\n```text\n{command.get_help(context)}\n```" for path, command, context in commands())


def exit_codes() -> str:
    """What each exit status means: those of expected errors from their classes, the others from the root command."""
    kinds = [errors.ForgeError, *errors.ForgeError.__subclasses__()]
    rows = {kind.exit_code: (inspect.getdoc(kind) or "").partition("\n")[0] for kind in kinds}
    rows |= {
        0: "Everything is fine.",
        1: "Findings, drift, a failed scenario, or any other expected error; the message says which.",
        main.EXIT_BUG: "A bug in catalog-forge. The message says how to report it.",
        main.EXIT_INTERRUPTED: "Interrupted by Ctrl-C.",
    }
    return "| status | |\n|---|---|\n" + "\n".join(f"| {code} | {meaning} |" for code, meaning in sorted(rows.items()))


def decisions() -> str:
    """The decisions with their titles, newest first."""
    pages = sorted((DOCS / "decisions").glob("0*.md"), reverse=True)
    titles = {page.name: page.read_text().splitlines()[0].removeprefix("# ") for page in pages}
    return "\n".join(f"- [{title}](../decisions/{name})" for name, title in titles.items())


def faults() -> str:
    """What may be wrong with the metadata service in a scenario."""
    return "| fault | what the metadata service does |\n|---|---|\n" + "\n".join(
        f"| `{name}` | {meaning} |" for name, meaning in steps.FAULTS.items()
    )


def schemas() -> str:
    """The JSON Schemas, each as a file of the site."""
    kinds = importlib.import_module("catalog_forge.cli.look.schema").KINDS
    return "\n".join(f'- <a href="../schemas/{kind}.json">{kind}.json</a>: `catalog-forge schema {kind}`' for kind in kinds)


MADE: Mapping[str, Callable[[], str]] = {
    "help": helps,
    "exit codes": exit_codes,
    "decisions": decisions,
    "faults": faults,
    "schemas": schemas,
}


def completed(_app: Sphinx, name: str, source: list[str]) -> None:
    """A page as it is read: with what is made from the code in it, and with a menu where it is an index."""
    page = re.sub(r"<!-- made: ([\w ]+) -->", lambda found: MADE[found[1]](), source[0])
    page = "".join(inside(line, DOCS / name) for line in page.splitlines(keepends=True))
    if name.rpartition("/")[2] in ("index", "README") or name == "explanation/decisions":
        linked = LISTED.findall(page)
        if name == "rules/README":
            linked = sorted(path.stem for path in (DOCS / "rules").glob("*.md") if path.stem != "README")
        page += "\n```{toctree}\n:hidden:\n\n" + "\n".join(linked) + "\n```\n"
    source[0] = page


def inside(line: str, page: Path) -> str:
    """A line without links to what is not in docs/, such as a test: the site has no page of it."""

    def kept(found: re.Match[str]) -> str:
        target = (page.parent / found[2]).resolve()
        return found[0] if target.is_relative_to(DOCS) else found[1]

    return re.sub(r"(?<!!)\[([^\]]+)\]\((\.\./[^)#]*)[^)]*\)", kept, line)


def found(app: Sphinx, doctree: nodes.document) -> None:
    """Let the search find each key of a spec in the section that describes it, such as `launch.exec`."""
    if app.env.docname != "spec":
        return
    for table in doctree.findall(nodes.table):
        section = table.parent
        rows = [[cell.astext() for cell in row.children] for row in table.findall(nodes.row)]
        if isinstance(section, nodes.section) and rows[0][0] == "key":
            home = section[0].astext().rpartition(" ")[2]
            for key, *_ in rows[1:]:
                app.env.domains.standard_domain.note_object("key", f"{home}.{key}", section["ids"][0], table)


def written(app: Sphinx, failure: Exception | None) -> None:
    """Put the schemas beside the pages."""
    module = importlib.import_module("catalog_forge.cli.look.schema")
    for kind in module.KINDS if failure is None else ():
        file = Path(app.outdir) / "schemas" / f"{kind}.json"
        file.parent.mkdir(exist_ok=True)
        file.write_text(shown.as_json(module._schema(kind)) + "\n")


def setup(app: Sphinx) -> None:
    """Called by Sphinx."""
    app.add_object_type("key", "key", objname="key")
    app.connect("source-read", completed)
    app.connect("doctree-read", found)
    app.connect("build-finished", written)
