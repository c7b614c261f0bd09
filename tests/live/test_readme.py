"""What a newcomer copies from the README and the docs serves a client, with the real program."""

from __future__ import annotations

import re
import shlex

import docker
import pytest

from tests.docs.pages import Command, Edit, session
from tests.live.software import ROOT, Forge, eventually, image_of, run, running

pytestmark = pytest.mark.engine


def redis(client: docker.DockerClient, forge: Forge) -> None:
    """Ask the program what it was told, at first and after a change."""
    image_of("redis")
    with running(client, forge, "redis", maxmemory="64mb", maxmemory_policy="allkeys-lru") as stack:
        for memory, told in (("64mb", "67108864"), ("32mb", "33554432")):
            stack.up(maxmemory=memory)
            eventually(
                f"redis obeys maxmemory {memory}",
                lambda: run(stack.container("redis", 1), "redis-cli", "config", "get", "maxmemory").split(),
                lambda said, told=told: said == ["maxmemory", told],
            )


CLIENTS = {"redis-conf": redis}


def shown() -> dict[str, str]:
    """Every whole spec that a page shows, by where it stands: all places of a text are one name, and it is played once.

    But for what fetches something from nowhere, and for those that a page has its reader save: what becomes of them is
    played with the commands of the page.
    """
    places: dict[str, list[str]] = {}
    for page in (ROOT / "README.md", *sorted((ROOT / "docs").rglob("*.md"))):
        saved = {step.text for step in session(page.read_text()) if isinstance(step, Edit)}
        for number, block in enumerate(re.findall(r"^```yaml\n(.*?)^```", page.read_text(), re.DOTALL | re.MULTILINE)):
            if re.search("^forge: 1$", block, re.MULTILINE) and "https://example.org" not in block and block not in saved:
                places.setdefault(block, []).append(f"{page.relative_to(ROOT)}#{number}")
    return {" ".join(where): block for block, where in places.items()}


def name_of(spec: str) -> str:
    return re.findall("^name: (.*)$", spec, re.MULTILINE)[0]


def test_what_the_pages_show_is_played() -> None:
    assert {name_of(spec) for spec in shown().values()} == {*CLIENTS}
    assert {each.partition("#")[0] for where in shown() for each in where.split()} >= {"README.md", "docs/spec.md"}


@pytest.mark.parametrize("where", shown())
def test_a_spec_that_is_copied_serves_a_client(where: str, engine: docker.DockerClient, forge: Forge) -> None:
    spec = shown()[where]
    name = name_of(spec)
    forge.spec(name, spec)
    CLIENTS[name](engine, forge)


def test_the_command_of_the_readme_makes_an_entry_that_serves_a_client(engine: docker.DockerClient, forge: Forge) -> None:
    steps = [step for step in session((ROOT / "README.md").read_text()) if isinstance(step, Command)]
    (command,) = [step.text for step in steps if step.text.startswith("catalog-forge new redis-conf --service ")]
    forge(*shlex.split(command.replace("\\\n", " "))[1:], "--no-build")
    forge.spec("redis-conf", (forge.catalog / "specs/redis-conf.yml").read_text())
    redis(engine, forge)
