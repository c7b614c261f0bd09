"""The section `lint` of catalog-forge.yml: the rules that a team wants, the levels of findings, and paths to skip."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from catalog_forge.errors import ForgeError
from catalog_forge.goyaml.decoding import is_null
from catalog_forge.lint.findings import LEVELS, Level
from catalog_forge.lint.runner import registry
from catalog_forge.lint.runner.run import Choice
from catalog_forge.metadata.reading import Reader
from catalog_forge.plan import check_relative
from catalog_forge.spec.standards import Team
from catalog_forge.yamlio import Map, Node

KEYS = ("select", "ignore", "fail_on", "levels", "paths", "baseline")
FAIL_ON = (*LEVELS, "never")
# The beginning of the ids of rules that run external programs, which may not be installed.
EXTERNAL = "CF79"
# The rule that compares the catalog with its published revisions.
HISTORY = "CF920"


@dataclass(frozen=True)
class Settings:
    """The lint settings of a catalog. `baseline` is a path relative to catalog-forge.yml, or `""` if there is no baseline."""

    select: tuple[str, ...] = ()
    ignore: tuple[str, ...] = ()
    fail_on: str = "error"
    levels: Mapping[str, Level] = field(default_factory=dict)
    paths: tuple[tuple[str, frozenset[str]], ...] = ()
    baseline: str = ""

    def choice(self, select: tuple[str, ...] = (), ignore: tuple[str, ...] = (), external: bool = True) -> Choice:
        """Return the rules to run. Raises ForgeError for an unknown rule.

        The argument `select` replaces both `select` and `ignore` of the settings. The argument `ignore` adds more ignored rules.
        Rules that run external programs are only included if `external` is true.
        """
        wanted = registry.expand(select or self.select or ("all",))
        without = registry.expand((*(() if select else self.ignore), *ignore))
        ids = frozenset(each for each in wanted - without if external or not each.startswith(EXTERNAL))
        return Choice(ids, self.levels, self.paths)


def read(root: Map) -> Settings:
    """Read the lint settings from the standards. Raises ForgeError with all faults in the settings."""
    node = next((value for key, value in root.pairs if key.value == "lint"), None)
    if node is None or is_null(node):
        return Settings()
    reader = _Reader()
    settings = reader.settings(node)
    reader.check()
    return settings


def of(standards: Team | ForgeError) -> Settings:
    """Return the lint settings in a team's standards; the defaults if the standards cannot be read."""
    return Settings() if isinstance(standards, ForgeError) else read(standards.tree)


class _Reader(Reader):
    """Reads the section `lint` and collects the faults in it."""

    def settings(self, node: Node) -> Settings:
        keys = self.known(node, "lint", KEYS)
        return Settings(
            self.rules(keys.get("select"), "select"),
            self.rules(keys.get("ignore"), "ignore"),
            self.one_of(keys["fail_on"], "fail_on", FAIL_ON) if "fail_on" in keys else "error",
            self.levels(keys.get("levels")),
            tuple((key.value, self.ids(value, "paths")) for key, value in self.pairs(keys.get("paths"), "paths")),
            self.baseline(keys.get("baseline")),
        )

    def rules(self, node: Node | None, what: str) -> tuple[str, ...]:
        """Return the rule ids, or beginnings of rule ids, in a node that is a word or a list of words."""
        found = [(self.word(item, what), item) for item in self.some(node)]
        return tuple(word for word, item in found if self.expanded(word, item))

    def ids(self, node: Node | None, what: str) -> frozenset[str]:
        return registry.expand(words) if (words := self.rules(node, what)) else frozenset()

    def expanded(self, word: str, node: Node) -> Iterable[str]:
        try:
            return registry.expand((word,)) if word else ()
        except ForgeError as error:
            self.wrong(error.problems[0].message, node.where, error.problems[0].hint)
            return ()

    def levels(self, node: Node | None) -> dict[str, Level]:
        found: dict[str, Level] = {}
        for key, value in self.pairs(node, "levels"):
            word = self.one_of(value, f"the level of {key.value}", LEVELS)
            level = next((each for each in LEVELS if each == word), None)
            found |= {identity: level for identity in self.expanded(key.value, key)} if level else {}
        return found

    def baseline(self, node: Node | None) -> str:
        path = self.word(node, "baseline") if node else ""
        try:
            if path:
                check_relative(path)
        except ForgeError as error:
            assert node is not None
            self.wrong(
                error.problems[0].message, node.where, "the baseline must be in the folder of catalog-forge.yml or below it"
            )
        return path
