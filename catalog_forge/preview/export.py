"""Exports an entry as one HTML file that needs no server and can, for example, be attached to a merge request.

The file contains the drawing of the stack, the scenarios, what the page shows for the default answers, and what each option
changes. The file lists the parts that it leaves out because they are too large or need a server. The file's security policy
contains the hashes of the script and the style in the file, and allows no other script or style.
"""

from __future__ import annotations

import json
import re
from base64 import b64encode
from collections.abc import Iterator, Mapping, Sequence
from hashlib import sha256
from importlib import resources
from itertools import islice
from typing import Any

from catalog_forge import __version__
from catalog_forge.errors import ForgeError, Problem, first_of
from catalog_forge.preview import drawing, icons, timeline, topology
from catalog_forge.preview.answering import answered, described, files
from catalog_forge.preview.site import Opened, Site
from catalog_forge.preview.state import Wish, played
from catalog_forge.rancher.questions import Question
from catalog_forge.shown import counted, printable
from catalog_forge.texts import fill

MAX_BYTES = 2_000_000
# The maximum number of options to render (rendering one takes some milliseconds), and the maximum number of questions to name.
MOST_OPTIONS, MOST_NAMED = 500, 10
# The maximum number of characters of a name in the list of omitted parts, and the number of bytes kept free for this list.
_MOST_CHARS, _RESERVED = 100, 10_000
_MODULES = ("dom", "api", "entry", "form", "files", "topology", "timeline", "export")
_IMPORT = re.compile(r'^import (\{[^}]+\}) from "\./(\w+)\.js";$', re.MULTILINE)
_EXPORT = re.compile(r"^export ((?:async )?function|const|class) (\w+)", re.MULTILINE)
_LIVE = (
    "files for several options together, for other scales, nodes and metadata versions",
    "findings of lint, and running stacks",
)


def exported(site: Site, entry: str) -> str:
    """Return an entry as HTML of at most `MAX_BYTES`. Raises ForgeError if the entry does not exist or has no revision."""
    opened = site.opened(entry)
    if opened.revision is None:
        raise ForgeError.of(opened.problems or [Problem(f"{entry} has no revision that can be shown")])
    said, questions, large = described(opened), list(opened.revision.asked.values()), list[str]()
    left_out = [*_typed(questions), *_LIVE]
    data = {**said, "questions": None, "readme": "", "made": __version__, "options": [], "played": [], "left_out": left_out}
    room = MAX_BYTES - len(_page(data).encode()) - _RESERVED
    for what, key, part in _parts(site, opened, questions, said):
        size = len(_json({key: part}).encode())
        if size > room:
            large.append(what[:_MOST_CHARS])
        elif isinstance(data.get(key), list):
            data[key].append(part)
        else:
            data[key] = part
        room -= size if size <= room else 0
    if large:
        left_out.insert(0, f"too large to include: {first_of(large, MOST_NAMED)}")
    made = _page(data)
    if len(made.encode()) > MAX_BYTES:
        raise ForgeError(f"{entry} cannot be exported: its description alone is larger than {MAX_BYTES} bytes")
    return made


def _parts(site: Site, opened: Opened, questions: Sequence[Question], said: Mapping[str, Any]) -> Iterator[tuple[str, str, Any]]:
    """Yield the description, the key and the content of each part of the file, starting with the most important part.

    `said` is the description of the entry.
    """
    yield "the questions", "questions", said["questions"]
    yield "the files for the default answers", "answer", answered(opened, Wish(), None)
    if found := topology.of_wish(opened, Wish()):
        yield "the drawing", "svg", drawing.draw(found, alone=False)
    yield "the README", "readme", said["readme"]
    if icon := icons.icon(site, opened.id):
        yield "the icon", "picture", f"data:{icon.type};base64,{b64encode(icon.content).decode()}"
    for name in timeline.names(opened):
        yield f"the scenario {name}", "played", _played(opened, name)
    yield from islice(_options(opened, questions), MOST_OPTIONS)


def _played(opened: Opened, name: str) -> dict[str, Any]:
    """Return a played scenario, or the error that prevents it."""
    try:
        return timeline.timeline(opened, name)
    except ForgeError as error:
        return {"name": name, "file": "", "outcome": "error", "reason": str(error), "moments": []}


def _options(opened: Opened, questions: Sequence[Question]) -> Iterator[tuple[str, str, Any]]:
    """Yield the effect of each option: the files that change if it is chosen, while all other questions have their defaults."""
    before = played(opened, Wish()).seen
    for question in questions:
        for value in _choices(question):
            found = played(opened, Wish({question.variable: value}))
            shown = files(found.seen, before, secrets=False) if found.seen else ()
            changed = [{**each, "lines": timeline.near(each["lines"])} for each in shown if each["changed"]]
            problems = [problem.message for problem, _ in found.problems]
            part = {"variable": question.variable, "value": value, "files": changed, "problems": problems}
            yield f"{question.label}: {value}", "options", part


def _choices(question: Question) -> list[str]:
    """Return the answers that a question offers, except the default."""
    known = ("true", "false") if question.type == "boolean" else question.options if question.type == "enum" else ()
    return [each for each in dict.fromkeys(known) if each != question.default]


def _typed(questions: Sequence[Question]) -> Iterator[str]:
    """Yield descriptions of what the file leaves out: the results of answers that users type, and options beyond the limit."""
    typed = [question.label[:_MOST_CHARS] for question in questions if question.type not in ("boolean", "enum")]
    if typed:
        yield f"files for other answers to {first_of(typed, MOST_NAMED)}"
    more = sum(len(_choices(question)) for question in questions) - MOST_OPTIONS
    if more > 0:
        yield f"{counted(more, 'more option')}: at most {MOST_OPTIONS} are rendered"


def _page(data: Mapping[str, Any]) -> str:
    """Return the HTML file with this data."""
    script, style = "".join(map(_module, _MODULES)), "".join(_text(f"{name}.css") for name in ("page", "drawing"))
    sources = f"script-src '{_hashed(script)}'; style-src '{_hashed(style)}'; img-src data:"
    policy = f"default-src 'none'; {sources}; base-uri 'none'; form-action 'none'"
    title = printable(data.get("title") or data["id"])
    return fill(__package__, "export.html", policy=policy, title=title, style=style, data=_json(data), script=script)


def _module(name: str) -> str:
    """Return a JavaScript module of the page as a part of a single script, in which each module has a separate scope."""
    text = _text(f"{name}.js")
    known = ", ".join(found[2] for found in _EXPORT.finditer(text))
    text = _EXPORT.sub(r"\1 \2", _IMPORT.sub(r"const \1 = \2_module;", text))
    return f"const {name}_module = (() => {{\n{text}return {{{known}}};\n}})();\n"


def _json(data: Any) -> str:
    """Return data as JSON for a script element, escaped so that it cannot end the element or begin a comment."""
    return json.dumps(data, ensure_ascii=False, separators=(",", ":")).replace("<", "\\u003c").encode(errors="replace").decode()


def _hashed(text: str) -> str:
    return f"sha256-{b64encode(sha256(text.encode()).digest()).decode()}"


def _text(name: str) -> str:
    return (resources.files(__package__) / "files" / name).read_text(encoding="utf-8")
