"""CF8xx: specs, and the standards of the team that apply to them."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import suppress

from catalog_forge.errors import ForgeError, Problem, Where
from catalog_forge.lint.catalog import STANDARDS, Catalog, SpecFile
from catalog_forge.lint.findings import LEVELS, Hit
from catalog_forge.lint.runner.registry import rule
from catalog_forge.spec import reader
from catalog_forge.spec.checks import uses
from catalog_forge.spec.checks.foreign import FORM, foreign, texts
from catalog_forge.spec.expressions import LITERAL
from catalog_forge.spec.folder import renaming
from catalog_forge.spec.model import Spec
from catalog_forge.spec.standards import Breach, broken, compared


@rule("CF801", "error", "A spec cannot be read", on=SpecFile)
def spec_is_wrong(spec: SpecFile) -> Iterator[Hit]:
    """This rule reports all errors in a spec, as `generate` does.

    Bad:
        -- specs/web-conf.yml --
        forge: 1
        name: web-conf
        servise: nginx:1.27.3
        config: /etc/nginx/nginx.conf
    Good:
        -- specs/web-conf.yml --
        forge: 1
        name: web-conf
        service: nginx:1.27.3
        config: /etc/nginx/nginx.conf
    Source: docs/spec.md
    """
    read = spec.read
    if not spec.file.is_readable:  # CF116 and CF117 report such a file
        return
    if isinstance(read, ForgeError):
        for problem in read.problems:
            yield Hit(problem.where or spec.file.at(), problem.message, problem.hint)
    elif read.name != spec.name:
        yield Hit(
            read.at("name") or spec.file.at(),
            f"the spec is named {read.name!r}, but its file is called {spec.file.name!r}",
            renaming(read.name, spec.name),
        )


@rule("CF802", "error", "The standards of the team cannot be read", on=Catalog)
def standards_are_wrong(catalog: Catalog) -> Iterator[Hit]:
    """If catalog-forge.yml or a file that it extends has an error, no standard is applied until the error is fixed.

    Bad:
        -- catalog-forge.yml --
        defaults: {image: {bass: busybox:1.37.0}}
    Good:
        -- catalog-forge.yml --
        defaults: {image: {base: busybox:1.37.0}}
    Source: docs/standards.md
    """
    if isinstance(catalog.standards, ForgeError):
        for problem in catalog.standards.problems:
            yield Hit(problem.where or Where(STANDARDS), problem.message, problem.hint)


@rule("CF803", "warning", "Text that looks like an expression is written literally", on=SpecFile)
def literal_expression(spec: SpecFile) -> Iterator[Hit]:
    """Before a brace, `@@` means a literal `@`: for `guest@@{self.name}`, the file contains `guest@{self.name}`. With three `@`,
    an expression follows the literal `@`.

    Bad:
        -- specs/web-conf.yml --
        forge: 1
        name: web-conf
        service: nginx:1.27.3
        files: [{dest: /etc/web/user, body: [{text: 'guest@@{self.name}'}]}]
    Good:
        -- specs/web-conf.yml --
        forge: 1
        name: web-conf
        service: nginx:1.27.3
        files: [{dest: /etc/web/user, body: [{text: 'guest@@@{self.name}'}]}]
    Source: docs/spec.md
    """
    if isinstance(spec.read, ForgeError):
        return
    for text, _ in texts(spec.file.yaml.keys.get("files")):
        if found := LITERAL.search(text.value):
            hint = "write @@@{ to get an at sign and then the value; if the text is meant literally, disable CF803 with a comment"
            words = text.value[found.start() :].partition("}")[0][:40] + "}"
            yield Hit(text.at(found.start()), f"{words!r} is literal text, not a value", hint)


@rule("CF804", "warning", "Text contains an expression of another language, which is not evaluated", on=SpecFile)
def foreign_expression(spec: SpecFile) -> Iterator[Hit]:
    """`{{...}}` and `${...}` are written literally: use `@{...}` to read a value. This rule reports text that was surely meant as
    an expression: `${self.name}`, `{{ getv "/self/service/metadata/port" }}`, or braces around the name of a metadata key or of a
    variable in `vars`. Any other `{{...}}` or `${...}` in a value of `set` is reported only as a note. `generate` also warns
    about such text.

    Bad:
        -- specs/web-conf.yml --
        forge: 1
        name: web-conf
        service: nginx:1.27.3
        metadata: [port]
        files: [{dest: /etc/web/web.ini, body: [{set: {port: '{{ metadata.port }}'}}]}]
    Bad:
        -- specs/web-conf.yml --
        forge: 1
        name: web-conf
        service: nginx:1.27.3
        files: [{dest: /etc/web/web.txt, body: [{text: 'I am ${self.name}'}]}]
    Good:
        -- specs/web-conf.yml --
        forge: 1
        name: web-conf
        service: nginx:1.27.3
        metadata: [port]
        files: [{dest: /etc/web/web.ini, body: [{set: {port: '@{metadata/port}', name: '@{self.name}'}}]}]
    Source: docs/spec.md
    """
    if isinstance(spec.read, ForgeError):
        return
    sure = {found.where: found for found in foreign(spec.read, spec.file.yaml.node)}
    yield from (Hit(where or spec.file.at(), found.message, found.hint) for where, found in sure.items())
    for text, kind in texts(spec.file.yaml.keys.get("files")):
        found = FORM.search(text.value) if kind == "value" else None
        if found and found.lastgroup in ("dollar", "action") and (where := text.at(found.start())) not in sure:
            yield Hit(where, f"{found[0][:40]!r} is literal text, not a value", "write @{...} to insert a value", level="note")


@rule("CF805", "warning", "A metadata key is never read", on=SpecFile)
def unread_key(spec: SpecFile) -> Iterator[Hit]:
    """If no file, condition, companion or compose key of the spec reads a metadata key, users are asked a question whose answer
    has no effect. `generate` also warns about keys that are never read.

    Keys of a spec with a hand-written template are not checked.

    Bad:
        -- specs/web-conf.yml --
        forge: 1
        name: web-conf
        service: nginx:1.27.3
        metadata: [port, level]
        files: [{dest: /etc/web/web.ini, body: [{set: {port: '@{metadata/port}'}}]}]
    Good:
        -- specs/web-conf.yml --
        forge: 1
        name: web-conf
        service: nginx:1.27.3
        metadata: [port, level]
        files: [{dest: /etc/web/web.ini, body: [{set: {port: '@{metadata/port}', level: '@{metadata/level}'}}]}]
    Source: docs/spec.md
    """
    return _told(spec, uses.findings)


@rule("CF806", "warning", "A change restarts all containers of a cluster at once", on=SpecFile)
def restarts_at_once(spec: SpecFile) -> Iterator[Hit]:
    """A file that lists the peers changes in all containers when a peer is added or removed. With `reload: restart` all programs
    of the service then restart at once: the quorum is lost, and health checks fail. If a file contains the quorum of the service
    (`@{quorum(peers)}`), this rule reports every `reload: restart`. With a stagger, the programs restart one by one.
    `generate` also warns about such restarts.

    Bad:
        -- specs/web-conf.yml --
        forge: 1
        name: web-conf
        service: redis:3.2.11
        files: [{dest: /etc/web/web.txt, reload: restart, body: [{list: {of: peers, item: '@{it.ip}'}}]}]
    Good:
        -- specs/web-conf.yml --
        forge: 1
        name: web-conf
        service: redis:3.2.11
        files: [{dest: /etc/web/web.txt, reload: restart, body: [{list: {of: peers, item: '@{it.ip}'}}]}]
        launch: {restart: {stagger: 30s}}
    Source: docs/conf-image.md
    """
    return _told(spec, uses.restarted_at_once)


@rule("CF807", "warning", "No service has the label named in services:LABEL=VALUE", on=SpecFile)
def unlabelled(spec: SpecFile) -> Iterator[Hit]:
    """`services:LABEL=VALUE` lists the services of the stack that have this label. The list is always empty if no service, group
    or companion of the entry has the label. `generate` also warns about such lists. Rancher's own labels, and labels whose value
    is a variable, are not checked.

    Bad:
        -- specs/web-conf.yml --
        forge: 1
        name: web-conf
        service: nginx:1.27.3
        files: [{dest: /etc/web/web.txt, body: [{list: {of: 'services:tier=back', item: '@{it.name}'}}]}]
    Good:
        -- specs/web-conf.yml --
        forge: 1
        name: web-conf
        service: nginx:1.27.3
        companions: {api: {image: 'api:1.0', labels: {tier: back}}}
        files: [{dest: /etc/web/web.txt, body: [{list: {of: 'services:tier=back', item: '@{it.name}'}}]}]
    Source: docs/spec.md
    """
    return _told(spec, uses.unlabelled)


@rule("CF808", "warning", "A scenario has services, metadata keys or values that do not fit the spec", on=SpecFile)
def undeclared_in_scenario(spec: SpecFile) -> Iterator[Hit]:
    """If a scenario sets a key of the spec's own services, but the spec neither declares nor reads this key, the key changes no
    file, and the scenario has the same result without it. Often such a key is misspelt. If a value does not fit the type of
    its key, no user can give this answer. If a scenario has no service of the spec, its settings change no file. `test` and
    `render` also warn about all of these.

    Unknown keys are not reported if the spec has a hand-written template.

    Bad:
        -- specs/web-conf/scenarios/debug.yml --
        services: {web: {scale: 1}}
        then: [{set: {levle: debug}}]
        -- specs/web-conf.yml --
        forge: 1
        name: web-conf
        service: {name: web, image: 'nginx:1.27.3'}
        metadata: [level]
        files: [{dest: /etc/web/web.ini, body: [{set: {level: '@{metadata/level}'}}]}]
    Good:
        -- specs/web-conf/scenarios/debug.yml --
        services: {web: {scale: 1}}
        then: [{set: {level: debug}}]
        -- specs/web-conf.yml --
        forge: 1
        name: web-conf
        service: {name: web, image: 'nginx:1.27.3'}
        metadata: [level]
        files: [{dest: /etc/web/web.ini, body: [{set: {level: '@{metadata/level}'}}]}]
    Source: docs/scenarios.md
    """
    if isinstance(spec.read, ForgeError) or not spec.scenarios:
        return
    # Imported here, because only catalogs with scenarios need these modules.
    from catalog_forge.metadata.scenarios import scenario
    from catalog_forge.metadata.scenarios.undeclared import undeclared

    for file in spec.scenarios.values():
        with suppress(ForgeError):  # `test` reports the problems of a scenario
            found = scenario.read(file.content, file.path, spec.read.members[0].asking)
            yield from (Hit(each.where or file.at(), each.message, each.hint) for each in undeclared(spec.read, found.given))


def _told(spec: SpecFile, of: Callable[[Spec], Iterator[Problem]]) -> Iterator[Hit]:
    """Yield a hit for each warning of the check `of`, which `generate` also runs; no hits if the spec cannot be read."""
    if not isinstance(spec.read, ForgeError):
        yield from (Hit(found.where or spec.file.at(), found.message, found.hint) for found in of(spec.read))


@rule("CF809", "warning", "The file of a spec has the wrong extension", on=Catalog)
def misnamed(catalog: Catalog) -> Iterator[Hit]:
    """`generate` and all other commands read the files of specs/ that end in .yml. They ignore a file that ends in .yaml.

    Bad:
        -- specs/web-conf.yaml --
        forge: 1
        name: web-conf
    Good:
        -- specs/web-conf.yml --
        forge: 1
        name: web-conf
        service: {name: web, image: 'nginx:1.27.3'}
        files: [{dest: /etc/web/web.ini, body: [{set: {level: debug}}]}]
    Source: docs/spec.md
    """
    for file in catalog.misnamed:
        name = file.name.removesuffix(".yaml")
        yield Hit(file.at(), "no command reads this file, because its name ends in .yaml", f"rename it to specs/{name}.yml")


@rule("CF810", "warning", "A spec deviates from a default of the team", on=SpecFile)
def deviates(spec: SpecFile) -> Iterator[Hit]:
    """A spec inherits the defaults of catalog-forge.yml. A spec that needs a different value must give the reason under
    `deviations`.

    Bad:
        -- catalog-forge.yml --
        defaults: {image: {base: busybox:1.37.0}}
        -- specs/web-conf.yml --
        forge: 1
        name: web-conf
        service: nginx:1.27.3
        config: /etc/nginx/nginx.conf
        image: {base: alpine:3.20}
    Good:
        -- catalog-forge.yml --
        defaults: {image: {base: busybox:1.37.0}}
        -- specs/web-conf.yml --
        forge: 1
        name: web-conf
        service: nginx:1.27.3
        config: /etc/nginx/nginx.conf
        image: {base: alpine:3.20}
        deviations: {image.base: its check needs openssl}
    Source: docs/standards.md
    """
    return _hits(spec, "deviates")


@rule("CF811", "note", "A spec repeats a default of the team", on=SpecFile)
def repeats(spec: SpecFile) -> Iterator[Hit]:
    """A spec need not repeat inherited values: a repeated value stays the same when the team changes its standards.

    Bad:
        -- catalog-forge.yml --
        defaults: {maintainer: Jo Doe Roe <jo@example.org>}
        -- specs/web-conf.yml --
        forge: 1
        name: web-conf
        service: nginx:1.27.3
        config: /etc/nginx/nginx.conf
        maintainer: Jo Doe Roe <jo@example.org>
    Good:
        -- catalog-forge.yml --
        defaults: {maintainer: Jo Doe Roe <jo@example.org>}
        -- specs/web-conf.yml --
        forge: 1
        name: web-conf
        service: nginx:1.27.3
        config: /etc/nginx/nginx.conf
    Source: docs/standards.md
    """
    return _hits(spec, "repeats")


@rule("CF812", "error", "A spec has a value that the team does not allow", on=SpecFile)
def not_allowed(spec: SpecFile) -> Iterator[Hit]:
    """`allowed` in catalog-forge.yml lists the base images, registries, releases of confd and categories that specs may use.

    Bad:
        -- catalog-forge.yml --
        allowed: {base: [busybox:1.37.0, 'alpine:*']}
        -- specs/web-conf.yml --
        forge: 1
        name: web-conf
        service: nginx:1.27.3
        config: /etc/nginx/nginx.conf
        image: {base: debian:12}
    Good:
        -- catalog-forge.yml --
        allowed: {base: [busybox:1.37.0, 'alpine:*']}
        -- specs/web-conf.yml --
        forge: 1
        name: web-conf
        service: nginx:1.27.3
        config: /etc/nginx/nginx.conf
        image: {base: alpine:3.20}
    Source: docs/standards.md
    """
    return _hits(spec, "allowed")


@rule("CF813", "error", "A spec lacks what the team requires", on=SpecFile)
def lacks(spec: SpecFile) -> Iterator[Hit]:
    """`required` in catalog-forge.yml can demand a pattern for names, a health check, a maintainer, labels of the image, and
    scenarios.

    Bad:
        -- catalog-forge.yml --
        required: {health_check: true, scenarios: [three-*]}
        -- specs/web-conf.yml --
        forge: 1
        name: web-conf
        service: nginx:1.27.3
        config: /etc/nginx/nginx.conf
    Good:
        -- catalog-forge.yml --
        required: {health_check: true, scenarios: [three-*]}
        -- specs/web-conf/scenarios/three-nodes.yml --
        services: {web: 3}
        -- specs/web-conf.yml --
        forge: 1
        name: web-conf
        service: {name: web, image: 'nginx:1.27.3', health_check: {port: 80}}
        config: /etc/nginx/nginx.conf
    Source: docs/standards.md
    """
    return _hits(spec, "required")


@rule("CF814", "warning", "A check of a file does not read the new file", on=SpecFile)
def checks_the_old_file(spec: SpecFile) -> Iterator[Hit]:
    """confd runs `check` before it replaces the file: only `{{.src}}` is the path of the new file. A command without `{{.src}}`
    checks the old file, or no file at all, so every new file passes. `generate` also warns about such checks.

    Bad:
        -- specs/web-conf.yml --
        forge: 1
        name: web-conf
        service: nginx:1.27.3
        files: [{dest: /etc/web/web.txt, check: test -s /etc/web/web.txt, body: [{text: 'I am @{self.name}'}]}]
    Good:
        -- specs/web-conf.yml --
        forge: 1
        name: web-conf
        service: nginx:1.27.3
        files: [{dest: /etc/web/web.txt, check: 'test -s {{.src}}', body: [{text: 'I am @{self.name}'}]}]
    Source: docs/facts/confd.md#1.1, #1.7
    """
    return _told(spec, uses.of_the_old_file)


@rule("CF815", "warning", "A file that contains a secret can be read by everyone", on=SpecFile)
def secret_for_all(spec: SpecFile) -> Iterator[Hit]:
    """A file that reads a secret has mode 0600 unless the spec sets `mode`. With a mode such as 0644, all users of the container
    can read the secret. `generate` also warns about such files.

    Bad:
        -- specs/web-conf.yml --
        forge: 1
        name: web-conf
        service: nginx:1.27.3
        metadata: {signature: {secret: true}}
        files: [{dest: /etc/web/web.ini, mode: '0644', body: [{set: {signature: '@{metadata/signature}'}}]}]
    Good:
        -- specs/web-conf.yml --
        forge: 1
        name: web-conf
        service: nginx:1.27.3
        metadata: {signature: {secret: true}}
        files: [{dest: /etc/web/web.ini, mode: '0640', gid: 101, body: [{set: {signature: '@{metadata/signature}'}}]}]
    Source: docs/facts/conf-images.md#5.23
    """
    return _told(spec, uses.readable)


def _hits(spec: SpecFile, kind: str) -> Iterator[Hit]:
    team = spec.catalog.team
    chosen: str = getattr(team.standards.levels, kind)
    if chosen == "off" or not team.tree.pairs:
        return
    level = next(each for each in LEVELS if each == chosen)
    for breach in _breaches(spec):
        if breach.kind == kind:
            yield Hit(_place(spec, breach), breach.message, breach.hint, level=level)


def _breaches(spec: SpecFile) -> Iterator[Breach]:
    read = spec.read
    if isinstance(read, ForgeError):
        return
    yield from compared(spec.catalog.team, reader.parsed(spec.file.content, spec.file.shown or spec.file.path))
    yield from broken(spec.catalog.team, read, tuple(spec.scenarios))


def _place(spec: SpecFile, breach: Breach) -> Where:
    """Return the location of the value that breaks a standard or, for a value that the spec inherits, of the spec file."""
    if breach.node:
        return breach.node.where
    first = breach.path.partition(".")[0]
    found = spec.read.at(first) if isinstance(spec.read, Spec) and first else None
    return found if found and found.file == (spec.file.shown or spec.file.path) else spec.file.at(1, 1)
