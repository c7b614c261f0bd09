"""CF50x: the questions of a revision, and the variables through which both compose files use the answers."""

from __future__ import annotations

from collections.abc import Iterator

from catalog_forge.errors import nearest
from catalog_forge.lint.entries.judged import told
from catalog_forge.lint.findings import Hit
from catalog_forge.lint.runner.registry import rule
from catalog_forge.rancher.entries import Revision
from catalog_forge.rancher.tree import is_template
from catalog_forge.rancher.variable_uses import ALL, SCHEDULER, Use


@rule("CF501", "warning", "An answer is never used", on=Revision)
def never_used(revision: Revision) -> Iterator[Hit]:
    """The user is asked a question whose answer has no effect. Often the variable is spelt differently where it is used.

    Bad:
        -- templates/web/0/rancher-compose.yml: catalog.questions --
        - {variable: greetings, type: string, label: Greeting}
    Good:
        -- templates/web/0/rancher-compose.yml: catalog.questions --
        - {variable: greeting, type: string, label: Greeting}
    Source: docs/facts/catalog.md#8.4
    """
    if revision.docker is None or not revision.composition.is_whole:
        return
    used = {use.name for use in revision.uses}
    strangers = used - revision.asked.keys()
    for question in revision.questions:
        if question.variable and question.variable not in used and ALL not in used:
            hint = nearest(question.variable, strangers, "use the answer, or remove the question")
            yield Hit(question.where, f"the answer {question.variable!r} is never used", hint)


@rule("CF502", "warning", "A variable is used, but no question asks for it", on=Revision)
def never_asked(revision: Revision) -> Iterator[Hit]:
    """A variable that no question asks for is empty in compose files; a template prints `<no value>` for it.

    Bad:
        -- templates/web/0/docker-compose.yml: services.web --
        image: nginx:1.27.3
        environment:
          GREETING: ${greting}
    Good:
        -- templates/web/0/docker-compose.yml: services.web --
        image: nginx:1.27.3
        environment:
          GREETING: ${greeting} at a price of $$5 or $${greting}
        labels:
          io.rancher.scheduler.affinity:container_label_ne: io.rancher.stack_service.name=$${stack_name}/$${service_name}
    Source: docs/facts/catalog.md#4.12, #8.3
    """
    asked = revision.asked
    said = {*asked, *SCHEDULER, ALL}
    for use in revision.uses if revision.is_asked else ():
        if use.kind in ("variable", "value") and use.name not in said and not use.in_comment:
            said.add(use.name)
            hint = nearest(use.name, asked, "add a question for it, or write its value")
            yield Hit(use.where, f"no question asks for {use.name!r}, so it {_becomes(use)}", hint)


def _becomes(use: Use) -> str:
    return "is empty" if use.kind == "variable" else "has no value"


@rule("CF503", "note", "An answer is passed to a container by its bare name", on=Revision)
def bare_name(revision: Revision) -> Iterator[Hit]:
    """A list item `- NAME` in `environment` gets the answer to the question `NAME`. `NAME=${NAME}` does the same, and
    shows readers and tools that the value is an answer.

    Bad:
        -- templates/web/0/docker-compose.yml: services.web --
        image: nginx:1.27.3
        environment:
        - greeting
        -- templates/web/0/rancher-compose.yml --
        version: '2'
        catalog:
          version: '1.0.0'
          questions:
          - {variable: greeting, type: string, label: Greeting}
    Good:
        -- templates/web/0/docker-compose.yml: services.web --
        image: nginx:1.27.3
        environment:
        - greeting=${greeting}
    Source: docs/facts/catalog.md#8.5
    """
    asked = revision.asked
    uses = revision.uses
    elsewhere = {use.name for use in uses if use.kind != "name"}
    for use in uses:
        if use.kind == "name" and use.name in asked and use.name not in elsewhere:
            yield Hit(
                use.where, f"{use.name} gets its value from the question of the same name", f"write {use.name}=${{{use.name}}}"
            )


