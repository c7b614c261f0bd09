"""Go's templates in compose files, as rancher-compose renders them: the raw text first, before any YAML is read.

Rules: docs/facts/catalog.md#4.13. Here gotpl runs them, because it knows sprig's functions; confd's machine has none of them.
An entry is untrusted: what it may cost is bounded, and nothing of this machine comes in.
"""

from __future__ import annotations

import io
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cache, lru_cache, wraps
from typing import TYPE_CHECKING, Any

from catalog_forge.errors import ForgeError, Problem, Where
from catalog_forge.gotext.lexing import tokens

if TYPE_CHECKING:
    from gotpl import Environment, Template

NO_TEMPLATE = "# notemplating"
_UNTOUCHED = (NO_TEMPLATE, "#notemplating")
MAX_CHARACTERS = 1 << 20
MAX_ITERATIONS = 100_000
MAX_DEPTH = 100
MAX_ITEMS = 10_000
_LONG_NUMBER = re.compile(r"^.{40}|(?<![0-9.])0[0-9_]{11}")

# The functions of sprig that rancher-compose-executor v0.14.29 carries: a template with another one is refused.
SPRIG = frozenset(
    "abbrev abbrevboth add add1 atoi b32dec b32enc b64dec b64enc base biggest cat clean contains date dateInZone dateModify "
    "default dict dir div empty env expandenv ext float64 genPrivateKey hasKey hasPrefix hasSuffix hello htmlDate "
    "htmlDateInZone indent initials int int64 isAbs join kindIs kindOf lower max min mod mul nospace now plural quote "
    "randAlpha randAlphaNum randAscii randNumeric repeat replace set sha256sum split squote sub substr swapcase title trim "
    "trimAll trimPrefix trimSuffix trimall trunc tuple typeIs typeIsLike typeOf unset until untilStep untitle upper uuidv4 "
    "wrap wrapWith".split()
)
# What would read this machine's environment or network, or burn minutes; entries of real catalogs use none of them.
_REFUSED = re.compile(r"env|expandenv|getHostByName|gen[A-Z].*|buildCustomCert|bcrypt|htpasswd|derivePassword|(en|de)cryptAES")
# `if (ne .A "x") and .B`: the Go of rancher-compose (1.8) passes over all that stands behind parentheses; later ones refuse it.
_BEHIND = re.compile(
    r'(\{\{-?\s{0,9}(?:if|else if|with)\s{1,9}\((?:[^(){}"]|"[^"\n]{0,99}"){0,200}\))'
    r"(\s{1,9}[^|{}\s][^|{}\n]{0,200}?)(?=\s{0,9}-?\}\})"
)
# A width that would fill the memory before the output is counted.
_WIDE = re.compile(r"%[^%a-z]*[0-9]{5,}")


@dataclass(frozen=True, slots=True)
class Rendered:
    """What a template wrote; up to where it failed, if there is a `fault`."""

    text: str
    fault: Problem | None = None


def render(text: str, file: str, variables: Mapping[str, str], stack: str, version: str = "") -> str:
    """Return what the templates of a compose file make of it; `file` is its name in errors.

    They see the answers as `.Values`, and `.Stack`, `.Release` and `.Environment`. A file that begins with `# notemplating`
    stays as it is. Raises ForgeError where Go would not parse it, where it fails, and where it grows beyond all limits.
    """
    found = render_so_far(text, file, variables, stack, version)
    if found.fault:
        raise ForgeError.of([found.fault])
    return found.text


def render_so_far(text: str, file: str, variables: Mapping[str, str], stack: str, version: str = "") -> Rendered:
    """Render as `render` does, but a template that fails is no error: rancher-compose goes on with what stands before.

    Raises ForgeError where Go would not parse it.
    """
    if "{{" not in text or text.lstrip().startswith(_UNTOUCHED):
        return Rendered(text)
    _check_bounds(text, file)
    if _WIDE.search(text):
        raise ForgeError("a format of the template is wider than can be printed here", Where(file))
    from gotpl import TemplateError, TemplateSyntaxError

    text = _BEHIND.sub(lambda found: found[1] + " " * len(found[2]), text)
    release = {"Name": stack, "Version": version, "PreviousVersion": ""}
    data = {"Values": dict(variables), "Stack": release, "Release": release, "Environment": {"Name": "Default"}}
    out = io.StringIO()
    try:
        _compiled(text, file).render_to(out, data)
    except TemplateSyntaxError as error:
        words = str(error).partition(": ")[2]
        hint = f"a file that needs no templates begins with {NO_TEMPLATE!r}"
        raise ForgeError(f"the template cannot be read: {words}", Where(file, error.line, error.column), hint) from None
    except RecursionError:
        raise ForgeError("the template is nested too deeply", Where(file)) from None
    except TemplateError as error:
        place = Where(file, getattr(error, "line", 0) or 0, getattr(error, "column", 0) or 0)
        hint = "Rancher would cut the file here without a word, and start what stands before"
        return Rendered(out.getvalue(), Problem(f"the template fails: {getattr(error, 'message', error)}", place, hint))
    return Rendered(out.getvalue())


