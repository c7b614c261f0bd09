"""`sbom`: what a conf image contains, held against the library's own reader and against what is generated."""

from __future__ import annotations

import hashlib
import json
import shutil
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result
from spdx_tools.spdx.model import Document
from spdx_tools.spdx.parser.jsonlikedict.json_like_dict_parser import JsonLikeDictParser
from spdx_tools.spdx.validation.document_validator import validate_full_spdx_document

from catalog_forge.cli.main import root
from catalog_forge.cli.make.build import Inputs, requests_for
from catalog_forge.repository import Repository
from catalog_forge.spec.checks.whole import CONFD_SHA256
from tests.helpers import tree

EXAMPLES = Path(__file__).parents[2] / "examples"
SPEC = """\
forge: 1
name: web-conf
version: 1.2.3
maintainer: Jo Doe <jo@example.org>
entry: {license: Apache-2.0, project_url: "http://intranet/web"}
image: {registry: ghcr.io/acme, labels: {vendor: Acme}}
service: web=nginx:1.27.0
config: /etc/web/web.properties
reload: none
metadata: [colour]
tools:
- {name: probe, url: "http://127.0.0.1:80/probe.tar.gz", path: bin/probe, sha256: SUM}
""".replace("SUM", "ab" * 32)
DIGEST = f"sha256:{'cd' * 32}"
LOCK = f"""\
images:
  busybox:1.37.0:
    {{digest: '{DIGEST}', media_type: application/vnd.oci.image.index.v1+json, platforms: [linux/amd64], found: '2025-01-31'}}
"""


@pytest.fixture(autouse=True)
def _as_released(monkeypatch: pytest.MonkeyPatch) -> None:
    """No confd of this machine."""
    monkeypatch.delenv("CATALOG_FORGE_CONFD", raising=False)


def run(folder: Path, *words: str) -> Result:
    return CliRunner().invoke(root, ["-C", str(folder), *words])


def catalog(folder: Path, spec: str = SPEC, **files: str) -> Path:
    tree(folder, {"specs/web-conf.yml": spec, **files})
    assert (done := run(folder, "generate")).exit_code == 0, done.output
    return folder


def listed(folder: Path, *words: str) -> dict[str, Any]:
    done = run(folder, "sbom", "web-conf", *words)
    assert done.exit_code == 0, done.output
    found: dict[str, Any] = json.loads(done.stdout)
    return found


def packages(found: dict[str, Any]) -> dict[str, dict[str, Any]]:
    return {each["SPDXID"].removeprefix("SPDXRef-"): each for each in found["packages"]}


def purl(package: dict[str, Any]) -> str:
    return str(package["externalRefs"][0]["referenceLocator"])


def related(found: dict[str, Any]) -> set[tuple[str, str, str]]:
    keys = ("spdxElementId", "relationshipType", "relatedSpdxElement")
    rows = [[each[key].removeprefix("SPDXRef-") for key in keys] for each in found["relationships"]]
    return {(one, kind, other) for one, kind, other in rows}


