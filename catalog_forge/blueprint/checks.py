"""Checks answers against the rules under the key `_checks` in a blueprint's cookiecutter.json. Cookiecutter ignores this key."""

from __future__ import annotations

import json
import re
import warnings
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from catalog_forge.blueprint.limits import bounded
from catalog_forge.errors import ForgeError, Problem, Where, did_you_mean
from catalog_forge.spec.model import RELOADS, Image, Service, Spec
from catalog_forge.spec.model.frame import COMPOSE_NAME
from catalog_forge.spec.model.record import keys_of
from catalog_forge.spec.model.service import TOPOLOGIES
from catalog_forge.spec.shorthand import name_and_image

KEY = "_checks"
LONGEST = 1000
"""The maximum length of an answer and of a pattern: an untrusted pattern may take too long on longer text."""

MOST = 50
MOST_SHOWN = 100
SECONDS = 1.0
_WORDS: Mapping[str, tuple[type, str]] = {
    "type": (str, "text"),
    "pattern": (str, "text"),
    "shape": (str, "text"),
    "min": (int, "a whole number"),
    "max": (int, "a whole number"),
    "secret": (bool, "true or false"),
}


_EXAMPLES = {"type": '"port"', "pattern": '"[a-z]+"', "shape": '"small letters"', "min": "1", "max": "9", "secret": "true"}
_SUCH_AS = 'such as {"port": {"type": "port"}}'


@dataclass(frozen=True, slots=True)
class Check:
    """A check of an answer. A valid answer is a whole number between two bounds, or a string that fully matches a pattern.

    `shape` describes a valid string in words. `keys` returns the keys of a spec that an answer becomes; the answer is valid only
    if these keys are. `may_be_empty`: whether an empty answer is valid even if the default is not empty. A `secret` answer is
    not shown while it is typed, and is not written to .blueprint.json.
    """

    number: bool = False
    least: int | None = None
    most: int | None = None
    pattern: re.Pattern[str] | None = None
    shape: str = ""
    keys: Callable[[str], Mapping[str, Any]] | None = None
    may_be_empty: bool = False
    secret: bool = False

    def problems(self, name: str, text: str) -> list[Problem]:
        """Return the reasons why a string is not a valid answer to the question `name`. Raises ForgeError if matching the pattern
        takes too long.
        """
        if not self._fits(text):
            return [Problem(f"{name} cannot be {text[:MOST_SHOWN]!r}", None, f"write {self.wanted}")]
        # A message may begin with the key in the spec, which the user has not seen: such as dest for the question `config`.
        return list(
            dict.fromkeys(
                Problem(f"{name}: {re.sub('^[a-z]+: ', '', each.message)}", None, each.hint)
                for each in (_problems_in_spec(self.keys(text)) if self.keys else ())
            )
        )

    def _fits(self, text: str) -> bool:
        if not text:
            return self.may_be_empty
        if self.keys and not self.pattern:
            return True
        if len(text) > LONGEST or text.splitlines() != [text]:
            return False
        if self.number:
            return bool(re.fullmatch("-?[0-9]{1,18}", text)) and self._within(int(text))
        if self.pattern is None:
            return True
        with bounded(SECONDS):
            return self.pattern.fullmatch(text) is not None

    def _within(self, number: int) -> bool:
        return (self.least is None or number >= self.least) and (self.most is None or number <= self.most)

    @property
    def wanted(self) -> str:
        """A description of a valid answer."""
        if not self.number:
            return self.shape or (
                f"text that matches {self.pattern.pattern}" if self.pattern else f"text of at most {LONGEST} characters"
            )
        if self.least is not None and self.most is not None:
            return f"a whole number from {self.least} to {self.most}"
        bound = (
            f" of at least {self.least}"
            if self.least is not None
            else f" of at most {self.most}"
            if self.most is not None
            else ""
        )
        return f"a whole number{bound}"


def _problems_in_spec(keys: Mapping[str, Any]) -> Sequence[Problem]:
    """Return the problems of a minimal spec that has these keys; none if the spec is valid with one of the topologies, because
    the topology may be the answer to a later question.
    """
    from catalog_forge import yamlio  # imported here, because only an answer needs the reader of specs
    from catalog_forge.spec.reader import read as read_spec

    found: list[Sequence[Problem]] = []
    for topology in TOPOLOGIES:
        service = {**_MINIMAL["service"], **keys.get("service", {}), "topology": topology}
        try:
            read_spec(yamlio.dump({**_MINIMAL, **keys, "service": service}), "", started=False)
        except ForgeError as error:
            found.append(error.problems)
        else:
            return ()
    return found[0]


# The names are such that no answer is likely to have the same name.
_MINIMAL: Mapping[str, Any] = {
    "forge": 1,
    "name": "xq7-minimal-conf",
    "service": {"name": "xq7-minimal", "image": "xq7-minimal:1"},
    "config": "/etc/xq7-minimal/minimal.conf",
}


def _limited(record: type[Any], name: str, keys: Callable[[str], Mapping[str, Any]]) -> Check:
    limits = next(key.limits for key in keys_of(record) if key.name == name)
    return Check(pattern=re.compile(limits.pattern), shape=limits.shape, keys=keys)


def _service(text: str) -> Mapping[str, Any]:
    return {"service": dict(zip(("name", "image"), name_and_image(text), strict=True))}


def _metadata_keys(text: str) -> Mapping[str, Any]:
    return {"metadata": [key.strip() for key in text.split(",") if key.strip()] or {}}