@rule("CF504", "error", "A dollar sign does not start a variable", on=Revision)
@told("CF504")
def no_variable(revision: Revision) -> Iterator[Hit]:
    """rancher-compose knows `${NAME}`, `$NAME` and `$$`, which is a literal dollar sign. Defaults (`${A:-x}`), commands
    (`$(cmd)`) and positional parameters (`$1`) make the launch fail.

    Bad:
        -- templates/web/0/docker-compose.yml: services.web --
        image: nginx:1.27.3
        command: sh -c 'echo $(hostname)'
    Bad:
        -- templates/web/0/docker-compose.yml: services.web --
        image: nginx:1.27.3
        environment:
          GREETING: ${greeting:-hello}
    Good:
        -- templates/web/0/docker-compose.yml: services.web --
        image: nginx:1.27.3
        command: sh -c 'echo $$(hostname) $$1'
    Source: docs/facts/catalog.md#4.12
    """
    for use in revision.uses:
        if use.kind == "wrong" and not use.in_comment:
            yield Hit(use.where, f"{use.name!r} is not a variable", "write $$ for a literal dollar sign")


@rule("CF505", "warning", "A variable in a key is not replaced", on=Revision)
def variable_in_key(revision: Revision) -> Iterator[Hit]:
    """rancher-compose replaces variables only in values, so a key keeps its dollar sign. In a list of NAME=VALUE, variables in
    names are also replaced.

    Bad:
        -- templates/web/0/docker-compose.yml: services.web --
        image: nginx:1.27.3
        labels:
          ${greeting}: 'true'
    Good:
        -- templates/web/0/docker-compose.yml: services.web --
        image: nginx:1.27.3
        labels:
        - ${greeting}=true
    Source: docs/facts/catalog.md#4.12
    """
    for use in revision.uses:
        if use.kind == "key":
            yield Hit(
                use.where,
                f"${{{use.name}}} is in a key, where Rancher does not replace it",
                "write a list of NAME=VALUE instead of a mapping",
            )


@rule("CF506", "error", "Braces in rancher-compose.yml are not a valid template", on=Revision)
@told("CF506")
def braces(revision: Revision) -> Iterator[Hit]:
    """rancher-compose also renders rancher-compose.yml as a template, including the text of questions. If Go cannot parse this
    template, the launch fails, although the catalog shows the entry.

    Bad:
        -- templates/web/0/rancher-compose.yml: catalog.questions --
        - {variable: greeting, type: string, label: Greeting, default: '%{{service_name}}.%{{stack_name}}'}
    Good:
        -- templates/web/0/rancher-compose.yml --
        # notemplating
        version: '2'
        catalog:
          version: '1.0.0'
          questions:
          - {variable: greeting, type: string, label: Greeting, default: '%{{service_name}}.%{{stack_name}}'}
    Source: docs/facts/catalog.md#4.11, #6.6, #8.8
    """
    file = revision.rancher
    if file is None or not is_template(file.text):
        return
    from catalog_forge.gotext.parsing import SyntaxFault
    from catalog_forge.rancher.templates import template_of, where_of, words_of

    try:
        template_of(file)
    except SyntaxFault as fault:
        yield Hit(where_of(fault, file), words_of(fault), "begin the file with the line `# notemplating`")


@rule("CF507", "warning", "rancher-compose.yml has templates", on=Revision)
def template_in_rancher(revision: Revision) -> Iterator[Hit]:
    """The catalog service reads rancher-compose.yml before any template is rendered: the catalog shows the text with braces, and
    the launch uses the answer. Use `${NAME}` for answers.

    Bad:
        -- templates/web/0/rancher-compose.yml --
        version: '2'
        catalog:
          version: '1.0.0'
          questions:
          - {variable: greeting, type: string, label: Greeting}
        services:
          web:
            metadata:
              greeting: '{{.Values.greeting}}'
    Good:
        -- templates/web/0/rancher-compose.yml --
        version: '2'
        catalog:
          version: '1.0.0'
          questions:
          - {variable: greeting, type: string, label: Greeting}
        services:
          web:
            metadata:
              greeting: ${greeting}
    Source: docs/facts/catalog.md#4.15
    """
    for use in revision.uses:
        if use.kind == "value" and use.file is revision.rancher:
            yield Hit(
                use.where,
                "the catalog service reads this file before the launch renders it, so it sees the template code",
                f"write ${{{use.name}}}",
            )
