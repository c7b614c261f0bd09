"""From the text of a hand-written template to blocks of the spec language that mean the same."""

from __future__ import annotations

from catalog_forge.adopt.evaluating import Evaluation
from catalog_forge.adopt.naming import Naming
from catalog_forge.adopt.setting import Lifted, Setting
from catalog_forge.adopt.terms import Unliftable
from catalog_forge.adopt.tidying import tidy
from catalog_forge.adopt.writing import Writing, key_of
from catalog_forge.confd.imitated.functions import DIALECTS, functions_of
from catalog_forge.gotext.parsing import SyntaxFault, parse
from catalog_forge.gotext.values import unrunes
from catalog_forge.metadata.service.tree import looks_secret

_NAME = "template"


def lift(text: str, setting: Setting) -> Lifted:
    """Return the blocks that mean what a template does; without them where some of it cannot be said. Nothing is raised."""
    source = unrunes(text)

    def line_of(start: int) -> int:
        return source.count(b"\n", 0, max(start, 0)) + 1

    try:
        parsed = parse(_NAME, source, functions_of(DIALECTS[-1]))
    except SyntaxFault as fault:
        return Lifted(None, f"it cannot be parsed: {fault.words}", fault.line or 1)
    try:
        evaluation = Evaluation(parsed, setting, line_of)
        output = tidy(evaluation.run(_NAME))
        first = Writing(Naming(setting), line_of)
        first.blocks(output)
        naming = Naming(setting)
        first.naming.gather()
        needed = frozenset(
            name
            for name in first.always
            if key_of(name) in first.naming.keys and name.removeprefix("metadata/") not in setting.blank
        )
        writing = Writing(naming, line_of, needed)
        body, _ = writing.blocks(output)
        naming.gather()
        if name := next((name for name, use in naming.keys.items() if use.branches and not use.fields), ""):
            raise Unliftable(f"only records are listed below metadata/{name}, and none of their fields are read")
    except Unliftable as fault:
        return Lifted(None, fault.why, line_of(fault.start))
    except RecursionError:
        return Lifted(None, "it is nested too deeply", 1)
    for name, use in naming.keys.items():
        use.secret = use.kind == "value" and looks_secret(name)
    for name in needed:
        naming.keys[key_of(name)].optional = False
    return Lifted(
        body,
        keys=naming.keys,
        variables=tuple(naming.variables),
        services=tuple(naming.services),
        said=tuple((*evaluation.dead, *naming.departures.values())),
    )
