"""The catalog block of a revision: where it is found, and what of it the service and the CI cannot decode."""

from __future__ import annotations

import pytest

from catalog_forge.rancher.judgement import block
from catalog_forge.rancher.judgement.block import CI, SERVICE, Block
from catalog_forge.rancher.tree import File

JUDGES = {"service": SERVICE, "ci": CI}


def file(text: str) -> File:
    return File("r.yml", len(text.encode()), text.encode)


def told(found: Block) -> tuple[str, str, list[str]]:
    """The keys of a block, its place, and the problems with theirs; places are without the name of the file."""
    problems = [f"{each.where} {each.message}" + (f" ({each.hint})" if each.hint else "") for each in found.problems]
    where = "" if found.where is None else str(found.where)
    return " ".join(found.keys), where.removeprefix("r.yml:"), [problem.removeprefix("r.yml:") for problem in problems]


@pytest.mark.parametrize("judge", JUDGES)
@pytest.mark.parametrize(
    ("text", "keys", "where", "problems"),
    [
        ("version: '2'\ncatalog: {name: a}", "name", "2:10", []),
        ("version: '2'\n.catalog: {name: a}", "name", "2:11", []),
        ("version: 2\ncatalog: ~\n.catalog: {name: b}", "name", "3:11", []),
        ("version: '2'\nservices: {.catalog: {name: a}, web: {}}", "name", "2:22", []),
        ("version: '2'\nservices: {.catalog: ~}", "", "", []),
        ("catalog: {name: a}", "name", "1:10", []),
        (".catalog: {name: a}\nweb: {scale: 1}", "name", "1:11", []),
        ("services: {.catalog: {name: a}}", "", "", []),
        (
            "- a",
            "",
            "",
            [
                "1:1 a list is not a compose file",
            ],
        ),
        (
            "a",
            "",
            "",
            [
                "1:1 'a' is not a compose file",
            ],
        ),
        ("", "", "", []),
        (
            "version: '3'\ncatalog: {name: a}",
            "",
            "",
            [
                "1:10 the version of a compose file must be '2', not '3' (write '2', or remove the version)",
            ],
        ),
        (
            "version: 1",
            "",
            "",
            [
                "1:10 the version of a compose file must be '2', not '1' (write '2', or remove the version)",
            ],
        ),
        (
            "version: '2'\ncatalog: [a]",
            "",
            "2:10",
            [
                "2:10 a list is not a catalog block",
            ],
        ),
        (
            "version: '2'\ncatalog: a",
            "",
            "2:10",
            [
                "2:10 'a' is not a catalog block",
            ],
        ),
        (
            "a: [",
            "",
            "",
            [
                "1:4 not well-formed YAML: this '[' is never closed (close it; quote text that contains '[')",
            ],
        ),
        (
            "web: b",
            "",
            "",
            [
                "1:6 'b' is not the mapping of a service",
            ],
        ),
        (
            "version: '2'\nservices: a",
            "",
            "",
            [
                "2:11 'a' is not a mapping of services",
            ],
        ),
        (
            "<<: 5\ncatalog: {a: b}",
            "",
            "",
            [
                "1:1 a merge key (<<) takes a mapping or a list of mappings",
            ],
        ),
        (
            "version: '2'\ncatalog: {questions: [{variable: a, min: x, required: y, options: {a: b}, min_length: "
            "z}], minimum_rancher_version: [a], maximum_rancher_version: [b], upgrade_from: [c]}",
            "questions minimum_rancher_version maximum_rancher_version upgrade_from",
            "2:10",
            [
                "2:42 min: 'x' is not a whole number",
                "2:67 a mapping is not a list of texts",
                "2:87 min_length: 'z' is not a whole number",
                "2:117 minimum_rancher_version: a list is not text",
                "2:147 maximum_rancher_version: a list is not text",
                "2:166 upgrade_from: a list is not text",
            ],
        ),
        (
            "web: {catalog: x}\ncatalog: {questions: {}}",
            "questions",
            "2:10",
            [
                "2:22 a mapping is not a list of questions",
            ],
        ),
        (
            "version: [a]",
            "",
            "",
            [
                "1:10 version: a list is not text",
                "1:10 the version of a compose file must be '2', not '' (write '2', or remove the version)",
            ],
        ),
        (
            "x: {y: z}\nversion: '5'",
            "",
            "",
            [
                "2:10 the version of a compose file must be '2', not '5' (write '2', or remove the version)",
            ],
        ),
    ],
)
def test_the_block_of_a_compose_file_for_the_service_and_the_ci(
    judge: str, text: str, keys: str, where: str, problems: list[str]
) -> None:
    assert told(block.of_compose(file(text), JUDGES[judge])) == (keys, where, problems)


