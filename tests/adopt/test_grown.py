"""Templates grown from a grammar of idioms: none that is lifted prints other lines than it did, whatever the metadata say."""

from __future__ import annotations

import random
from collections import Counter
from dataclasses import dataclass
from pathlib import Path

import pytest

from catalog_forge.adopt.bodies import lift
from catalog_forge.adopt.setting import Lifted, Setting
from tests.adopt.both import Batch, World

VERSIONS = ("2015-07-25", "2016-07-29")
BLANK = frozenset(("a", "b", "n/c", "t"))
WORLDS = (
    World(
        {"a": "1", "b": "on", "n": {"c": "x"}, "t": "l1\nl2", "m": {"p": "1", "q.r": "2"}, "v": ["u", "w"], "s": "e,f"},
        scale=1,
        index=1,
    ),
    World({"b": "off", "m": {"k": ""}, "r": {"x": {"h": "1", "o": "2"}, "y": {"h": "3"}}}, index=3),
    World({"a": "", "b": "", "t": "", "n": {"c": ""}, "v": [str(number) for number in range(11)]}, scale=11, index=11),
    World({}, scale=3, index=1, variables={"E": "set", "F": ""}),
)


@dataclass
class Grower:
    """Grows templates. Names are few, so that conditions and values meet."""

    random: random.Random
    by_name: bool
    depth: int = 0
    number: int = 0

    def template(self) -> str:
        """A few pieces."""
        return "".join(self.piece() for _ in range(self.random.randint(1, 6)))

    def piece(self) -> str:
        kinds = [self.text, self.text, self.value, self.line, self.when, self.walk, self.variable]
        kinds += [self.services] if self.by_name and self.depth < 2 else []
        self.depth += 1
        chosen = self.random.choice(kinds if self.depth < 4 else kinds[:3])()
        self.depth -= 1
        return chosen

    def text(self) -> str:
        return self.random.choice(
            ["x", "y = ", "\n", "\n", "\n\n", "  ", " # c\n", "@", "{ ", "}", '"', ";\n", "- ", "@{self.ip}", "%d "]
        )

    def key(self) -> str:
        return '"/self/service/metadata/' + self.random.choice(["a", "b", "n/c"]) + '"'

    def value(self) -> str:
        return self.action(self.term())

    def term(self) -> str:
        key = self.key()
        return self.random.choice(
            [
                f"getv {key}", f"getv {key}",
                f'getv {key} "d"', f'getv {key} ""', f'or (getv {key} "") "d"', 'getenv "E"', 'getenv "F" "f"',
                'getv "/self/container/primary_ip"', 'getv "/self/container/service_index"', 'getv "/self/service/name"',
                'getv "/self/stack/name"', 'getv "/self/host/agent_ip"', 'getv "/self/container/labels/team"', "3",
                '"w"', 'getv (printf "/self/service/metadata/%s" "b")', 'getv "/self/nothing"', 'getv "/other/key" "o"',
                f'replace (getv {key}) "o" "0" -1', f'toUpper (getv {key})', 'toLower (getenv "E")',
                'getv "/self/service/kind"', 'len (ls "/self/service/containers")',
            ]
        )  # fmt: skip

    def line(self) -> str:
        """A value of several lines, mostly alone in its line."""
        before, after = self.random.choice(["\n", "\n", "\n  ", "\n", "z "]), self.random.choice(["\n", "\n", " \n", "\n", ";"])
        default = self.random.choice(["", ' "none"', ' ""'])
        return f'{before}{{{{getv "/self/service/metadata/t"{default}}}}}{after}'

    def action(self, code: str) -> str:
        left, right = self.random.choice(["", "", "", "- "]), self.random.choice(["", "", "", " -"])
        return f"{{{{{left}{code}{right}}}}}"

    def condition(self) -> str:
        key = self.key()
        simple = [
            f"exists {key}", f"exists {key}", f'eq (getv {key} "") "on"', f'eq (getv {key} "on") "on"', f'ne (getv {key} "q") ""',
            f'getv {key} ""', 'ls "/self/service/metadata/m"', 'gt (len (ls "/self/service/metadata/m")) 0',
            'eq (getv "/self/container/service_index") "1"', 'eq (getv "/self/service/name") "app"', 'getenv "E"', "true",
            'exists "/nowhere/x"', 'gt (len (ls "/self/service/containers")) 1', 'exists "/self/service/metadata/t"',
            'le (len (ls "/self/service/metadata/v")) 2', f'eq (getv {key}) "1" "on"',
            f'contains (getv {key}) "o"', 'exists "/self/service/metadata/m"',
        ]  # fmt: skip
        chosen = self.random.choice(simple)
        if self.random.random() < 0.3:
            word = self.random.choice(["and", "or"])
            chosen = f"{word} ({chosen}) ({self.random.choice(simple)})"
        return f"not ({chosen})" if self.random.random() < 0.2 else chosen

    def when(self) -> str:
        then, end = self.action(f"if {self.condition()}"), self.action("end")
        if self.random.random() < 0.5:
            return then + self.template() + end
        middle = self.action("else" if self.random.random() < 0.7 else f"else if {self.condition()}")
        return then + self.template() + middle + self.template() + end

    def walk(self) -> str:
        peers = (
            ['range ls "/self/service/containers"|{{.}} {{getv (printf "/self/service/containers/%s/primary_ip" .)}}']
            if self.by_name
            else [
                'range ls "/self/service/containers"|{{getv (printf "/containers/%s/primary_ip" '
                '(getv (printf "/self/service/containers/%s" .)))}}'
            ]
        )
        head, _, body = self.random.choice(
            [
                *peers,
                'range ls "/self/service/metadata/m"|{{.}}={{getv (printf "/self/service/metadata/m/%s" .)}}',
                'range gets "/self/service/metadata/m/*"|{{base .Key}}={{.Value}}',
                'range ls "/self/service/metadata/v"|{{getv (printf "/self/service/metadata/v/%s" .)}}',
                'range lsdir "/self/service/metadata/r"|{{.}}:{{getv (printf "/self/service/metadata/r/%s/h" .)}}'
                '{{getv (printf "/self/service/metadata/r/%s/o" .) "-"}}',
                'range gets "/self/container/labels/*"|{{base .Key}}={{.Value}}',
                'range getvs "/self/container/labels/te*"|{{.}}',
                'range ls "/nowhere"|{{json .}}',
                'range split "g,h" ","|{{.}}',
            ]
        ).partition("|")
        if self.random.random() < 0.3 and head.startswith("range "):
            self.number += 1
            i, v = f"$i{self.number}", f"$v{self.number}"
            head, body = (
                head.replace("range ", f"range {i}, {v} := "),
                body.replace(".Key", f"{v}.Key").replace(".Value", f"{v}.Value"),
            )
            body = body.replace("{{.}}", f"{{{{{v}}}}}").replace(" .)", f" {v})").replace("json .", f"json {v}")
            between = self.random.choice(
                [
                    f"{{{{if {i}}}}}, {{{{end}}}}",
                    f"{{{{if ne {i} 0}}}}\n{{{{end}}}}",
                    f"{{{{{i}}}}} {{{{if eq {i} 1}}}}2nd{{{{end}}}}",
                ]
            )
            body = between + body
        around = [self.random.choice(["", "\n", " ", "- "]), self.random.choice(["", "\n", "\n", ";"])]
        inner = self.template() if self.random.random() < 0.2 else ""
        otherwise = self.action("else") + self.text() if self.random.random() < 0.2 else ""
        return self.action(head) + around[0] + body + inner + around[1] + otherwise + self.action("end")

    def services(self) -> str:
        """A loop over the services of all stacks."""
        self.number += 1
        s, n = f"$s{self.number}", f"$n{self.number}"
        path = f'printf "/stacks/%s/services/%s/PATH" {s} {n}'
        of = {name: path.replace("PATH", name) for name in ("labels/team", "labels/port", "scale", "containers", "containers/")}
        body = self.random.choice(
            [
                f"{{{{{s}}}}}/{{{{{n}}}}} {{{{getv ({of['scale']})}}}}",
                f"{{{{if exists ({of['labels/team']})}}}}{{{{getv ({of['labels/team']})}}}}{self.text()}{{{{end}}}}",
                f'{{{{getv ({of["labels/port"]}) "80"}}}}',
                f"{{{{range ls ({of['containers']})}}}}{{{{.}}}}{self.text()}{{{{end}}}}",
                f'{{{{range lsdir ({of["containers/"]})}}}}{{{{getv (printf "/containers/%s/host_uuid" .)}}}}\n{{{{end}}}}',
            ]
        )
        spaces = [self.random.choice(["", "", "\n", "\n  ", " "]) for _ in range(2)]
        inner = self.template() if self.random.random() < 0.2 else ""
        loops = f'{{{{range {s} := ls "/stacks"}}}}{spaces[0]}{{{{range {n} := ls (printf "/stacks/%s/services" {s})}}}}'
        return f"{loops}{self.text()}{body}{inner}{self.text()}{{{{end}}}}{spaces[1]}{{{{end}}}}"

    def variable(self) -> str:
        self.number += 1
        name = f"$x{self.number}"
        return f"{{{{{name} := {self.term()}}}}}{self.text()}{{{{{name}}}}}"


