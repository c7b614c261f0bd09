"""The pages that run something on an engine: every command of them, and all that they show."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import docker
import pytest

from tests.docs.pages import ROOT, play, problems, session, updated
from tests.live.software import image_of

pytestmark = pytest.mark.engine
CATALOG = "mkdir catalog && cd catalog"
# The pages, the software that they run, and what is there before their first command.
FIRST = {
    "docs/tutorials/first-image.md": ((), ""),
    "docs/tutorials/first-stack.md": (("redis",), ""),
}
SECOND = {
    "README.md": (("redis",), CATALOG),
    "docs/howto/waiting.md": (("redis",), CATALOG),
}
PAGES = FIRST | SECOND


@pytest.fixture
def cleared(engine: docker.DockerClient, tmp_path: Path) -> Iterator[None]:
    """Remove the conf images that a page has built: those of its own specs, for other tests build at the same time."""
    yield
    names = {spec.stem for spec in tmp_path.rglob("specs/*.yml")}
    for image in engine.api.images():  # images.list() looks at each, and others remove theirs meanwhile
        for tag in image["RepoTags"] or []:
            if tag.partition(":")[0] in names:
                engine.images.remove(tag, force=True)


@pytest.mark.parametrize("page", [*FIRST, *(pytest.param(page, marks=pytest.mark.second_tier) for page in SECOND)])
def test_a_page_is_what_happens(
    page: str, cleared: None, confd: Path, base_image: str, tmp_path: Path, request: pytest.FixtureRequest
) -> None:
    del cleared, base_image
    needed, setup = PAGES[page]
    for software in needed:
        image_of(software)
    environment = {"CATALOG_FORGE_CONFD": str(confd), "XDG_STATE_HOME": str(tmp_path / "state"), "HOME": os.environ["HOME"]}
    text = (ROOT / page).read_text()
    steps = session(text)
    try:
        played = play(steps, tmp_path / "work", environment, setup)
    finally:
        play_down(tmp_path, environment)
    if request.config.getoption("--update-golden"):
        (ROOT / page).write_text(updated(text, played))
    assert problems(played, steps) == []


def play_down(folder: Path, environment: dict[str, str]) -> None:
    """Take down what a page that failed has left running."""
    stacks = folder / "state/catalog-forge/stacks"
    for stack in stacks.iterdir() if stacks.is_dir() else ():
        play(session(f"    catalog-forge down {stack.name} -v\n"), folder / "down" / stack.name / "work", environment)
