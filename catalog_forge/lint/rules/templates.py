"""CF51x: the Go templates of docker-compose files, and the results of rendering them with different answers."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from functools import lru_cache
from itertools import islice
from typing import TYPE_CHECKING

from catalog_forge.errors import Where
from catalog_forge.lint.entries.judged import told
from catalog_forge.lint.findings import Hit
from catalog_forge.lint.rules import compose
from catalog_forge.lint.runner.registry import rule
from catalog_forge.rancher.composition import ComposeFile, Composition, Part
from catalog_forge.rancher.entries import Revision
from catalog_forge.rancher.judgement import units
from catalog_forge.rancher.tree import is_template

if TYPE_CHECKING:
    from catalog_forge.lint.entries.template_versions import Version
    from catalog_forge.rancher.templates import Rendered, Template

_LOCAL = (compose.unknown_keys, compose.repeated_items)
_GLOBAL = (
    units.sidekicks,
    units.odd_units,
    units.strangers,
    units.missing_targets,
    units.self_links,
    units.cycles,
    units.without_image,
    units.unknown_to_docker,
)
_LONG = ("multiline", "certificate")
_BARE = {"true", "false"}


def _template(revision: Revision) -> Template | None:
    """Return the parsed template of a docker-compose file; None if the file is not a template or Go cannot parse it."""
    if revision.docker is None or not is_template(revision.docker.text):
        return None
    from catalog_forge.rancher.templates import Template, template_in

    found = template_in(revision.docker)
    return found if isinstance(found, Template) else None


@rule("CF511", "error", "The template cannot be parsed", on=Revision)
@told("CF511")
def cannot_be_parsed(revision: Revision) -> Iterator[Hit]:
    """An unclosed block or an unknown function makes the launch fail. The catalog service does not check templates.

    Bad:
        -- templates/web/0/docker-compose.yml (absent) --
        -- templates/web/0/docker-compose.yml.tpl --
        version: '2'
        services:
          web:
            image: nginx:1.27.3
        {{- if eq .Values.greeting "hello"}}
            tty: true
    Bad:
        -- templates/web/0/docker-compose.yml (absent) --
        -- templates/web/0/docker-compose.yml.tpl --
        version: '2'
        services:
          web:
            image: nginx:{{toYaml .Values.greeting}}
    Good:
        -- templates/web/0/docker-compose.yml (absent) --
        -- templates/web/0/docker-compose.yml.tpl --
        version: '2'
        services:
          web:
            image: nginx:1.27.3
        {{- if eq .Values.greeting "hello"}}
            tty: true
        {{- end}}
    Source: docs/facts/catalog.md#4.19
    """
    file = revision.docker
    if file is None or not is_template(file.text):
        return
    from catalog_forge.gotext.parsing import SyntaxFault
    from catalog_forge.rancher.templates import refusal, template_in

    fault = template_in(revision.docker)
    if isinstance(fault, SyntaxFault):
        found = refusal(fault, file)
        yield Hit(found.where or file.at(), found.message, found.hint)


@rule("CF512", "warning", "A boolean answer is tested without eq", on=Revision)
def bare_truth(revision: Revision) -> Iterator[Hit]:
    """All answers are text, and in Go templates the text `false` is true: a branch whose condition is a boolean answer is always
    taken.

    Bad:
        -- templates/web/0/docker-compose.yml (absent) --
        -- templates/web/0/docker-compose.yml.tpl --
        version: '2'
        services:
          web:
            image: nginx:1.27.3
        {{- if .Values.debug}}
            tty: true
        {{- end}}
        -- templates/web/0/rancher-compose.yml: catalog.questions --
        - {variable: debug, type: boolean, label: Debug, default: 'false'}
    Good:
        -- templates/web/0/docker-compose.yml (absent) --
        -- templates/web/0/docker-compose.yml.tpl --
        version: '2'
        services:
          web:
            image: nginx:1.27.3
        {{- if eq .Values.debug "true"}}
            tty: true
        {{- end}}
        -- templates/web/0/rancher-compose.yml: catalog.questions --
        - {variable: debug, type: boolean, label: Debug, default: 'false'}
    Source: docs/facts/catalog.md#4.16, #8.6
    """
    template = _template(revision)
    if template is None:
        return
    from catalog_forge.lint.entries import template_actions as actions

    asked = revision.asked
    for pipe in actions.conditions(template):
        for term in actions.tested(pipe):
            question = asked.get(actions.value_of(term))
            if question and (question.type == "boolean" or (question.options and set(question.options) <= _BARE)):
                name = question.variable
                message = f"this is always true: the answer {name!r} is the text 'true' or 'false'"
                yield Hit(template.where(term), message, f'write eq .Values.{name} "true"')


@rule("CF513", "error", "Two values of different types are compared", on=Revision)
def unlike(revision: Revision) -> Iterator[Hit]:
    """All answers are text. Comparing an answer with a number or a boolean makes the template fail at that point, and
    rancher-compose silently starts the stack from the part rendered so far.

    Bad:
        -- templates/web/0/docker-compose.yml (absent) --
        -- templates/web/0/docker-compose.yml.tpl --
        version: '2'
        services:
          web:
            image: nginx:1.27.3
        {{- if eq .Values.greeting 3}}
            tty: true
        {{- end}}
    Bad:
        -- templates/web/0/docker-compose.yml (absent) --
        -- templates/web/0/docker-compose.yml.tpl --
        version: '2'
        services:
          web:
            image: nginx:1.27.3
        {{- if gt (atoi .Values.greeting) "3"}}
            tty: true
        {{- end}}
    Good:
        -- templates/web/0/docker-compose.yml (absent) --
        -- templates/web/0/docker-compose.yml.tpl --
        version: '2'
        services:
          web:
            image: nginx:1.27.3
        {{- if and (eq .Values.greeting "3" "4") (lt (atoi .Values.greeting) 5)}}
            tty: true
        {{- end}}
    Source: docs/facts/catalog.md#4.17
    """
    template = _template(revision)
    if template is None:
        return
    from catalog_forge.lint.entries import template_actions as actions

    for name, _, terms in actions.comparisons(template):
        known = [(kind, term) for kind, term in terms if kind]
        wrong = next((each for each in known if each[0] != known[0][0]), None)
        if wrong:
            message = f"{name} compares {_ARTICLES[known[0][0]]} with {_ARTICLES[wrong[0]]}"
            yield Hit(template.where(wrong[1]), message, 'answers are text: compare with text, such as "3" or "true"')


_ARTICLES = {"string": "a string", "int": "a number", "float": "a floating-point number", "bool": "a boolean", "nil": "nil"}


@rule("CF514", "warning", "An answer that has no default is compared", on=Revision)
def no_default(revision: Revision) -> Iterator[Hit]:
    """In the Go version that rancher-compose is built with, `eq` and `ne` fail if the answer is missing, for example in an
    upgrade on the command line without answers. The rendered text then ends at the comparison. For a question with an empty
    default, the finding is only a note. The condition `{{if .Values.NAME}}` makes the same test and cannot fail.

    Bad:
        -- templates/web/0/docker-compose.yml (absent) --
        -- templates/web/0/docker-compose.yml.tpl --
        version: '2'
        services:
          web:
            image: nginx:1.27.3
        {{- if ne .Values.label ""}}
            labels:
              io.rancher.scheduler.affinity:host_label: ${label}
        {{- end}}
        -- templates/web/0/rancher-compose.yml: catalog.questions --
        - {variable: label, type: string, label: Label of hosts}
    Good:
        -- templates/web/0/docker-compose.yml (absent) --
        -- templates/web/0/docker-compose.yml.tpl --
        version: '2'
        services:
          web:
            image: nginx:1.27.3
        {{- if .Values.label}}
            labels:
              io.rancher.scheduler.affinity:host_label: ${label}
        {{- end}}
        -- templates/web/0/rancher-compose.yml: catalog.questions --
        - {variable: label, type: string, label: Label of hosts}
    Source: docs/facts/catalog.md#4.18, #8.7
    """
    template = _template(revision)
    if template is None:
        return
    from catalog_forge.lint.entries import template_actions as actions

    asked = revision.asked
    said: set[str] = set()
    found = [term for _, _, terms in actions.comparisons(template) for _, term in terms]
    for term in sorted(found, key=lambda each: each.start):
        question = asked.get(actions.value_of(term))
        if question and not question.default and question.variable not in said:
            said.add(question.variable)
            name, empty = question.variable, "default" in question.keys
            message = f"{name!r} has {'an empty' if empty else 'no'} default: without an answer, the template fails here"
            yield Hit(
                template.where(term),
                message,
                f"test it without a comparison: {{{{if .Values.{name}}}}}",
                level="note" if empty else None,
            )


@rule("CF515", "warning", "Words after parentheses are ignored", on=Revision)
def ignored(revision: Revision) -> Iterator[Hit]:
    """In Go templates the function comes first. The Go version that rancher-compose is built with ignores everything after
    parentheses at the start of a command; newer versions report an error.

    Bad:
        -- templates/web/0/docker-compose.yml (absent) --
        -- templates/web/0/docker-compose.yml.tpl --
        version: '2'
        services:
          web:
            image: nginx:1.27.3
        {{- if (ne .Values.greeting "hello") and .Values.greeting}}
            tty: true
        {{- end}}
    Good:
        -- templates/web/0/docker-compose.yml (absent) --
        -- templates/web/0/docker-compose.yml.tpl --
        version: '2'
        services:
          web:
            image: nginx:1.27.3
        {{- if and (ne .Values.greeting "hello") (.Values.greeting)}}
            tty: true
        {{- end}}
    Source: exec.go of Go 1.8, "The arguments are all inside the pipeline; final is ignored"
    """
    template = _template(revision)
    if template is None:
        return
    from catalog_forge.lint.entries import template_actions as actions

    for term in actions.behind_parentheses(template):
        message = "everything after these parentheses is ignored"
        yield Hit(template.where(term), message, "write the function first: and (...) (...)")


@rule("CF516", "warning", "An answer of several lines is printed into YAML", on=Revision)
def several_lines(revision: Revision) -> Iterator[Hit]:
    """A template is rendered before the YAML is parsed: the second line of an answer starts at the left margin, which makes the
    file invalid. `${NAME}` is replaced after parsing, and works with any text.

    Bad:
        -- templates/web/0/docker-compose.yml (absent) --
        -- templates/web/0/docker-compose.yml.tpl --
        version: '2'
        services:
          web:
            image: nginx:1.27.3
            environment:
              CONF: {{.Values.conf}}
        -- templates/web/0/rancher-compose.yml: catalog.questions --
        - {variable: conf, type: multiline, label: Configuration}
    Good:
        -- templates/web/0/docker-compose.yml (absent) --
        -- templates/web/0/docker-compose.yml.tpl --
        version: '2'
        services:
          web:
            image: nginx:1.27.3
        {{- if .Values.conf}}
            environment:
              CONF: ${conf}
        {{- end}}
        -- templates/web/0/rancher-compose.yml: catalog.questions --
        - {variable: conf, type: multiline, label: Configuration}
    Source: docs/facts/catalog.md#4.14
    """
    template = _template(revision)
    if template is None:
        return
    from catalog_forge.lint.entries import template_actions as actions

    asked = revision.asked
    for name, term in actions.printed(template):
        if name in asked and asked[name].type in _LONG:
            message = f"the answer {name!r} may have several lines, and breaks the YAML here"
            yield Hit(template.where(term), message, f"write ${{{name}}}")


@rule("CF517", "error", "Some answers break the stack that the template generates", on=Revision)
@told("CF517")
def broken_version(revision: Revision) -> Iterator[Hit]:
    """The template is rendered for up to 256 combinations of the options and booleans that its conditions use. Each result
    is checked as a compose file: it must be YAML, all keys must be known, and sidekicks, links, volumes and images must exist.

    Bad:
        -- templates/web/0/docker-compose.yml (absent) --
        -- templates/web/0/docker-compose.yml.tpl --
        version: '2'
        services:
          web:
            image: nginx:1.27.3
            labels:
              io.rancher.sidekicks: data
        {{- if eq .Values.volume "own"}}
          data:
            image: busybox:1.37.0
        {{- end}}
        -- templates/web/0/rancher-compose.yml: catalog.questions --
        - {variable: volume, type: enum, label: Volume, default: own, options: [own, host]}
    Bad:
        -- templates/web/0/docker-compose.yml (absent) --
        -- templates/web/0/docker-compose.yml.tpl --
        version: '2'
        services:
          web:
            image: nginx:1.27.3
            {{.Values.greeting}}
    Good:
        -- templates/web/0/docker-compose.yml (absent) --
        -- templates/web/0/docker-compose.yml.tpl --
        version: '2'
        services:
          web:
            image: nginx:1.27.3
        {{- if eq .Values.volume "own"}}
            labels:
              io.rancher.sidekicks: data
          data:
            image: busybox:1.37.0
        {{- end}}
        -- templates/web/0/rancher-compose.yml: catalog.questions --
        - {variable: volume, type: enum, label: Volume, default: own, options: [own, host]}
    Source: docs/facts/catalog.md#4.14, #4.17
    """
    template = _template(revision)
    if template is None or not revision.is_asked:
        return
    from catalog_forge.lint.entries.template_versions import versions

    composition = revision.composition
    others = [part for source in composition.sources if not source.docker for part in source.parts]
    broken = [hit for source in composition.sources if source.docker and source.rendered for hit in _broken(source.rendered)]
    yield from (replace(hit, message=f"{hit.message} with the default answers") for hit in broken)
    # Other rules already report the faults that the template has with the default answers.
    said = {(hit.message, hit.where) for hit in (*broken, *_hits(composition))}
    for version in versions(revision, template):
        for hit in islice(_of_version(version, others), compose.MOST_HITS) if version.answers else ():
            if (hit.message, hit.where) not in said:
                said.add((hit.message, hit.where))
                yield replace(hit, message=f"{hit.message} {version}", level="warning")


def _of_version(version: Version, others: list[Part]) -> Iterator[Hit]:
    """Yield the faults in one version of a template.

    Most services of a version also occur in other versions, so the results of their checks are cached. If all services are sound,
    the slower check that finds the locations of faults is skipped.
    """
    from catalog_forge.lint.entries.template_versions import sections

    rendered = version.rendered
    parts = None if rendered.fault else sections(rendered.text)
    if parts is not None and _is_sound([*parts, *others]):
        return
    yield from _broken(rendered)
    source = ComposeFile(rendered.file, True, rendered)
    for hit in _hits(Composition([*source.parts, *others], (source,))):
        is_key = hit.message.endswith("refuses")
        yield (
            hit
            if is_key or not hit.hint.startswith("did you mean")
            else replace(hit, hint="with these answers, the template leaves it out")
        )


def _is_sound(parts: list[Part]) -> bool:
    if not all(map(_part_is_sound, parts)):
        return False
    composition = Composition(parts)
    return not any(True for check in _GLOBAL for _ in check(composition))


@lru_cache(maxsize=8192)
def _part_is_sound(part: Part) -> bool:
    return not any(True for check in _LOCAL for _ in check(part))


def _hits(composition: Composition) -> Iterator[Hit]:
    """Return a hit for each fault in the services. The locations of the hits are in the author's file."""
    hits = [hit for part in composition.parts for check in _LOCAL for hit in check(part)]
    hits += [Hit(each.where, each.message, each.hint) for check in _GLOBAL for each in check(composition) if each.where]
    return (replace(hit, where=composition.at(hit.where)) for hit in hits)


def _broken(rendered: Rendered) -> Iterator[Hit]:
    """Yield a hit for each reason why a rendered file is cut off or invalid YAML."""
    if rendered.fault:
        hint = "Rancher silently cuts the file off here, and starts only the services above this place"
        yield Hit(rendered.fault_where or rendered.file.at(), f"the template fails: {rendered.fault}", hint)
    for problem in rendered.yaml.problems:
        where = problem.where or Where("", 1, 1)
        yield Hit(rendered.at(where.line, where.column), f"the rendered file is invalid: {problem.message}", problem.hint)
