"""The section `lint` of catalog-forge.yml: which rules a team wants, how bad their findings are, where they say nothing."""

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
from catalog_forge.yamlio import Map, Node

KEYS = ("select", "ignore", "fail_on", "levels", "paths", "baseline")
FAIL_ON = (*LEVELS, "never")
# How the ids of the rules begin that ask programs of others, which a machine may lack.
EXTERNAL = "CF79"
# The rule that asks what was published.
HISTORY = "CF920"


@dataclass(frozen=True)
class Settings:
    """The settings of a catalog. `baseline` is a path below the folder of catalog-forge.yml, `""` for none."""

    select: tuple[str, ...] = ()
    ignore: tuple[str, ...] = ()
    fail_on: str = "error"
    levels: Mapping[str, Level] = field(default_factory=dict)
    paths: tuple[tuple[str, frozenset[str]], ...] = ()
    baseline: str = ""

    def choice(self, select: tuple[str, ...] = (), ignore: tuple[str, ...] = (), external: bool = True) -> Choice:
        """The rules that run. `select` stands in place of what is selected and ignored here; `ignore` is added.

        `external` lets programs of others run. Raises ForgeError for what is no rule.
        """
        wanted = registry.expand(select or self.select or ("all",))
        without = registry.expand((*(() if select else self.ignore), *ignore))
        ids = frozenset(each for each in wanted - without if external or not each.startswith(EXTERNAL))
        return Choice(ids, self.levels, self.paths)


def read(root: Map) -> Settings:
    """Read the settings out of standards. Raises ForgeError with everything that is wrong with them."""
    node = next((value for key, value in root.pairs if key.value == "lint"), None)
    if node is None or is_null(node):
        return Settings()
    reader = _Reader()
    settings = reader.settings(node)
    reader.check()
    return settings


class _Reader(Reader):
    """Reads the section, and notes what is wrong."""

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
        """Ids of rules or beginnings of them: one, or a list."""
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
