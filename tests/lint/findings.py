"""What rules find in the sound catalog with some files changed."""

from __future__ import annotations

from collections.abc import Mapping

from catalog_forge.lint.catalog import Catalog
from catalog_forge.lint.findings import Finding
from catalog_forge.lint.runner import registry
from catalog_forge.lint.runner.run import Choice, run
from tests.lint.trees import tree

REVISION = "templates/web/0"
RANCHER = f"{REVISION}/rancher-compose.yml"
DOCKER = f"{REVISION}/docker-compose.yml"
TEMPLATE = f"{REVISION}/docker-compose.yml.tpl"


def findings(files: Mapping[str, str | None], *rules: str) -> list[Finding]:
    """The findings of some rules, in the order of their places."""
    return run(Catalog(tree(files)), Choice(registry.expand(rules)))


def shown(files: Mapping[str, str | None], *rules: str) -> list[str]:
    """The findings as a person reads them, without the folder of the revision."""
    return [f"{each.where}: {each.message}".removeprefix(f"{REVISION}/") for each in findings(files, *rules)]


def docker(services: str) -> dict[str, str | None]:
    """The sound catalog with these services; each line stands below `services:`."""
    return {DOCKER: "version: '2'\nservices:\n" + services}


def template(services: str, questions: str = "") -> dict[str, str | None]:
    """The sound catalog with these services in a template, and these questions; each line of them is one."""
    asked = "".join(f"  - {each}\n" for each in questions.splitlines())
    block = f"version: '2'\ncatalog:\n  version: '1.0.0'\n  questions:\n{asked}"
    return {DOCKER: None, TEMPLATE: "version: '2'\nservices:\n" + services, RANCHER: block}