def _kinds() -> dict[str, Check]:
    """Return the check for each value of `type`. A kind of value that specs also have is checked as part of a spec."""
    named_image = re.compile(r"[A-Za-z0-9][A-Za-z0-9-]*=[^ =]+|([^ =/]+/)*[A-Za-z0-9][A-Za-z0-9-]*([:@][^ =/]+)?")
    return {
        "text": Check(),
        "int": Check(number=True),
        "port": Check(number=True, least=1, most=65535),
        "path": Check(pattern=re.compile(r"(/[^/\s]+)+"), shape="an absolute path"),
        "service": Check(pattern=re.compile(COMPOSE_NAME), shape="a name of letters, digits and dashes"),
        "image": _limited(Service, "image", lambda text: {"service": {"image": text}}),
        "named-image": Check(pattern=named_image, shape="IMAGE, IMAGE:TAG or NAME=IMAGE:TAG", keys=_service),
        "registry": _limited(Image, "registry", lambda text: {"image": {"registry": text}}),
        "version": _limited(Spec, "version", lambda text: {"version": text}),
        "maintainer": _limited(Spec, "maintainer", lambda text: {"maintainer": text}),
        "config": Check(shape="the absolute path of a file", keys=lambda text: {"config": text}),
        "reload": Check(shape=RELOADS, keys=lambda text: {"reload": text}),
        "metadata": Check(shape="metadata keys, separated by commas", keys=_metadata_keys, may_be_empty=True),
    }


def is_asked(key: str, raw: object) -> bool:
    """Whether a variable of a blueprint is a question."""
    return not key.startswith("_") and not isinstance(raw, dict)


def read(context: Mapping[str, Any], file: str) -> dict[str, Check]:
    """Map the name of each question that has a check to this check. Raises ForgeError with all problems in these checks."""
    asked = [name for name, default in context.items() if is_asked(name, default) and not isinstance(default, bool | list)]
    given = context.get(KEY, {})
    misspelt = next((key for key in context if key in ("_check", "__check__", "__checks__")), "")
    if misspelt:
        raise ForgeError(f"nothing reads {misspelt!r}", Where(file), f"did you mean {KEY!r}?")
    if not isinstance(given, dict):
        raise ForgeError(f"{KEY} must be a mapping from questions to the checks of their answers", Where(file), _SUCH_AS)
    if len(given) > MOST:
        raise ForgeError(f"{KEY} has more than {MOST} questions", Where(file))
    kinds, problems, checks = _kinds(), list[Problem](), dict[str, Check]()
    for name, words in given.items():
        wrong = (
            [_unknown(f"{KEY}: the blueprint has no text question", name, asked)]
            if name not in asked
            else list(_wrong(name, words, kinds))
        )
        problems += (Problem(message, Where(file), hint) for message, hint in wrong)
        if not wrong:
            checks[name] = _check(words, kinds)
    if problems:
        raise ForgeError.of(problems)
    return checks


def _unknown(what: str, word: str, known: Any) -> tuple[str, str]:
    return f"{what} {word!r}", did_you_mean(word, known)


def _wrong(name: str, words: Any, kinds: Mapping[str, Check]) -> Iterator[tuple[str, str]]:
    """Yield each fault in the definition of a question's check, with a hint."""
    if not isinstance(words, dict):
        yield f"{KEY}.{name} must be a mapping", f"its keys can be {', '.join(_WORDS)}"
        return
    for word, value in words.items():
        if word not in _WORDS:
            yield _unknown(f"{KEY}.{name}: unknown", word, _WORDS)
        elif type(value) is not _WORDS[word][0]:
            yield f"{KEY}.{name}: {word} must be {_WORDS[word][1]}", f"such as {{{json.dumps(word)}: {_EXAMPLES[word]}}}"
        elif word == "type" and str(value) not in kinds:
            yield _unknown(f"{KEY}.{name}: unknown type", str(value), kinds)
        elif word == "pattern" and (why := _bad_pattern(str(value))):
            yield f"{KEY}.{name}: the pattern cannot be read: {why}", "write a regular expression of Python, such as [a-z]+"
    if type(least := words.get("min")) is type(most := words.get("max")) is int and least > most:
        yield f"{KEY}.{name}: min {least} is above max {most}", "lower min or raise max"
    number = isinstance(kind := words.get("type"), str) and kind in kinds and kinds[kind].number
    if {"min", "max"} & words.keys() and not number:
        yield f"{KEY}.{name}: min and max can be used only with numbers", "add type: int"
    if "pattern" in words and "type" in words:
        yield f"{KEY}.{name}: type and pattern cannot be used together", "remove one of the two"


def _bad_pattern(pattern: str) -> str:
    if len(pattern) > LONGEST:
        return f"it is longer than {LONGEST} characters"
    try:
        with warnings.catch_warnings(), bounded(SECONDS):
            warnings.simplefilter("ignore")
            re.compile(pattern)
    except (re.error, OverflowError, RecursionError, ForgeError) as error:
        return str(error)
    return ""


def _check(words: Mapping[str, Any], kinds: Mapping[str, Check]) -> Check:
    kind = kinds[words.get("type", "text")]
    return replace(
        kind,
        least=words.get("min", kind.least),
        most=words.get("max", kind.most),
        pattern=re.compile(words["pattern"]) if "pattern" in words else kind.pattern,
        shape=words.get("shape", kind.shape),
        secret=words.get("secret", False),
    )