def _check_bounds(text: str, file: str) -> None:
    """Refuse what gotpl's parser would take exponential or quadratic time for, and Go hardly any."""
    defined = 0
    for token in tokens(text, ()):
        if token.kind == "error":
            raise ForgeError(f"the template cannot be read: {token}", Where(file, token.line))
        if token.kind in ("number", "complex") and _LONG_NUMBER.search(token.value):
            raise ForgeError("a number of the template is longer than can be read here", Where(file, token.line))
        defined += token.kind in ("define", "block")
        if defined > MAX_ITEMS // 10:
            raise ForgeError("the file defines more templates than can be read here", Where(file, token.line))


@lru_cache(maxsize=16)
def _compiled(text: str, file: str) -> Template:
    """A template that is rendered with many answers is read once."""
    return _environment().from_string(text, name=file)


@cache
def _environment() -> Environment:
    from gotpl import Environment, ExecutionBudget

    budget = ExecutionBudget(MAX_CHARACTERS, MAX_ITERATIONS, MAX_DEPTH, MAX_ITERATIONS)
    return Environment(functions=functions(), budget=budget)


@cache
def functions() -> Mapping[str, Callable[..., Any]]:
    """What templates may call beside Go's own comparisons, by name: what is refused is not among it, and all are bounded."""
    from gotpl.funcs.sprig import text_func_map
    from gotpl.runtime.gofmt import sprintf

    # Go's own printers and escapers come again, bounded: in a loop each could double a text.
    printers: dict[str, Callable[..., Any]] = {"printf": sprintf, "print": _print, "println": _println}
    escapers = dict.fromkeys(("html", "js", "urlquery"), _refuse)
    known = {name: each for name, each in text_func_map().items() if name in SPRIG and not _REFUSED.fullmatch(name)}
    own: dict[str, Callable[..., Any]] = {**known, **printers, "splitPreserveQuotes": _cut}
    return {**{name: _bounded(name, each) for name, each in own.items()}, **escapers}


def _bounded(name: str, function: Callable[..., Any]) -> Callable[..., Any]:
    """A function that takes no number beyond reason (`until`, `repeat`), and whose result cannot grow without end."""
    from gotpl import TemplateExecutionError

    @wraps(function)
    def call(*arguments: Any) -> Any:
        counted = name in _COUNTING and any(isinstance(each, int) and abs(each) > MAX_ITEMS for each in arguments)
        sizes = sorted(map(_size, arguments))
        product = name.startswith(_MULTIPLYING) and len(sizes) > 1 and sizes[-1] * sizes[-2] > 16 * MAX_CHARACTERS
        if counted or product or sum(sizes) > MAX_CHARACTERS:
            raise TemplateExecutionError(f"{name}: that is too much here")
        result = function(*arguments)
        if _size(result) > (MAX_ITEMS if isinstance(result, list) else MAX_CHARACTERS):
            raise TemplateExecutionError(f"{name}: its result is too much here")
        return result

    return call


_QUOTES = frozenset("\"'\u00ab\u00bb\u2018\u2019\u201a\u201b\u201c\u201d\u201e\u201f\u2039\u203a")
_COUNTING = frozenset("until untilStep seq repeat indent nindent randAlpha randAlphaNum randAscii randNumeric randBytes".split())
_MULTIPLYING = ("replace", "regexReplace", "join", "wrap", "repeat")


def _size(value: object) -> int:
    return len(value) if isinstance(value, str | bytes | list | tuple | dict) else 1


def _print(*values: object) -> str:
    """Go's Sprint: a blank between two values of which neither is text."""
    from gotpl.runtime.gofmt import sprintf

    text = ""
    for before, value in zip((None, *values), values, strict=False):
        blank = " " if text and not isinstance(before, str) and not isinstance(value, str) else ""
        text += blank + str(sprintf("%v", value))
    return text


def _println(*values: object) -> str:
    from gotpl.runtime.gofmt import sprintf

    return " ".join(str(sprintf("%v", value)) for value in values) + "\n"


def _refuse(*_: object) -> str:
    from gotpl import TemplateExecutionError

    raise TemplateExecutionError("html, js and urlquery are not for compose files")


def _cut(text: str) -> list[str]:
    """Cut a text at each blank outside quotes, whichever quotes they are; the last character is kept even if it is a blank."""
    pieces = [""]
    quoted = False
    for place, char in enumerate(text, 1):
        quoted ^= char in _QUOTES
        if char.isspace() and not quoted and place < len(text):
            pieces.append("")
        else:
            pieces[-1] += char
    return pieces if text else []