@pytest.mark.parametrize(
    ("judge", "text", "keys", "where", "problems"),
    [
        (
            "service",
            "version: '2'\ncatalog: {name: [a], version: 1.0, questions: [{variable: [a]}], labels: [b], files: "
            "[{name: [a]}], output: {url: [a]}, uuid: [b], templateid: x, readme: [c]}",
            "name version questions labels files output uuid templateid readme",
            "2:10",
            [
                "2:59 variable: a list is not text",
                "2:74 a list is not a mapping of texts",
                "2:94 a list is not text",
                "2:144 templateid: 'x' is not a whole number",
                "2:155 readme: a list is not text",
            ],
        ),
        (
            "ci",
            "version: '2'\ncatalog: {name: [a], version: 1.0, questions: [{variable: [a]}], labels: [b], files: "
            "[{name: [a]}], output: {url: [a]}, uuid: [b], templateid: x, readme: [c]}",
            "name version questions labels files output uuid templateid readme",
            "2:10",
            [
                "2:17 name: a list is not text",
                "2:59 variable: a list is not text",
                "2:74 a list is not a mapping of texts",
                "2:115 a list is not text",
                "2:127 uuid: a list is not text",
            ],
        ),
        (
            "service",
            "version: '2'\nservices: {web: b}\nvolumes: {v: a}\nnetworks: {n: {driver: [a]}}",
            "",
            "",
            [
                "2:17 'b' is not the mapping of a service",
            ],
        ),
        (
            "ci",
            "version: '2'\nservices: {web: b}\nvolumes: {v: a}\nnetworks: {n: {driver: [a]}}",
            "",
            "",
            [
                "2:17 'b' is not the mapping of a service",
                "3:14 'a' is not a volume",
                "4:24 a list is not text",
            ],
        ),
        (
            "service",
            "version: '2'\nvolumes: {v: {external: 5, driver_opts: [a], per_container: x}}\nnetworks: {n: "
            "{external: {name: a}, ipam: {config: [{subnet: [a]}], driver: [b]}}}",
            "",
            "",
            [],
        ),
        (
            "ci",
            "version: '2'\nvolumes: {v: {external: 5, driver_opts: [a], per_container: x}}\nnetworks: {n: "
            "{external: {name: a}, ipam: {config: [{subnet: [a]}], driver: [b]}}}",
            "",
            "",
            [
                "2:25 external must be true, false or a mapping with a name",
                "2:41 a list is not a mapping of texts",
                "2:61 'x' is not true or false",
                "3:62 a list is not text",
                "3:77 a list is not text",
            ],
        ),
        (
            "service",
            "version: '2'\nvolumes: {v: {external: {name: [a]}}, w: {external: true}, x: {external: {}}, y: {external: [a]}}",
            "",
            "",
            [],
        ),
        (
            "ci",
            "version: '2'\nvolumes: {v: {external: {name: [a]}}, w: {external: true}, x: {external: {}}, y: {external: [a]}}",
            "",
            "",
            [
                "2:25 external must be true, false or a mapping with a name",
                "2:93 external must be true, false or a mapping with a name",
            ],
        ),
    ],
)
def test_the_service_and_the_ci_decode_different_keys(judge: str, text: str, keys: str, where: str, problems: list[str]) -> None:
    assert told(block.of_compose(file(text), JUDGES[judge])) == (keys, where, problems)


@pytest.mark.parametrize(
    ("text", "keys", "where", "problems"),
    [
        ("name: a\nversion: 1", "name version", "1:1", []),
        (
            "- a",
            "",
            "1:1",
            [
                "1:1 a list is not a catalog block",
            ],
        ),
        ("", "", "", []),
        (
            "a",
            "",
            "1:1",
            [
                "1:1 'a' is not a catalog block",
            ],
        ),
        ("name: [x]", "name", "1:1", []),
        (
            "a: [",
            "",
            "",
            [
                "1:4 not well-formed YAML: this '[' is never closed (close it; quote text that contains '[')",
            ],
        ),
        (
            "<<: 5",
            "",
            "1:1",
            [
                "1:1 a merge key (<<) takes a mapping or a list of mappings",
            ],
        ),
        (
            "revision: x\nquestions: [a]",
            "revision questions",
            "1:1",
            [
                "1:11 revision: 'x' is not a whole number",
                "2:13 'a' is not a question",
            ],
        ),
    ],
)
def test_a_template_version_file_is_the_block_itself(text: str, keys: str, where: str, problems: list[str]) -> None:
    assert told(block.of_flat(file(text))) == (keys, where, problems)


@pytest.mark.parametrize(
    ("text", "keys", "where", "problems"),
    [
        ("catalog:\n  name: a\n  version: 1\nservices:\n  web: x\n", "name version", "2:3", []),
        ("version: '2'\n.catalog:\n  name: a\n", "name", "3:3", []),
        ("version: '2'\ncatalog:\n  name: a\n# end", "", "", []),
        ("version: '2'\ncatalog:\n  name: a\n# c\n  version: b\nweb: x\n", "name version", "3:3", []),
        ("  catalog:\n    name: a", "", "", []),
        (
            "catalog: {name: a}\nx: y",
            "",
            "",
            [
                "2:4 'y' is not the mapping of a service",
            ],
        ),
        (
            "catalog:\nname: a\n",
            "",
            "",
            [
                "2:7 'a' is not the mapping of a service",
            ],
        ),
        ("a: b\ncatalog:\n  name: [a]\n", "name", "3:3", []),
        ("catalog:\n\n  name: a\n\n\nweb: c", "name", "3:3", []),
        ("catalogs: x\ncatalog:\n  name: a", "name", "3:3", []),
        ("catalog:\n  name: a\n  #x\n", "name", "2:3", []),
        ("catalog:\n  name: a\ncatalog:\n  name: b\nx: y", "name", "2:3", []),
        ("x\n", "", "", []),
        ("", "", "", []),
        ("# a\ncatalog:\n  a: b\n#c", "", "", []),
        ("version: '2'\ncatalog:\n  name: [x]\n\n  version: 1\nservices: [\n", "name version", "3:3", []),
    ],
)
def test_the_block_of_a_compose_yml_ends_at_the_next_line_that_is_not_indented(
    text: str, keys: str, where: str, problems: list[str]
) -> None:
    assert told(block.of_part(file(text))) == (keys, where, problems)
