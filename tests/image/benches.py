"""A workbench on a real engine: requests whose images all carry one label, so that they can be counted and removed."""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass

import docker
import pytest
from docker.errors import APIError

from catalog_forge.image.builder import BuildRequest
from catalog_forge.image.engine import Engine, connect
from catalog_forge.image.stream import Event
from catalog_forge.plan import File, Plan
from tests.conftest import TEST_LABEL

TWO_STAGES = """\
ARG BASE=busybox:1.37.0
FROM ${{BASE}} AS confd
LABEL {label}={value}
# stands for the download of confd
RUN echo confd > /confd && echo said by stage one
FROM ${{BASE}}
LABEL {label}={value}
COPY --from=confd /confd /confd
COPY file /file
"""


def ignore(_: Event) -> None:
    """Report nothing."""


@dataclass(frozen=True)
class Bench:
    """A real engine, seen twice: by the code under test, and by a test that counts what is there."""

    engine: Engine
    client: docker.DockerClient
    value: str

    def dockerfile(self, *lines: str) -> str:
        """A Dockerfile whose layers all carry the label of this test, also those of a build that fails."""
        return "\n".join(["FROM busybox:1.37.0", f"LABEL {TEST_LABEL}={self.value}", *lines, ""])

    def request(self, dockerfile: str, tag: str = "one:1", content: str = "x") -> BuildRequest:
        """A request with a file beside the Dockerfile."""
        context = Plan([File("Dockerfile", dockerfile.encode()), File("file", content.encode())])
        return BuildRequest(context, (self.tag(tag),), labels={TEST_LABEL: self.value}, dockerfile="images/one/Dockerfile")

    def two_stages(self, content: str = "x") -> BuildRequest:
        """A request as generated images have it."""
        return self.request(TWO_STAGES.format(label=TEST_LABEL, value=self.value), content=content)

    def tag(self, name: str) -> str:
        """A tag of this test alone."""
        return f"cf-{self.value}/{name}"

    def images(self, **filters: bool) -> set[str]:
        """The images that this test made: all layers, or only the dangling ones."""
        wanted = {"label": f"{TEST_LABEL}={self.value}", **filters}
        return {str(image["Id"]) for image in self.client.api.images(all=not filters, filters=wanted)}

    def containers(self) -> set[str]:
        """The containers, running or not, of this test's layers."""
        mine = self.images()
        return {str(each["Id"]) for each in self.client.api.containers(all=True) if each["ImageID"] in mine}

    @contextmanager
    def requests(self) -> Iterator[list[str]]:
        """The paths that the engine is asked for meanwhile."""
        asked: list[str] = []

        def note(response: object, *_: object, **__: object) -> None:
            asked.append(response.request.path_url.split("?")[0])  # type: ignore[attr-defined]

        self.engine.api.hooks["response"].append(note)
        yield asked
        self.engine.api.hooks["response"].remove(note)


@pytest.fixture
def bench(engine: docker.DockerClient, base_image: str) -> Iterator[Bench]:  # noqa: ARG001
    """The bench; all images that the test made are removed in the end."""
    with connect() as mine:
        bench = Bench(mine, engine, uuid.uuid4().hex[:12])
        yield bench
        for _ in range(20):
            for image in bench.images():
                with suppress(APIError):  # it has children, which go first
                    engine.api.remove_image(image, force=True)
        assert not bench.images()
