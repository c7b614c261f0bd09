"""A spec from four words: whatever they hold, it is YAML that the reader understands."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from catalog_forge import yamlio
from catalog_forge.blueprint.spec_from_flags import SCHEMA, Words, spec_of
from catalog_forge.spec.reader import read
from tests.helpers import started


def test_four_words_are_a_spec() -> None:
    text = spec_of(
        "es-conf", Words("elasticsearch:2.4.6", "/opt/es/config/es.yml", "signal HUP", ("cluster.name", "node.master"))
    )
    spec = read(text, "specs/es-conf.yml")
    assert text.startswith(f"# yaml-language-server: $schema={SCHEMA}\n")
    assert (spec.service.name, spec.service.image) == ("elasticsearch", "elasticsearch:2.4.6")
    assert (spec.files[0].format, str(spec.files[0].reload)) == ("yaml", "signal HUP")
    assert list(spec.metadata) == ["cluster.name", "node.master"]


@pytest.mark.parametrize(
    ("service", "name", "image"),
    [("web", "web", "web"), ("web:1.0", "web", "web:1.0"), ("web=acme.org:5000/nginx:1.27", "web", "acme.org:5000/nginx:1.27")],
)
@pytest.mark.parametrize("topology", ["", "volumes", "netns"])
def test_the_service_is_the_same_with_and_without_a_topology(service: str, name: str, image: str, topology: str) -> None:
    spec = read(started(spec_of("x-conf", Words(service, "/etc/x/x.ini", topology=topology, format="properties"))), "x")
    assert (spec.service.name, spec.service.image, spec.service.topology) == (name, image, topology or "volumes")
    assert spec.files[0].format == "properties"


_TEXT = st.text(st.characters(exclude_categories=["Cs", "Cc"]))


@given(_TEXT, _TEXT, _TEXT.filter(bool), st.lists(_TEXT.filter(bool), min_size=1))
def test_any_words_are_data_and_never_structure(service: str, config: str, reload: str, metadata: list[str]) -> None:
    data = yamlio.load(spec_of("x-conf", Words(service, config, reload, tuple(metadata))), "x")
    assert data == {
        "forge": 1, "name": "x-conf", "service": service, "config": config, "reload": reload, "metadata": metadata,
    }  # fmt: skip
