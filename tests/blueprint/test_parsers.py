"""Files of software that no registry has: parsers of their formats take what the blueprints render, and refuse a broken line.

Those that come from PyPI for this alone: `logstash-pipeline-parser` (the grammar of pipelines), `esprima` (JavaScript).
"""

from __future__ import annotations

import importlib
import os
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import pytest

from catalog_forge import yamlio
from catalog_forge.repository import Repository
from catalog_forge.verify import play, view
from catalog_forge.verify.embedded import Embedded
from tests.blueprint.made import make, names


def parser(module: str) -> Any:
    """A parser; where it is not installed the test is skipped, in CI it fails."""
    if module.startswith("logstash") and sys.version_info >= (3, 14):
        pytest.skip(f"{module} is for Python below 3.14")
    if os.environ.get("CI") == "true":
        return importlib.import_module(module)
    return pytest.importorskip(module, reason=f"{module} is not installed: make .venv/ready")


def pipeline(text: str) -> Any:
    return dict(parser("logstash_pipeline_parser").Pipeline(text).parse())


def script(text: str) -> Any:
    return {node.type: node for node in parser("esprima").parseScript(text).body}


def flat_xml(text: str) -> Any:
    """The elements below the root, under the name of the root: Jenkins finds a class by it, and its fields by theirs."""
    tree = ElementTree.fromstring(text)
    return {tree.tag: {child.tag: child.text for child in tree}}


def yaml(text: str) -> Any:
    return yamlio.load(text.encode(), "x")


@dataclass(frozen=True)
class Row:
    """A file of a blueprint, how it is read, keys that must lead to something in it, and a line to break.

    The line stands in the spec, or in the `static` file of this name.
    """

    blueprint: str
    dest: str
    read: Callable[[str], Any]
    keys: tuple[str, ...]
    line: str
    broken: str
    static: str = ""


JENKINS = "jenkins.model.JenkinsLocationConfiguration"
ROWS = (
    Row("mongodb-conf", "mongod.yml", yaml, ("storage", "wiredTiger", "engineConfig", "cacheSizeGB"), "engineConfig", "engine"),
    Row("mongodb-conf", "mongod.yml", yaml, ("security", "keyFile"), "keyFile: /etc/mongod/key", "key: /etc/mongod/key"),
    Row("mongodb-conf", "members.js", script, ("ExpressionStatement",), "quit(0);", "quit(0;", "members.js"),
    Row(
        "jenkins-conf", f"{JENKINS}.xml", flat_xml, (JENKINS, "jenkinsUrl"), "<jenkinsUrl>@{metadata/url}</jenkinsUrl>", "<url/>"
    ),
    Row("logstash-conf", "logstash.conf", pipeline, ("output",), '["output {", "}"]', '["output", "}"]'),
    Row("logstash-conf", "kibana.yml", yaml, ("elasticsearch.url",), "elasticsearch.url:", "elasticsearch.uri:"),
)


def refused(folder: Path, row: Row, old: str = "", new: str = "") -> list[str]:
    """Why a file is refused that the scenarios of a blueprint render, at each moment at which it holds anything."""
    made = make(row.blueprint, folder)
    (name,) = names(made)
    changed = made / (f"specs/{name}/{row.static}" if row.static else f"specs/{name}.yml")
    assert old in changed.read_text(), f"the line to break is not there: {old}"
    changed.write_text(changed.read_text().replace(old, new, 1))
    source = Repository(made).source(name)
    texts = []
    for case in play.cases(source.spec(), source.folder):
        views = (view.of_moment(moment, number, case.subject.version) for number, moment in enumerate(case.scenario.moments))
        seen = [
            file.text
            for each in Embedded().play(case.subject, views)
            for dest, file in each.files.items()
            if dest.endswith(f"/{row.dest}")
        ]
        texts += [text for text in seen if any(line.strip() and not line.startswith("#") for line in text.splitlines())]
    assert texts, f"nothing is rendered for {row.dest}"
    return [problem for text in texts if (problem := why_not(row, text))]


def why_not(row: Row, text: str) -> str:
    try:
        found = row.read(text)
    except pytest.skip.Exception:
        raise
    except Exception as error:  # each parser has errors of its own
        return str(error) or type(error).__name__
    for key in row.keys:
        if not isinstance(found, dict) or key not in found:
            return f"{key} is missing in {found}"
        found = found[key]
    return ""


each_row = pytest.mark.parametrize("row", ROWS, ids=lambda row: f"{row.blueprint}-{row.dest}-{row.keys[0]}")


@each_row
def test_a_parser_of_the_format_takes_what_is_rendered(row: Row, tmp_path: Path) -> None:
    assert refused(tmp_path, row) == []


@each_row
def test_a_broken_line_is_refused(row: Row, tmp_path: Path) -> None:
    assert refused(tmp_path, row, row.line, row.broken)