@pytest.fixture(scope="module")
def examples(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy of the examples."""
    return shutil.copytree(EXAMPLES, tmp_path_factory.mktemp("examples") / "catalog")


@pytest.mark.parametrize("name", ["elasticsearch-conf", "galera-conf", "prometheus-conf"])
def test_the_document_of_an_example_is_one_that_the_library_reads_and_finds_valid(
    examples: Path, name: str, tmp_path: Path
) -> None:
    out = tmp_path / "sbom.json"
    assert run(examples, "generate", name).exit_code == 0
    done = run(examples, "sbom", name, "-o", str(out))
    assert done.exit_code == 0, done.output
    read: Document = JsonLikeDictParser().parse(json.loads(out.read_text()))
    assert validate_full_spdx_document(read) == []
    found = {each.name: each for each in read.packages}
    assert found["confd"].version == "0.16.0" and found["confd"].checksums[0].value == CONFD_SHA256["0.16.0"]
    assert read.creation_info.name == f"{name}-{found[f'files of {name}'].version}"


def test_it_says_what_the_build_puts_into_the_image(tmp_path: Path) -> None:
    folder = catalog(tmp_path, **{"catalog-forge.lock": LOCK})
    found = listed(folder)
    image, base, confd, probe = (packages(found)[name] for name in ("image", "base", "program-1", "program-2"))
    assert (image["name"], image["versionInfo"], image["licenseDeclared"]) == ("ghcr.io/acme/web-conf", "1.2.3", "Apache-2.0")
    assert purl(image) == "pkg:docker/ghcr.io/acme/web-conf@1.2.3?platform=linux%2Famd64"
    assert image["supplier"] == "Person: Jo Doe (jo@example.org)"
    (request,) = requests_for(Repository(folder), ("web-conf",), Inputs())
    labels = dict(each["comment"].removeprefix("label ").split("=", 1) for each in image["annotations"])
    assert labels.items() >= {**request.own_labels, "vendor": "Acme", "org.opencontainers.image.version": "1.2.3"}.items()
    assert purl(base) == f"pkg:docker/busybox@1.37.0?digest={DIGEST}&platform=linux%2Famd64"
    assert base["checksums"] == [{"algorithm": "SHA256", "checksumValue": DIGEST.removeprefix("sha256:")}]
    assert (purl(confd), confd["licenseDeclared"]) == ("pkg:github/kelseyhightower/confd@v0.16.0", "MIT")
    assert probe["checksums"][0]["checksumValue"] == "ab" * 32 and "/usr/local/bin/probe" in probe["comment"]
    wanted = {("image", "DESCENDANT_OF", "base"), ("DOCUMENT", "DESCRIBES", "image")}
    wanted |= {("image", "CONTAINS", name) for name in ("program-1", "program-2", "files")}
    assert related(found) >= wanted
    sums = {each["fileName"]: {one["algorithm"]: one["checksumValue"] for one in each["checksums"]} for each in found["files"]}
    script = (folder / "images/web-conf/run.sh").read_bytes()
    for path in ("./etc/confd/run.sh", "./opt/web-conf/run.sh"):
        assert sums[path] == {"SHA1": hashlib.sha1(script).hexdigest(), "SHA256": hashlib.sha256(script).hexdigest()}
    assert {"./etc/confd/conf.d/web.properties.toml", "./etc/confd/templates/web.properties.tmpl", "./entrypoint.sh"} <= set(sums)


def test_equal_inputs_make_equal_documents_and_others_another_namespace(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = catalog(tmp_path)
    first = listed(folder)
    assert first == listed(folder) and first["creationInfo"]["created"] == "1970-01-01T00:00:00Z"
    monkeypatch.setenv("SOURCE_DATE_EPOCH", "1700000000")
    later = listed(folder)
    assert later["creationInfo"]["created"] == "2023-11-14T22:13:20Z"
    monkeypatch.delenv("SOURCE_DATE_EPOCH")
    (folder / "catalog-forge.lock").write_text(LOCK)
    pinned = listed(folder)
    other = listed(catalog(folder, SPEC.replace("colour", "shade")))
    assert len({each["documentNamespace"] for each in (first, later, pinned, other)}) == 4


def test_a_digest_that_is_not_known_is_said(tmp_path: Path) -> None:
    done = run(catalog(tmp_path), "sbom", "web-conf")
    assert done.exit_code == 0
    assert done.stderr == "the digest of busybox:1.37.0 is not known: `catalog-forge lock web-conf` looks it up\n"
    pinned = run(catalog(tmp_path, SPEC.replace("image: {", f"image: {{base: 'busybox:1.37.0@{DIGEST}', ")), "sbom", "web-conf")
    assert (pinned.exit_code, pinned.stderr) == (0, "")
    assert purl(packages(json.loads(pinned.stdout))["base"]).startswith(f"pkg:docker/busybox@1.37.0?digest={DIGEST}")


@pytest.mark.parametrize(
    "changes",
    [
        {"Apache-2.0": "Proprietary", "Jo Doe <jo": "The (web) team <jo", "vendor: Acme": 'vendor: "Ac=me, \\U0001F600"'},
        {
            "license: Apache-2.0, ": "",
            "maintainer: Jo Doe <jo@example.org>\n": "",
            "http://intranet/web": "https://example.org/?c=#d",
        },
    ],
)
def test_what_an_author_writes_makes_no_document_that_is_not_valid(tmp_path: Path, changes: Mapping[str, str]) -> None:
    spec = SPEC
    for old, new in changes.items():
        spec = spec.replace(old, new)
    folder = catalog(tmp_path, spec)
    assert validate_full_spdx_document(JsonLikeDictParser().parse(listed(folder))) == []


def test_an_image_with_confd_inside_descends_from_main_and_has_the_busybox_of_its_base(tmp_path: Path) -> None:
    text = SPEC.replace(
        "service: web=nginx:1.27.0", "service: {name: web, image: 'nginx:1.27.0', topology: embedded, shell: false}"
    )
    found = listed(catalog(tmp_path, text.replace("reload: none", "launch: {exec: [nginx]}\nreload: none")))
    assert packages(found)["base"]["name"] == "nginx"
    assert ("stage-1", "BUILD_DEPENDENCY_OF", "image") in related(found)
    (lends,) = [each["comment"] for each in found["relationships"] if each["relationshipType"] == "BUILD_DEPENDENCY_OF"]
    assert lends == "busybox lends /opt/web-conf/busybox"


def test_another_confd_is_the_one_that_is_listed(tmp_path: Path) -> None:
    folder = catalog(tmp_path)
    (folder / "confd").write_bytes(b"#!mine")
    found = listed(folder, "--confd", str(folder / "confd"))
    confd, checksum = packages(found)["program-1"], hashlib.sha256(b"#!mine").hexdigest()
    assert purl(confd) == f"pkg:generic/confd?checksum=sha256:{checksum}"
    assert (confd["checksums"][0]["checksumValue"], confd["downloadLocation"]) == (checksum, "NOASSERTION")
    assert "versionInfo" not in confd
    assert validate_full_spdx_document(JsonLikeDictParser().parse(found)) == []


def test_what_was_not_generated_since_its_change_has_no_document(tmp_path: Path) -> None:
    folder = catalog(tmp_path)
    (folder / "specs/web-conf.yml").write_text(SPEC.replace("1.2.3", "1.2.4"))
    done = run(folder, "sbom", "web-conf", "-o", str(tmp_path / "out.json"))
    assert done.exit_code == 1 and "hint: catalog-forge generate web-conf" in done.stderr
    assert not (tmp_path / "out.json").exists()


def test_without_the_library_it_says_which_one(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = catalog(tmp_path)
    for name in [name for name in sys.modules if name.partition(".")[0] == "spdx_tools"]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.setitem(sys.modules, "spdx_tools", None)
    done = run(folder, "sbom", "web-conf")
    assert done.exit_code == 1
    assert done.stderr.endswith("the Python package spdx-tools is not installed\n  hint: pip install 'catalog-forge[sbom]'\n")
