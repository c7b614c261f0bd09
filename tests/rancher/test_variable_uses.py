"""Where compose files use answers: each use with its place, its kind and its name."""

from __future__ import annotations

import pytest

from catalog_forge.rancher import variable_uses
from catalog_forge.rancher.tree import File


def file(text: str, name: str = "d.yml") -> File:
    return File(name, len(text.encode()), text.encode)


def told(*files: File, docker: int = 0) -> list[str]:
    """The uses in files, of which one is the docker-compose.yml; places are without the name of a file d.yml."""
    found = variable_uses.of_files(files, files[docker] if docker >= 0 else None)
    return [f"{str(use.where).removeprefix('d.yml:')} {use.kind} {use.name}" + " in a comment" * use.in_comment for use in found]


@pytest.mark.parametrize(
    ("text", "uses"),
    [
        (
            "web:\n  image: ${A}:$B\n  command: $$C ${D-x} 5$ # $E\n",
            ["2:10 variable A", "2:15 variable B", "3:16 wrong ${D-x} 5$", "3:24 wrong $"],
        ),
        ("catalog:\n  x: $A\n.catalog:\n  y: $B\nweb: $C\n", ["5:6 variable C"]),
        ("web:\n  environment:\n    A:\n    B: x\n    C: ''\n    D: ~\n    $E: y\n", ["3:5 name A", "7:5 key E"]),
        (
            "web:\n  environment:\n  - A\n  - B=x\n  - C=$D\n  - $E\n  - [F]\n",
            ["3:5 name A", "6:5 name $E", "5:7 variable D", "6:5 variable E"],
        ),
        ("a: &a [$A]\nb: *a\nc: {$B: {x: $C}, '${D-}': y}\n", ["1:8 variable A", "3:5 key B", "3:13 variable C"]),
        ("- $A\n", []),
        (
            "{{ .Values.A }} ${B} # $C\nweb: $D\n",
            ["1:4 value A", "1:17 variable B", "1:24 variable C in a comment", "2:6 variable D"],
        ),
        (
            'x: {{ .Values "A b" }} {{ range .Values }} {{ index .Values .x }} {{ .Values.A.B }} {{.ValuesX}}\n',
            ["1:7 value A b", "1:33 value *", "1:53 value *", "1:70 value A"],
        ),
        (
            "{{ $x := .Values.A }}$B{{ $y }}\n# $C\na: '#$D'\na:#$E\n  # $F\n",
            [
                "1:10 value A",
                "1:22 variable B",
                "2:3 variable C in a comment",
                "3:6 variable D",
                "4:4 variable E",
                "5:5 variable F in a comment",
            ],
        ),
        (
            "x: {{ `a` }}\n  - A\n  - 'B'\n  - \"C\"\n  - 'D\"\n  - E F\n  G:\n  H: x\nI:\n  - J # c\n",
            ["2:5 name A", "3:6 name B", "4:6 name C", "7:3 name G"],
        ),
        ("{{ .Values.A\n}} $B\n{{ $C }}\n$D {{ .Values.E", ["1:4 value A", "2:4 variable B", "4:1 variable D"]),
        ("# notemplating\nx: $A {{ $B }}\n", ["2:4 variable A", "2:10 variable B"]),
        ("a: ${X}$\nb: |\n  $Y\n  ${Z}\n", ["1:4 variable X", "1:8 wrong $", "3:3 variable Y", "4:3 variable Z"]),
        ("", []),
        ("a: [", []),
        ("environment:\n- A\nx:\n  environment: {A: , B: }\n", ["2:3 name A", "4:17 name A", "4:22 name B"]),
    ],
)
def test_the_uses_in_a_docker_compose_file(text: str, uses: list[str]) -> None:
    assert told(file(text)) == uses


def test_of_a_rancher_compose_template_only_the_actions_count() -> None:
    text = "{{ .Values.A }} ${B}\n"
    assert told(file(text), docker=-1) == ["1:4 value A"]
    assert told(file("a: $A"), file(text, "r.yml"), file("c: $C", "s.yml")) == [
        "1:4 variable A", "r.yml:1:4 value A", "s.yml:1:4 variable C",
    ]  # fmt: skip


def test_many_aliases_are_looked_at_once() -> None:
    lines = ["a0: &a0 [$A]"] + [f"a{level}: &a{level} [{', '.join([f'*a{level - 1}'] * 9)}]" for level in range(1, 6)]
    assert told(file("\n".join(lines))) == ["1:10 variable A"]
