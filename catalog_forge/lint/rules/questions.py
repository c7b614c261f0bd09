"""CF32x and CF33x: the questions of a revision."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace

from catalog_forge.goyaml import decoding
from catalog_forge.goyaml.decoding import is_null, text_of
from catalog_forge.lint.entries.judged import judged, told
from catalog_forge.lint.findings import Hit
from catalog_forge.lint.mend import bared, is_altered, listed, near, quoted, renamed, respelt, shown, unknown_keys
from catalog_forge.lint.runner.registry import rule
from catalog_forge.rancher.entries import Revision
from catalog_forge.rancher.questions import Question
from catalog_forge.rancher.tree import File
from catalog_forge.yamlio import Map, Seq, Text

_TEXTS = ("variable", "label", "description", "type", "default", "group", "valid_chars", "invalid_chars")
_NUMBERS = ("min", "max", "min_length", "max_length")
_KNOWN = frozenset((*_TEXTS, *_NUMBERS, "required", "options", "<<"))
TYPES = ("string", "int", "boolean", "enum", "multiline", "password", "service", "certificate", "secret")
# Two types that the tests of the catalog service use, but that its documentation does not mention. `_MEANT` maps wrong words to
# the types that they mean.
_ODD_TYPES = ("date", "float")
_MEANT = {"text": "string", "integer": "int", "number": "int", "select": "enum", "bool": "boolean", "textarea": "multiline"}
_VARIABLE = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
_WHOLE = re.compile(r"[-+]?[0-9]{1,18}")
_SECRET = re.compile(
    r"(?i)(?:passwor[dt]|passwd|passphrase|secret|token|(?:^|_)(?:pass|pwd)|(?:api|auth|private|secret|encryption|secret_access)_?key)[0-9]?\Z"
)


def _file(revision: Revision) -> File:
    """Return the file that contains the questions of a revision."""
    if revision.rancher is None:
        raise LookupError(f"{revision.title} has questions but does not list any files")
    return revision.rancher


def is_secret(name: str) -> bool:
    """Whether a name ends with a word for a secret, such as `password` or `token`."""
    plain = re.sub(r"([a-z])([A-Z])", r"\1_\2", name[:200]).replace("-", "_").replace(".", "_")
    return _SECRET.search(plain) is not None


def _is_merged(question: Question) -> bool:
    return "<<" in question.keys


def _named(question: Question) -> str:
    return f"question {shown(question.variable)}" if question.variable else "a question"


@rule("CF320", "error", "The questions are not a list of mappings", on=Revision)
@told("CF320")
def no_list(_: Revision) -> None:
    """The catalog service and the CI refuse the whole catalog if `questions` is not a list, or if a question is not a mapping.

    Bad:
        -- templates/web/0/rancher-compose.yml --
        .catalog:
          version: '1.0.0'
          questions: {greeting: hello}
    Bad:
        -- templates/web/0/rancher-compose.yml --
        .catalog:
          version: '1.0.0'
          questions: [greeting]
    Good:
        -- templates/web/0/rancher-compose.yml --
        .catalog:
          version: '1.0.0'
          questions: [{variable: greeting, label: Greeting, type: string}]
    Source: docs/facts/catalog.md#6.26
    """


@rule("CF321", "warning", "A question has no variable", on=Revision)
def no_variable(revision: Revision) -> Iterator[Hit]:
    """The answer to a question is stored under the question's `variable`. Without a `variable`, the answer cannot be used.

    Bad:
        -- templates/web/0/rancher-compose.yml --
        .catalog:
          version: '1.0.0'
          questions: [{label: Greeting, type: string}]
    Good:
        -- templates/web/0/rancher-compose.yml --
        .catalog:
          version: '1.0.0'
          questions: [{variable: greeting, label: Greeting, type: string}]
    Source: docs/facts/catalog.md#3.7, #6.31
    """
    for question in revision.questions:
        if not question.variable and not _is_merged(question) and not isinstance(question.keys.get("variable"), Map | Seq):
            yield Hit(question.where, "the question has no variable: its answer is lost", "add variable: NAME")


@rule("CF322", "warning", "Two questions have the same variable", on=Revision)
def same_variable(revision: Revision) -> Iterator[Hit]:
    """If the form asks for a variable twice, only one of the answers is kept.

    Bad:
        -- templates/web/0/rancher-compose.yml --
        .catalog:
          version: '1.0.0'
          questions:
          - {variable: port, label: Port, type: int}
          - {variable: port, label: Other port, type: int}
    Good:
        -- templates/web/0/rancher-compose.yml --
        .catalog:
          version: '1.0.0'
          questions:
          - {variable: port, label: Port, type: int}
          - {variable: other_port, label: Other port, type: int}
    Source: docs/facts/catalog.md#3.7, #6.31
    """
    first: dict[str, Question] = {}
    for question in revision.questions:
        if question.variable and question.variable in first:
            line = first[question.variable].where.line
            yield Hit(
                question.where,
                f"two questions ask for {shown(question.variable)}: the first is on line {line}",
                "rename one of them",
            )
        first.setdefault(question.variable, question)


@rule("CF323", "warning", "A variable has a name that compose files cannot use", on=Revision)
def bad_variable(revision: Revision) -> Iterator[Hit]:
    """In `${NAME}`, a name may contain only letters, digits and underscores; a name with a dash or a space cannot be used.

    Bad:
        -- templates/web/0/rancher-compose.yml --
        .catalog:
          version: '1.0.0'
          questions: [{variable: my-port, label: Port, type: int}]
    Good:
        -- templates/web/0/rancher-compose.yml --
        .catalog:
          version: '1.0.0'
          questions: [{variable: my_port, label: Port, type: int}]
    Source: docs/facts/catalog.md#3.8
    """
    for question in revision.questions:
        name = question.variable
        if name and not _VARIABLE.fullmatch(name):
            plain = re.sub(r"[^A-Za-z0-9_]+", "_", name[:60])
            hint = f"call it {plain if _VARIABLE.fullmatch(plain) else f'_{plain}'}"
            yield Hit(question.where, f"compose files cannot use the variable {shown(name)}", hint)


@rule("CF324", "warning", "A question has an unknown type", on=Revision, fixable=True)
def bad_type(revision: Revision) -> Iterator[Hit]:
    """No judge checks the type; for an unknown type, the form shows a plain text field and checks nothing.

    Bad:
        -- templates/web/0/rancher-compose.yml --
        .catalog:
          version: '1.0.0'
          questions: [{variable: port, label: Port, type: integer}]
    Bad:
        -- templates/web/0/rancher-compose.yml --
        .catalog:
          version: '1.0.0'
          questions: [{variable: port, label: Port}]
    Good:
        -- templates/web/0/rancher-compose.yml --
        .catalog:
          version: '1.0.0'
          questions: [{variable: port, label: Port, type: int}]
    Source: docs/facts/catalog.md#3.10
    """
    for question in revision.questions:
        node, text = question.keys.get("type"), question.text("type")
        if not text and not isinstance(node, Map | Seq) and not _is_merged(question):
            yield Hit(question.where, f"{_named(question)} has no type", "add type: string", level="note")
        elif isinstance(node, Text) and text and text not in TYPES:
            meant = _MEANT.get(text.lower()) or (text.lower() if text.lower() in TYPES else near(text, TYPES))
            hint = f"did you mean {meant}?" if meant else f"the types are {', '.join(TYPES)}"
            mend = renamed if text.lower() in _MEANT or text.lower() == meant else respelt
            fix = mend(_file(revision), node, meant) if meant else None
            yield Hit(node.where, f"unknown type {shown(text)}", hint, fix, "note" if text in _ODD_TYPES else None)


@rule("CF325", "error", "required is neither true nor false", on=Revision, fixable=True)
def bad_required(revision: Revision) -> Iterator[Hit]:
    """The catalog service and the CI refuse the whole catalog if `required` is quoted or is a number.

    Bad:
        -- templates/web/0/rancher-compose.yml --
        .catalog:
          version: '1.0.0'
          questions: [{variable: port, label: Port, type: int, required: "true"}]
    Good:
        -- templates/web/0/rancher-compose.yml --
        .catalog:
          version: '1.0.0'
          questions: [{variable: port, label: Port, type: int, required: yes}]
    Source: docs/facts/catalog.md#3.7, #6.29
    """
    return _without_quotes(revision, "CF325")


def _without_quotes(revision: Revision, rule: str) -> Iterator[Hit]:
    """Yield a hit for each wrong boolean or number in the questions, with a fix if removing the quotes is enough."""
    values = {node.where: node for question in revision.questions for node in question.keys.values()}
    for hit in judged(revision, rule):
        node = values.get(hit.where)
        fits = isinstance(node, Text) and (node.value in ("true", "false") if rule == "CF325" else _WHOLE.fullmatch(node.value))
        yield replace(hit, fix=bared(_file(revision), node)) if fits and isinstance(node, Text) else hit


@rule("CF326", "error", "A value of a question has the wrong type", on=Revision)
@told("CF326")
def wrong_kind(_: Revision) -> None:
    """The catalog service and the CI refuse the whole catalog if a default is a list or a mapping, or if the options are not a
    list of scalars.

    Bad:
        -- templates/web/0/rancher-compose.yml --
        .catalog:
          version: '1.0.0'
          questions: [{variable: port, label: Port, type: string, default: [80]}]
    Bad:
        -- templates/web/0/rancher-compose.yml --
        .catalog:
          version: '1.0.0'
          questions: [{variable: size, label: Size, type: enum, options: small}]
    Bad:
        -- templates/web/0/rancher-compose.yml --
        .catalog:
          version: '1.0.0'
          questions: [{variable: size, label: Size, type: enum, options: [{a: b}]}]
    Good:
        -- templates/web/0/rancher-compose.yml --
        .catalog:
          version: '1.0.0'
          questions: [{variable: size, label: Size, type: enum, options: [small], default: small}]
    Source: docs/facts/catalog.md#3.9, #6.28
    """


@rule("CF327", "warning", "A default or an option is stored as a different value", on=Revision, fixable=True)
def altered(revision: Revision) -> Iterator[Hit]:
    """A value without quotes is stored as YAML reads it: 0644 as 420, 1.50 as 1.5, yes as true, 10000000.0 as 1e+07.

    Bad:
        -- templates/web/0/rancher-compose.yml --
        .catalog:
          version: '1.0.0'
          questions: [{variable: mode, label: Mode, type: string, default: 0644}]
    Bad:
        -- templates/web/0/rancher-compose.yml --
        .catalog:
          version: '1.0.0'
          questions: [{variable: tls, label: TLS, type: enum, options: [on, off]}]
    Good:
        -- templates/web/0/rancher-compose.yml --
        .catalog:
          version: '1.0.0'
          questions:
          - {variable: mode, label: Mode, type: string, default: '0644'}
          - {variable: tls, label: TLS, type: boolean, default: True}
    Source: docs/facts/catalog.md#3.9
    """
    for question in revision.questions:
        options = question.keys.get("options")
        nodes = [question.keys.get("default"), *(options.items if isinstance(options, Seq) else ())]
        for node in nodes:
            if isinstance(node, Text) and is_altered(node):
                value = decoding.value(node)
                if isinstance(value, bool) and question.type == "boolean":
                    continue
                # Only numbers get a fix: a template may compare the answer with the stored boolean, which quotes would change.
                fix = None if isinstance(value, bool) else quoted(_file(revision), node)
                message = f"{_named(question)}: {node.value[:40]} is stored as {shown(text_of(node))}"
                yield Hit(node.where, message, f"write '{node.value[:40]}'", fix)


@rule("CF329", "warning", "An enum has no options", on=Revision)
def no_options(revision: Revision) -> Iterator[Hit]:
    """An enum without options shows an empty list, so the question cannot be answered.

    Bad:
        -- templates/web/0/rancher-compose.yml --
        .catalog:
          version: '1.0.0'
          questions: [{variable: size, label: Size, type: enum}]
    Good:
        -- templates/web/0/rancher-compose.yml --
        .catalog:
          version: '1.0.0'
          questions: [{variable: size, label: Size, type: enum, options: [small, large]}]
    Source: docs/facts/catalog.md#6.27
    """
    for question in revision.questions:
        node = question.keys.get("options")
        empty = is_null(node) or (isinstance(node, Seq) and not node.items)
        if question.type == "enum" and empty and not _is_merged(question):
            yield Hit(question.at("type"), f"{_named(question)} is an enum without options", "add options")


@rule("CF330", "warning", "The default of an enum is not one of its options", on=Revision)
def default_of_none(revision: Revision) -> Iterator[Hit]:
    """If the default is not an option, the form shows one value and sends another. `default:` with nothing after it sends an
    empty value.

    Bad:
        -- templates/web/0/rancher-compose.yml --
        .catalog:
          version: '1.0.0'
          questions: [{variable: size, label: Size, type: enum, options: [small, large], default: medium}]
    Bad:
        -- templates/web/0/rancher-compose.yml --
        .catalog:
          version: '1.0.0'
          questions: [{variable: size, label: Size, type: enum, options: [small, large], default: null}]
    Good:
        -- templates/web/0/rancher-compose.yml --
        .catalog:
          version: '1.0.0'
          questions: [{variable: size, label: Size, type: enum, options: [1, 2], default: '2'}]
    Source: docs/facts/catalog.md#3.12
    """
    for question in revision.questions:
        node, options = question.keys.get("default"), question.options
        if question.type == "enum" and options and isinstance(node, Text) and text_of(node) not in options:
            meant = near(text_of(node), options[:100])
            hint = f"did you mean {shown(meant)}?" if meant else f"the options are {listed(options)}"
            yield Hit(node.where, f"{_named(question)}: the default {shown(text_of(node))} is not one of its options", hint)


@rule("CF331", "warning", "The default of an int is not a whole number, or is out of bounds", on=Revision)
def bad_number(revision: Revision) -> Iterator[Hit]:
    """The form itself rejects a default that is not a whole number or is out of bounds. A limit of 0 means that there is no
    limit.

    Bad:
        -- templates/web/0/rancher-compose.yml --
        .catalog:
          version: '1.0.0'
          questions: [{variable: port, label: Port, type: int, default: http}]
    Bad:
        -- templates/web/0/rancher-compose.yml --
        .catalog:
          version: '1.0.0'
          questions: [{variable: port, label: Port, type: int, min: 1024, default: 80}]
    Good:
        -- templates/web/0/rancher-compose.yml --
        .catalog:
          version: '1.0.0'
          questions: [{variable: port, label: Port, type: int, min: 0, max: 99, default: '80'}]
    Source: docs/facts/catalog.md#3.7, #3.9
    """
    for question in revision.questions:
        text = question.default
        if question.type != "int" or not text:
            continue
        if not _WHOLE.fullmatch(text):
            yield Hit(
                question.at("default"),
                f"{_named(question)}: the default {shown(text)} is not a whole number",
                "write only digits",
            )
            continue
        least, most = (_bound(question, name) for name in ("min", "max"))
        if (least and int(text) < least) or (most and int(text) > most):
            bounds = f"write a number of at least {least:g}" if not most else f"write a number from {least:g} to {most:g}"
            yield Hit(question.at("default"), f"{_named(question)}: the default {text} is out of bounds", bounds)


def _bound(question: Question, name: str) -> float:
    node = question.keys.get(name)
    value = decoding.value(node) if isinstance(node, Text) and node.bare and node.value else 0
    return int(value) if isinstance(value, int | float) and abs(value) < 1e18 else 0


@rule("CF332", "warning", "The default of a boolean is neither true nor false", on=Revision)
def bad_truth(revision: Revision) -> Iterator[Hit]:
    """The form knows only `true` and `false`, and shows an unticked box for any other default.

    Bad:
        -- templates/web/0/rancher-compose.yml --
        .catalog:
          version: '1.0.0'
          questions: [{variable: tls, label: TLS, type: boolean, default: 'yes'}]
    Good:
        -- templates/web/0/rancher-compose.yml --
        .catalog:
          version: '1.0.0'
          questions: [{variable: tls, label: TLS, type: boolean, default: yes}]
    Source: docs/facts/catalog.md#3.9
    """
    for question in revision.questions:
        text = question.default
        if question.type == "boolean" and text and text not in ("true", "false"):
            yield Hit(
                question.at("default"),
                f"{_named(question)}: the default {shown(text)} is neither true nor false",
                "write true or false",
            )


@rule(
    "CF333",
    "error",
    "A limit of a question is not a whole number, or the minimum is above the maximum",
    on=Revision,
    fixable=True,
)
def bad_bound(revision: Revision) -> Iterator[Hit]:
    """The catalog service and the CI refuse the whole catalog if `min` or `max` is quoted. With a minimum above the maximum, the
    form rejects every answer.

    Bad:
        -- templates/web/0/rancher-compose.yml --
        .catalog:
          version: '1.0.0'
          questions: [{variable: port, label: Port, type: int, min: "1"}]
    Bad:
        -- templates/web/0/rancher-compose.yml --
        .catalog:
          version: '1.0.0'
          questions: [{variable: port, label: Port, type: int, min: 9, max: 5}]
    Good:
        -- templates/web/0/rancher-compose.yml --
        .catalog:
          version: '1.0.0'
          questions: [{variable: port, label: Port, type: int, min: 1, max: 65535}]
    Source: docs/facts/catalog.md#3.7, #6.30
    """
    yield from _without_quotes(revision, "CF333")
    for question in revision.questions:
        for low, high in (_NUMBERS[:2], _NUMBERS[2:]):
            least, most = _bound(question, low), _bound(question, high)
            if most and least > most:
                message = f"{_named(question)}: {low} {least:g} is above {high} {most:g}"
                yield Hit(question.at(low), message, f"change {low} or {high}", level="warning")


@rule("CF334", "warning", "A password has a default", on=Revision)
def known_password(revision: Revision) -> Iterator[Hit]:
    """A password in a public catalog protects nothing: anyone can log in to a stack whose user kept the default.

    Bad:
        -- templates/web/0/rancher-compose.yml --
        .catalog:
          version: '1.0.0'
          questions: [{variable: admin_password, label: Password, type: password, default: changeme}]
    Good:
        -- templates/web/0/rancher-compose.yml --
        .catalog:
          version: '1.0.0'
          questions: [{variable: admin_password, label: Password, type: password, required: true}]
    Source: docs/facts/catalog.md#3.11
    """
    for question in revision.questions:
        if question.secret and question.default:
            yield Hit(
                question.at("default"), f"{_named(question)} has a default that everyone knows", "require an answer instead"
            )


@rule("CF335", "warning", "A question for a secret is not a password", on=Revision)
def open_secret(revision: Revision) -> Iterator[Hit]:
    """A question of type `string` shows the answer to anyone who looks at the screen; the type `password` hides the answer.

    Bad:
        -- templates/web/0/rancher-compose.yml --
        .catalog:
          version: '1.0.0'
          questions: [{variable: admin_password, label: Password, type: string}]
    Good:
        -- templates/web/0/rancher-compose.yml --
        .catalog:
          version: '1.0.0'
          questions:
          - {variable: admin_password, label: Password, type: password}
          - {variable: token_lifetime, label: Lifetime, type: string}
    Source: docs/facts/catalog.md#3.10
    """
    for question in revision.questions:
        if question.type == "string" and is_secret(question.variable):
            yield Hit(question.where, f"{_named(question)} shows its answer, which seems to be a secret", "write type: password")


@rule("CF336", "warning", "A question has no label", on=Revision)
def no_label(revision: Revision) -> Iterator[Hit]:
    """The form shows the label; without a label, users do not know what to fill in.

    Bad:
        -- templates/web/0/rancher-compose.yml --
        .catalog:
          version: '1.0.0'
          questions: [{variable: port, type: int}]
    Good:
        -- templates/web/0/rancher-compose.yml --
        .catalog:
          version: '1.0.0'
          questions: [{variable: port, label: Port, type: int}]
    Source: docs/facts/catalog.md#8.15
    """
    for question in revision.questions:
        labelled = question.text("label").strip() or isinstance(question.keys.get("label"), Map | Seq)
        if not labelled and not _is_merged(question):
            yield Hit(question.where, f"{_named(question)} has no label", "add a label, which the form shows to users")


@rule("CF337", "warning", "A question has an unknown key", on=Revision, fixable=True)
def unknown_key(revision: Revision) -> Iterator[Hit]:
    """Rancher ignores unknown keys: a misspelt description is never shown.

    Bad:
        -- templates/web/0/rancher-compose.yml --
        .catalog:
          version: '1.0.0'
          questions: [{variable: port, label: Port, type: int, decription: Where it listens}]
    Good:
        -- templates/web/0/rancher-compose.yml --
        .catalog:
          version: '1.0.0'
          questions: [{variable: port, label: Port, type: int, description: Where it listens}]
    Source: docs/facts/catalog.md#8.13
    """
    for question in revision.questions:
        for key, meant in unknown_keys(question.node, _KNOWN):
            fix = respelt(_file(revision), key, meant)
            hint = f"did you mean {meant}?" if meant else "remove it"
            yield Hit(key.where, f"nothing reads the key {shown(key.value)}", hint, fix, None if meant else "note")


@rule("CF338", "note", "A question that is not an enum has options", on=Revision)
def unused_options(revision: Revision) -> Iterator[Hit]:
    """Only an enum shows its options; every other type ignores them.

    Bad:
        -- templates/web/0/rancher-compose.yml --
        .catalog:
          version: '1.0.0'
          questions: [{variable: size, label: Size, type: string, options: [small, large]}]
    Good:
        -- templates/web/0/rancher-compose.yml --
        .catalog:
          version: '1.0.0'
          questions: [{variable: size, label: Size, type: enum, options: [small, large]}]
    Source: docs/facts/catalog.md#3.12
    """
    for question in revision.questions:
        if question.type != "enum" and question.options:
            yield Hit(
                question.at("options"), f"{_named(question)} is not an enum: its options are never shown", "write type: enum"
            )
