"""`catalog-forge render`: show the files that confd would write."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import click

from catalog_forge.cli.main import Settings, recover_above
from catalog_forge.cli.prove import rendered
from catalog_forge.cli.shown import engines, places
from catalog_forge.cli.shown import names as complete
from catalog_forge.cli.shown import options as shared

if TYPE_CHECKING:
    from catalog_forge.confd.imitated.embedded import Dialect
    from catalog_forge.metadata.scenarios.scenario import Scenario
    from catalog_forge.metadata.scenarios.steps import Moment
    from catalog_forge.verify.observation import Seen
    from catalog_forge.verify.subject import Subject
    from catalog_forge.verify.view import View

MAX_BYTES = 1 << 20
# The maximum depth at which to search for conf.d folders, and the maximum number of these folders to list.
_DEEPEST, _MOST_NAMED = 5, 5

VERSIONS = ("2015-07-25", "2015-12-19", "2016-07-29", "latest")


@dataclass(frozen=True)
class Wanted:
    """The options of the command line."""

    scenario: str | None
    steps: tuple[str, ...]
    scales: tuple[int, ...]
    client: str | None
    version: str | None
    backend: str | None
    image_dir: Path | None
    metadata: Path | None
    prefix: str | None
    dialect: Dialect | None
    variables: tuple[str, ...]
    resources: tuple[str, ...]
    show_diff: bool
    show_secrets: bool
    out: Path | None
    form: str

    @property
    def environment(self) -> dict[str, str]:
        """The environment variables of confd: a mapping from names to values."""
        return {name: value for name, _, value in (pair.partition("=") for pair in self.variables)}


@click.command()
@click.argument("name", required=False, shell_complete=complete.specs)
@click.option(
    "--scenario",
    metavar="NAME",
    shell_complete=complete.scenarios,
    help="The scenario to render; default: the first one of the spec.",
)
@click.option(
    "--step", "steps", multiple=True, metavar="N|NAME", help="The moment to render; 0 is the start; give two with --diff."
)
@click.option(
    "--scale",
    "scales",
    multiple=True,
    type=shared.WholeNumber(0),
    metavar="N",
    help="Render at this scale of the asking service; give two with --diff.",
)
@click.option(
    "--self", "client", metavar="CONTAINER|ADDRESS", help="The container that asks; default: the `self` of the scenario."
)
@click.option("--version", type=click.Choice(VERSIONS), help="Read this version of the metadata; default: the one in the spec.")
@engines.backend
@click.option(
    "--image-dir", type=places.FOLDER, metavar="DIR", help="Render a folder with conf.d/ and templates/ instead of a spec."
)
@click.option(
    "--file",
    "--metadata",
    "metadata",
    type=places.FILE,
    metavar="FILE",
    help="An answers file or a scenario, instead of a scenario of the spec.",
)
@click.option("--prefix", metavar="P", help="The prefix to start confd with, such as /2015-07-25.")
@click.option(
    "--dialect",
    type=click.Choice(["0.14", "0.16", "HEAD"]),
    help="The confd version to imitate; default: the one in the spec, else 0.16.",
)
@click.option(
    "--var", "variables", multiple=True, metavar="NAME=VALUE", help="An environment variable that templates read with getenv."
)
@click.option("--resource", "resources", multiple=True, metavar="NAME", help="Render only the resource conf.d/NAME.toml.")
@engines.options(engines.RENDERING)
@click.option("--diff", "show_diff", is_flag=True, help="Show the difference between two moments or two scales.")
@click.option("--show-secrets", is_flag=True, help="Also print files that only their owner may read.")
@shared.output("DIR", "Write the files below DIR.")
@shared.form()
@click.pass_obj
def render(settings: Settings, /, name: str | None, engine: str, confd: Path | None, **options: object) -> None:
    """Render the files of a conf image for a scenario.

    The image is the conf image of the spec NAME, or any folder with conf.d/ and templates/.

    Exits 1 if a resource cannot be rendered: its error is printed to stderr, and the other resources are rendered anyway, as
    with confd.

    \b
    Examples:
      catalog-forge render elasticsearch-conf
      catalog-forge render elasticsearch-conf --diff --scale 3 --scale 4
      catalog-forge render --image-dir DIR --file answers.yml --self 10.42.1.11 --prefix /2015-07-25 -o OUT
    """
    from catalog_forge.errors import ForgeError

    wanted = Wanted(**options)  # type: ignore[arg-type]
    _check(name, engine, wanted)
    subject, views, titles = _of_spec(settings, name, wanted) if name else _of_folder(wanted)
    if engine == "image" and name:
        engines.build_missing(settings.directory, [name], confd)
    with engines.opened(engine, confd) as opened:
        seen = list(opened.play(subject, views))
    chosen = _chosen(seen, titles, wanted)
    if wanted.show_diff:
        rendered.show_difference(chosen[0], chosen[1], wanted.show_secrets)
    elif wanted.out:
        rendered.write(chosen[-1][1], wanted.out)
    else:
        rendered.show(chosen[-1][1], wanted.form, wanted.show_secrets)
    if errors := [error for _, each in chosen for error in each.errors]:
        raise ForgeError("\n".join(dict.fromkeys(errors)))


def _check(name: str | None, engine: str, wanted: Wanted) -> None:
    """Refuse contradictory options."""
    contradictions = (
        ((name is None) == (wanted.image_dir is None), "name a spec, or a folder with --image-dir"),
        (wanted.image_dir and not wanted.metadata, "--image-dir needs --file FILE"),
        (wanted.image_dir and wanted.scenario, "--scenario selects a scenario of a spec; with a folder, use --file FILE"),
        (name and wanted.prefix is not None, "--prefix needs --image-dir; with a spec, use --version"),
        (wanted.image_dir and wanted.backend, "--backend selects a back end of a spec, and a folder has none"),
        (wanted.show_diff and wanted.out, "--diff only prints: use either --diff or -o"),
        (wanted.steps and wanted.scales, "use either --step or --scale"),
        (len(wanted.steps or wanted.scales) > 1 and not wanted.show_diff, "to render two steps or two scales, use --diff"),
        (
            engine == "image" and (wanted.version or wanted.resources),
            "--engine image uses the built image unchanged, so it cannot be combined with --version or --resource",
        ),
    )
    for wrong, message in contradictions:
        if wrong:
            raise click.UsageError(message)
    for pair in wanted.variables:
        shared.pair("--var", pair)


def _of_spec(settings: Settings, name: str, wanted: Wanted) -> tuple[Subject, list[View], list[str]]:
    """Return the subject to render for a spec, the views at the moments of a scenario, and the names of the moments."""
    from dataclasses import replace

    from catalog_forge.errors import UsageError, did_you_mean
    from catalog_forge.repository import Repository
    from catalog_forge.verify.first_scenario import asking
    from catalog_forge.verify.subject import of_spec

    source = Repository.find(settings.directory).source(name)
    spec = source.spec()
    if wanted.backend and wanted.backend not in spec.engine.told:
        hint = did_you_mean(wanted.backend, spec.engine.told)
        raise UsageError(f"--backend {wanted.backend}: {spec.name} does not read this back end", hint=hint)
    subject = _only(of_spec(spec, source.folder.static, wanted.backend or "", wanted.version or ""), wanted.resources)
    dialect = wanted.dialect or subject.dialect
    subject = replace(subject, dialect=dialect, variables={**subject.variables, **wanted.environment})
    own = asking(spec)
    if wanted.metadata:
        views, titles = _views_of_file(wanted.metadata, subject, wanted, own)
    else:
        text, file = _scenario(source.folder.scenarios(), source.name, wanted.scenario)
        views, titles = _views_of_scenario(text, file, subject, wanted, own)
    return subject, views, titles


def _scenario(known: Mapping[str, bytes], name: str, wanted: str | None) -> tuple[bytes, str]:
    from catalog_forge.errors import ForgeError, did_you_mean

    if not known:
        raise ForgeError(f"{name} has no scenario", hint=f"run catalog-forge scenario new {name}, or add --file FILE to render")
    if wanted and wanted not in known:
        raise ForgeError(f"{name} has no scenario {wanted!r}", hint=did_you_mean(wanted, known))
    chosen = wanted or next(iter(known))
    return known[chosen], f"specs/{name}/scenarios/{chosen}.yml"


def _of_folder(wanted: Wanted) -> tuple[Subject, list[View], list[str]]:
    """Return the subject to render for a folder, the views in an answers file or a scenario, and the names of these views."""
    from dataclasses import replace

    from catalog_forge.verify.subject import of_files

    assert wanted.image_dir and wanted.metadata
    recover_above(wanted.image_dir)
    folder = wanted.image_dir
    paths = _gathered(folder) or _files(folder, "conf.d", "templates")
    files = {below: _content(folder, path) for below, path in paths.items()}
    _check_resources(wanted.image_dir, files)
    prefix = wanted.prefix if wanted.prefix is not None else f"/{wanted.version}" if wanted.version else ""
    subject = _only(of_files(files, str(wanted.image_dir), prefix, wanted.environment), wanted.resources)
    subject = replace(subject, dialect=wanted.dialect or subject.dialect)
    return subject, *_views_of_file(wanted.metadata, subject, wanted, "")


def _check_resources(folder: Path, files: Mapping[str, bytes]) -> None:
    """Raise ForgeError if there is nothing to render, because an empty result would look like success."""
    from catalog_forge.errors import ForgeError

    if any(path.startswith("conf.d/") and path.endswith("toml") for path in files):
        return
    inner = folder / "conf.d"
    missing = f"{inner} has no template resources, so confd would find none" if inner.is_dir() else f"there is no folder {inner}"
    others = sorted(path.parent for path in _conf_dirs(folder))
    hint = "name a folder with conf.d/NAME.toml and templates/NAME.tmpl in it, as confd's -confdir does"
    if others:
        hint = "name one of the folders below that have a conf.d: " + ", ".join(map(str, others[:_MOST_NAMED]))
    elif folder.absolute().name in ("conf.d", "templates"):
        hint = f"name its parent folder: {folder.absolute().parent}"
    raise ForgeError(missing, hint=hint)


def _conf_dirs(folder: Path) -> Iterator[Path]:
    """Yield each conf.d below `folder` that contains a resource. Follows no symbolic links, and skips very deep folders."""
    import os

    for place, folders, names in os.walk(folder):
        path = Path(place)
        if path.name == "conf.d" and folder not in (path, path.parent) and any(name.endswith("toml") for name in names):
            yield path
        if len(path.relative_to(folder).parts) >= _DEEPEST:
            folders.clear()
        folders[:] = sorted(name for name in folders if name != ".git")


def _gathered(folder: Path) -> dict[str, Path]:
    """Return the files that confd reads in the image, keyed by their path below -confdir.

    The result is empty if the Dockerfile does not show where these files are.
    """
    from catalog_forge.image import dockerfile, gathering

    build = folder / "Dockerfile"
    if not build.is_file():
        return {}
    context = _files(folder, "")
    placed = gathering.places(dockerfile.parse(_content(folder, build).decode("utf-8", "replace")), context)
    for found in gathering.gathered(placed)[:1]:
        templates = {f"templates/{src}": context[path] for src, path in found.templates.items()}
        # If no template is known to be in the image, the templates next to conf.d are used, as in lint.
        templates = templates or _files(folder, "templates")
        return {**{f"conf.d/{below}": context[path] for below, path in found.resources.items()}, **templates}
    return {}


def _files(folder: Path, *parts: str) -> dict[str, Path]:
    """Return the files in subfolders of a folder, keyed by their path below the folder."""
    from catalog_forge.spec.folder import walked

    found = sorted(path for part in parts for path in walked(folder / part))
    return {path.relative_to(folder).as_posix(): path for path in found if not path.is_dir()}


def _content(folder: Path, path: Path) -> bytes:
    """Return the bytes of a file below a folder.

    Raises ForgeError if the file is a symbolic link that leads out of the folder, or if it has more than 1 MiB.
    """
    from catalog_forge.errors import ForgeError

    if not path.resolve().is_relative_to(folder.resolve()):
        raise ForgeError(f"{path} is a symbolic link that points outside {folder}", hint="replace the link by its target")
    if not path.is_file():
        raise ForgeError(f"{path} is not a regular file", hint="name a file")
    if path.stat().st_size > MAX_BYTES:
        raise ForgeError(f"{path} is larger than {MAX_BYTES} bytes", hint="name a smaller file")
    return path.read_bytes()


def _only(subject: Subject, names: Sequence[str]) -> Subject:
    """Return a copy of the subject that has only the named resources."""
    from dataclasses import replace

    from catalog_forge.confd.imitated.image_dir import ImageDir
    from catalog_forge.errors import ForgeError, did_you_mean

    resources = {resource.name: resource for resource in subject.image.resources}
    for name in names:
        if name not in resources:
            raise ForgeError(f"there is no resource {name!r}", hint=did_you_mean(name, resources))
    if not names:
        return subject
    chosen = tuple(resource for name, resource in resources.items() if name in names)
    return replace(subject, image=ImageDir(chosen, subject.image.templates))


def _views_of_file(file: Path, subject: Subject, wanted: Wanted, own: str) -> tuple[list[View], list[str]]:
    """Return the views of a file that is either an answers file or a scenario."""
    from catalog_forge.errors import ForgeError
    from catalog_forge.metadata.scenarios import scenario
    from catalog_forge.verify.view import View

    found = scenario.load_either(file, own)
    if isinstance(found, scenario.Scenario):
        return _views(found, subject, wanted)
    if wanted.steps or wanted.scales or wanted.show_diff:
        raise ForgeError(f"{file} contains only answers, but no steps and no scale", hint="a scenario has both")
    return [View(found, wanted.client or "default")], ["answers"]


def _views_of_scenario(text: bytes, file: str, subject: Subject, wanted: Wanted, own: str) -> tuple[list[View], list[str]]:
    from catalog_forge.metadata.scenarios.scenario import read

    return _views(read(text, file, own), subject, wanted)


def _views(scenario: Scenario, subject: Subject, wanted: Wanted) -> tuple[list[View], list[str]]:
    """Return the views of all moments or, if scales are given, of the first moment at each scale. Also return their names."""
    from catalog_forge.verify.view import of_moment

    rendered.warn_of_keys(subject.spec, scenario)
    moments: Sequence[Moment] = scenario.moments
    if wanted.scales:
        moments = [moments[0].scaled(scale) for scale in dict.fromkeys(wanted.scales)]
        if wanted.show_diff and len(moments) == 1:
            moments = [scenario.moments[0], *moments]
    moments = [moment.asked_by(wanted.client) for moment in moments] if wanted.client else moments
    return [of_moment(moment, number, subject.version) for number, moment in enumerate(moments)], [m.name for m in moments]


def _chosen(seen: Sequence[Seen], titles: Sequence[str], wanted: Wanted) -> list[tuple[str, Seen]]:
    """Return the requested moments; by default, the first moment or, for --diff, the first and the last moment."""
    if wanted.scales:
        numbers = list(range(len(seen)))
    elif wanted.steps:
        numbers = [_number(word, titles) for word in wanted.steps]
        if wanted.show_diff and len(numbers) == 1:
            numbers = [0, *numbers]
    else:
        numbers = [0, len(seen) - 1] if wanted.show_diff else [0]
    if len(numbers) != 2 and wanted.show_diff:
        raise click.UsageError("--diff needs two --step options or two --scale options")
    return [(titles[number], seen[number]) for number in numbers]


def _number(word: str, titles: Sequence[str]) -> int:
    from catalog_forge.errors import ForgeError, did_you_mean

    if re.fullmatch("[0-9]{1,9}", word) and int(word) < len(titles):
        return int(word)
    if word in titles:
        return titles.index(word)
    raise ForgeError(f"there is no step {word!r}", hint=did_you_mean(word, [*titles, f"0 to {len(titles) - 1}"]))