def same(before: list[str] | None, after: list[str] | None, lifted: Lifted) -> bool:
    """Whether the lines are the same, or those of an original that fails, or of a file that refuses and says so.

    Where the order is said to change, within a line too.
    """
    if before is None:
        return True
    if after is None:
        return False
    if any(departure.kind == "order" for departure in lifted.said):
        return sorted("".join(before)) == sorted("".join(after))
    return before == after


@pytest.mark.parametrize("seed", range(8))
def test_what_is_lifted_prints_the_same(seed: int, confd: Path, tmp_path: Path) -> None:
    version = VERSIONS[seed % 2]
    grower = Grower(random.Random(seed), by_name=seed % 2 == 1)
    setting = Setting(version, service="app", target=version, blank=BLANK, types={"t": "multiline"})
    texts = [grower.template() for _ in range(60)]
    lifted = [(text, found) for text in texts if (found := lift(text, setting)).body is not None]
    counts = Counter[str]()
    for number, world in enumerate(WORLDS):
        batch = Batch(confd, tmp_path / str(number), setting, world)
        for (text, found), (before, after) in zip(lifted, batch(lifted), strict=True):
            counts["failed" if before is None else "same"] += 1
            assert same(before, after, found), (world, text, found.body, before, after)
    assert len(lifted) > 15
    assert counts["same"] > 30
