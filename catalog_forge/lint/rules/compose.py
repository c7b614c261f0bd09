"""CF401 to CF427: the services of docker-compose.yml and rancher-compose.yml, their keys and values."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import replace
from itertools import islice

from catalog_forge.errors import Where, nearest
from catalog_forge.goyaml.decoding import is_null, text_of
from catalog_forge.lint import mend
from catalog_forge.lint.entries.judged import told
from catalog_forge.lint.findings import Hit
from catalog_forge.lint.runner.registry import rule
from catalog_forge.rancher import keys
from catalog_forge.rancher.composition import Part, Service, items, substituted, varies
from catalog_forge.rancher.entries import Revision
from catalog_forge.rancher.judgement.launch import NO_VERSION, NO_VERSION_HINT, TOPS
from catalog_forge.rancher.judgement.services import fits, services_without_version
from catalog_forge.rancher.keys import ROLES
from catalog_forge.rancher.questions import Question, defaults
from catalog_forge.rancher.tree import is_template, keys_of
from catalog_forge.rancher.variables import sole
from catalog_forge.yamlio import Map, Node, Seq, Text

_NAME = re.compile(r"[a-zA-Z0-9._-]+")
_TIMES = ("interval", "response_timeout", "initializing_timeout", "reinitializing_timeout")
_COUNTS = ("port", "healthy_threshold", "unhealthy_threshold", *_TIMES)
_LATEST = ("", "latest")
# The maximum number of hits of one rule in one revision. Hits are limited because finding the hint for each hit takes time.
MOST_HITS = 100

# Hints for keys that rancher-compose refuses, but that other tools or other versions of compose accept.
_INSTEAD = {
    "healthcheck": "use health_check in rancher-compose.yml: Rancher checks the health over the network",
    "deploy": "use scale, scale_policy and upgrade_strategy in rancher-compose.yml",
    "configs": "provide files with a sidekick that has volumes",
    "dockerfile": "write it below `build`",
    "net": "compose 2 calls it network_mode",
    "log_driver": "in compose 2, it is the key `driver` below `logging`",
    "log_opt": "in compose 2, it is the key `options` below `logging`",
    "depends_on": "compose 1 does not have it: use links",
    "network_mode": "compose 1 calls it net",
    "logging": "compose 1 calls it log_driver and log_opt",
    "scale_min": "use the key `min` below `scale_policy`",
    "drain_timeout": "use drain_timeout_ms",
    "name": "leave it out: Rancher names containers itself",
}
# Keys that only Docker Compose has. Some of them are spelt almost like an unrelated key of Rancher.
_DOCKER_ONLY = frozenset(
    "annotations attach blkio_config cgroup cpu_count cpu_percent cpu_rt_period cpu_rt_runtime cpus credential_spec develop "
    "device_cgroup_rules gpus label_file models pids_limit platform post_start pre_stop profiles provider pull_policy runtime "
    "storage_opt use_api_socket userns_mode".split()
)
_MODE = re.compile(r"host|none|bridge|managed|(?:container|service):.+")
# The types of keys whose lists must not repeat an item.
_SETS = ("ports", "set", "text-or-set", "numbers", "list", "list-of-pairs", "labels", "environment", "rates")


# The next two checks also run on each version of a template. The locations that they report are in the rendered text.


def unknown_keys(part: Part) -> Iterator[Hit]:
    """Yield a hit for each service key that the compose version of the file does not have."""
    for name, (key, node) in part.keys.items():
        if name not in part.known:
            message = f"the service {part.name.value!r} has a key {name!r} that rancher-compose refuses"
            yield Hit(key.where, message, _hint_of_key(part, name, node))


def _hint_of_key(part: Part, name: str, node: Node) -> str:
    if meant := _key_meant(part, name, node):
        return f"did you mean {meant!r}?"
    if name in _DOCKER_ONLY:
        return "Docker Compose supports it, but Rancher does not: leave it out"
    return _INSTEAD.get(name) or nearest(name, part.known)


def _key_meant(part: Part, name: str, node: Node) -> str:
    """Return the unused key that was probably meant and can have this value; an empty string if the meant key is uncertain."""
    if name in _INSTEAD or name in _DOCKER_ONLY:
        return ""
    second = part.known is keys.V2
    is_mode = name == "network" and isinstance(node, Text) and _MODE.fullmatch(node.value) is not None
    meant = ("network_mode" if second else "net") if is_mode else mend.near(name, part.known - part.keys.keys())
    return meant if meant and meant not in part.keys and fits(meant, node, second) else ""


def repeated_items(part: Part) -> Iterator[Hit]:
    """Yield a hit for each repeated item in a list in which rancher-compose refuses repeated items."""
    for name, (_, node) in part.keys.items():
        seen: set[str] = set()
        is_set = name in keys.KEYS and keys.KEYS[name].type in _SETS and isinstance(node, Seq)
        for item in items(node) if is_set else ():
            if item.value in seen:
                yield Hit(item.where, f"{item.value!r} appears twice in {name} of {part.name.value!r}", "remove one of the two")
            seen.add(item.value)


@rule("CF401", "error", "A service has a key that rancher-compose refuses", on=Revision, fixable=True)
@told("CF401")
def unknown_key(revision: Revision) -> Iterator[Hit]:
    """rancher-compose knows the keys of compose 1 and 2 and some keys of its own. With any other key the stack does not start,
    although the catalog shows the entry.

    Bad:
        -- templates/web/0/docker-compose.yml: services.web --
        image: nginx:1.27.3
        comand: nginx
    Bad:
        -- templates/web/0/docker-compose.yml: services.web --
        image: nginx:1.27.3
        healthcheck:
          test: curl localhost
    Good:
        -- templates/web/0/docker-compose.yml: services.web --
        image: nginx:1.27.3
        command: nginx
    Source: docs/facts/catalog.md#3.13, #4.1
    """
    composition = revision.composition
    files = {file.shown or file.path: file for file in revision.compose_files}
    found = ((part, hit) for part in composition.parts for hit in unknown_keys(part))
    for part, hit in islice(found, MOST_HITS):
        (key,) = (key for key, _ in part.keys.values() if key.where is hit.where)
        meant = _key_meant(part, key.value, part.keys[key.value][1])
        where = composition.at(hit.where)
        file = files.get(where.file)
        # The fix renames the key `network`, because other tools use this name for the key that was meant. The fix renames any
        # other key only if it is misspelt.
        rename = mend.renamed if key.value == "network" else mend.respelt
        fix = rename(file, replace(key, where=where), meant) if meant and file else None
        yield replace(hit, where=where, fix=fix)


@rule("CF426", "error", "docker-compose.yml cannot be read", on=Revision)
@told("CF426")
def unread(revision: Revision) -> Iterator[Hit]:
    """A docker-compose.yml that is not YAML, or not a mapping of services, cannot be launched, and the CI refuses bad YAML. The
    catalog nevertheless shows the entry. Other rules about services, links and answers do not check such a file.

    Bad:
        -- templates/web/0/docker-compose.yml: services.web --
        image: nginx:1.27.3
          tty: true
    Bad:
        -- templates/web/0/docker-compose.yml --
        - web
    Bad:
        -- templates/web/0/docker-compose.yml --
        # nothing yet
    Bad:
        -- templates/web/0/docker-compose.yml --
        version: '2'
        services: [web]
    Good:
        -- templates/web/0/docker-compose.yml --
        web:
          image: nginx:1.27.3
    Source: docs/facts/catalog.md#6.9
    """
    file = revision.docker
    if file and not is_template(file.text) and not file.yaml.problems and is_null(file.yaml.node):
        yield Hit(file.at(1, 1), "the file is empty: there is nothing to launch", "begin with version: '2' and services:")


@rule("CF427", "error", "A service in docker-compose.yml is not a mapping", on=Revision)
@told("CF427")
def not_a_service(_: Revision) -> None:
    """A service must be a mapping of keys. rancher-compose and the CI refuse any other value.

    Bad:
        -- templates/web/0/docker-compose.yml: services --
        web: nginx:1.27.3
    Bad:
        -- templates/web/0/docker-compose.yml --
        web: [nginx]
    Good:
        -- templates/web/0/docker-compose.yml: services.web --
        image: nginx:1.27.3
    Source: docs/facts/catalog.md#6.21
    """


@rule("CF402", "error", "The version of a compose file is not '2'", on=Revision, fixable=True)
@told("CF402")
def version(revision: Revision) -> Iterator[Hit]:
    """A compose file for Rancher either has `version: '2'`, or has no version and lists its services at the top level. The
    catalog service and rancher-compose refuse every other version. Without a version, `services` is the name of a service.

    Bad:
        -- templates/web/0/docker-compose.yml --
        services:
          web:
            image: nginx:1.27.3

    Bad:
        -- templates/web/0/docker-compose.yml --
        version: '3'
        services:
          web:
            image: nginx:1.27.3
    Good:
        -- templates/web/0/docker-compose.yml --
        version: 2
        services:
          web:
            image: nginx:1.27.3
    Source: docs/facts/catalog.md#3.3, #4.1, #6.22
    """
    for file in revision.compose_files:
        if key := services_without_version(file.yaml.node):
            yield Hit(key.where, NO_VERSION, NO_VERSION_HINT, mend.versioned(file, TOPS))


@rule("CF403", "error", "A service name has characters that are not allowed", on=Revision)
@told("CF403")
def name_of_service(_: Revision) -> None:
    """Service names may contain only letters, digits, dots, underscores and dashes. Variables in names are not replaced.

    Bad:
        -- templates/web/0/docker-compose.yml: services --
        my web:
          image: nginx:1.27.3
    Good:
        -- templates/web/0/docker-compose.yml: services --
        my-web:
          image: nginx:1.27.3
    Source: docs/facts/catalog.md#4.1
    """


@rule("CF404", "error", "An item appears twice in a list", on=Revision)
@told("CF404")
def repeated(_: Revision) -> None:
    """rancher-compose refuses an item that appears twice in a list such as `ports`, `volumes` or `links`.

    Bad:
        -- templates/web/0/docker-compose.yml: services.web --
        image: nginx:1.27.3
        ports:
        - 80:80
        - 80:80
    Good:
        -- templates/web/0/docker-compose.yml: services.web --
        image: nginx:1.27.3
        ports:
        - 80:80
        command: [nginx, -v, -v]
    Source: docs/facts/catalog.md#4.2
    """


def _health(revision: Revision) -> Iterator[tuple[str, dict[str, Node], Where]]:
    """Yield the service name, the keys and the location of each health check."""
    for service in revision.composition.services.values():
        for part in service.parts:
            node = part.get("health_check")
            if isinstance(node, Map):
                yield service.name, keys_of(node), part.keys["health_check"][0].where


@rule("CF413", "error", "A health check value is not a whole number", on=Revision)
@told("CF413")
def health_numbers(_: Revision) -> None:
    """The ports, thresholds and times of a health check must be whole numbers; rancher-compose refuses any other value.

    Bad:
        -- templates/web/0/rancher-compose.yml: services.web --
        health_check: {port: 80, interval: 5s}
    Good:
        -- templates/web/0/rancher-compose.yml: services.web --
        health_check: {port: '80', interval: 5000}
    Source: docs/facts/catalog.md#3.14
    """


@rule("CF414", "warning", "A health check lacks its port, or has an unknown strategy", on=Revision)
@told("CF414")
def health_check(revision: Revision) -> Iterator[Hit]:
    """Without a port, Rancher has nothing to check. The known strategies are `recreate`, `recreateOnQuorum` and `none`.

    Bad:
        -- templates/web/0/rancher-compose.yml: services.web --
        health_check: {interval: 2000, strategy: restart}
    Good:
        -- templates/web/0/rancher-compose.yml: services.web --
        health_check: {port: 80, strategy: recreate}
    Source: docs/facts/catalog.md#3.14, #3.16
    """
    for name, found, where in _health(revision):
        if "port" not in found:
            yield Hit(where, f"the health check of {name!r} has no port", "write port: NUMBER")


@rule("CF415", "note", "A health check time looks like seconds, not milliseconds", on=Revision)
def health_times(revision: Revision) -> Iterator[Hit]:
    """All health check times are in milliseconds. With an interval below 100 milliseconds, the check runs constantly. With a
    timeout below 100 milliseconds, the check fails before the answer arrives.

    Bad:
        -- templates/web/0/rancher-compose.yml: services.web --
        health_check: {port: 80, interval: 5, response_timeout: 2000}
    Good:
        -- templates/web/0/rancher-compose.yml: services.web --
        health_check: {port: 80, interval: 5000, response_timeout: 2000}
    Source: docs/facts/catalog.md#3.14
    """
    for name, found, _ in _health(revision):
        for key in _TIMES:
            text = text_of(found.get(key))
            if re.fullmatch(r"[0-9]{1,2}", text) and int(text):
                message = f"{key} of the health check of {name!r} is only {text} ms"
                yield Hit(found[key].where, message, f"times are in milliseconds: write {int(text) * 1000} for {text} seconds")


@rule("CF416", "warning", "An image has no fixed version", on=Revision)
def floating(revision: Revision) -> Iterator[Hit]:
    """An image without a tag, or with `latest`, can differ from host to host and from day to day. A revision of an entry
    should be the same for all users.

    Bad:
        -- templates/web/0/docker-compose.yml: services.web --
        image: registry.example.org:5000/nginx
    Bad:
        -- templates/web/0/docker-compose.yml: services.web --
        image: nginx:latest
    Good:
        -- templates/web/0/docker-compose.yml: services.web --
        image: registry.example.org:5000/nginx:1.27.3
    Good:
        -- templates/web/0/docker-compose.yml: services.web --
        image: nginx@sha256:9d6b58feebd2dbd3c56ab5853333d627cc6e281011cfd6050fa4bcf2072c9496
    Source: docs/facts/catalog.md#8.10
    """
    composition = revision.composition
    answers = defaults(revision.questions)
    for service in composition.services.values():
        node = service.get("image")
        image = substituted(node, answers) if isinstance(node, Text) else ""
        if not image or "@" in image or image in ROLES:
            continue
        tag = image.rpartition("/")[2].partition(":")[2]
        if tag in _LATEST and not (varies(node.value) and image.endswith(":")):  # type: ignore[union-attr]
            message = f"the image {image!r} of {service.name!r} can change without notice"
            yield Hit(node.where, message, "use a tag with a fixed version")  # type: ignore[union-attr]


@rule("CF417", "error", "A boolean is written as text", on=Revision)
@told("CF417")
def truths(_: Revision) -> None:
    """The values of some keys must be true or false. Answers and quoted values are text, so rancher-compose refuses both.

    Bad:
        -- templates/web/0/rancher-compose.yml --
        version: '2'
        catalog:
          version: '1.0.0'
          questions:
          - {variable: keep, type: boolean, default: 'true'}
        services:
          web:
            retain_ip: ${keep}
    Bad:
        -- templates/web/0/docker-compose.yml: services.web --
        image: nginx:1.27.3
        tty: 'true'
    Good:
        -- templates/web/0/rancher-compose.yml: services.web --
        retain_ip: true
        upgrade_strategy: {start_first: true}
    Source: docs/facts/catalog.md#3.19
    """


@rule("CF418", "warning", "A number comes from an answer that may be empty", on=Revision)
@told("CF418")
def numbers(revision: Revision) -> Iterator[Hit]:
    """rancher-compose refuses a scale or a port that is not a number, such as an empty answer. The question that asks for the
    number must therefore be required, and must have a default: without a default, the proposed answer is empty, and the stack
    does not start.

    Bad:
        -- templates/web/0/rancher-compose.yml --
        version: '2'
        catalog:
          version: '1.0.0'
          questions:
          - {variable: scale, type: int, label: Scale}
        services:
          web:
            scale: ${scale}
    Good:
        -- templates/web/0/rancher-compose.yml --
        version: '2'
        catalog:
          version: '1.0.0'
          questions:
          - {variable: scale, type: int, label: Scale, required: true, default: '1'}
        services:
          web:
            scale: ${scale}
    Source: docs/facts/catalog.md#3.19
    """
    composition = revision.composition
    asked = revision.asked
    for part in composition.parts:
        for key, node in _numbers(part):
            name = sole(node.value)
            if name and revision.is_asked:
                yield from _of_number(key, part.name.value, asked, name, node.where)


def _numbers(part: Part) -> Iterator[tuple[str, Text]]:
    """Yield each value that must be a number in a service, together with the value's key."""
    scale = part.get("scale")
    yield from [("scale", scale)] if isinstance(scale, Text) else ()
    for key in ("health_check", "scale_policy"):
        for name, node in keys_of(part.get(key)).items():
            if isinstance(node, Text) and name in (*_COUNTS, "min", "max", "increment"):
                yield f"{key}: {name}", node


def _of_number(key: str, service: str, asked: Mapping[str, Question], name: str, where: Where) -> Iterator[Hit]:
    question = asked.get(name)
    hint = f"make the question {name} required, and give it a default"
    if question is None:
        yield Hit(
            where,
            f"{key} of {service!r} is ${{{name}}}, which is empty, because no question asks for it",
            f"add a question for {name}",
            level="error",
        )
    elif not question.default:
        message = f"{key} of {service!r} is ${{{name}}}, whose question has no default"
        # This is an error even for a required question, because with the default answers the number is empty.
        yield Hit(where, message, hint, level="error")
    elif not question.required:
        yield Hit(where, f"{key} of {service!r} is ${{{name}}}, and the answer to that question may be empty", hint)


@rule("CF423", "note", "A container has far-reaching rights over its host", on=Revision)
def powerful(revision: Revision) -> Iterator[Hit]:
    """Privileged containers, containers in the network of the host, and containers with access to Docker's socket can control
    the host. Users should know this before they start such a container: mention it in the README, then ignore
    this note.

    Bad:
        -- templates/web/0/docker-compose.yml: services.web --
        image: nginx:1.27.3
        privileged: true
    Bad:
        -- templates/web/0/docker-compose.yml: services.web --
        image: nginx:1.27.3
        volumes:
        - /var/run/docker.sock:/var/run/docker.sock
    Good:
        -- templates/web/0/docker-compose.yml: services.web --
        image: nginx:1.27.3
        privileged: false
        volumes:
        - data:/var/lib/web
    Source: docs/facts/catalog.md#4.5
    """
    composition = revision.composition
    for service in composition.services.values():
        for what, where in _powers(service):
            yield Hit(where, f"{service.name!r} {what}", "mention it in the README, then ignore this note")


def _powers(service: Service) -> Iterator[tuple[str, Where]]:
    privileged = service.get("privileged")
    if privileged is not None and text_of(privileged) == "true":
        yield "is privileged: it can do anything to its host", privileged.where
    for key in ("network_mode", "net"):
        node = service.get(key)
        if node is not None and text_of(node) == "host":
            yield "uses the network of its host", node.where
    for item in items(service.get("volumes")):
        if "docker.sock:" in item.value:
            yield "has access to Docker's socket: it can start any container on its host", item.where


@rule("CF424", "note", "container_name has no effect", on=Revision)
def container_name(revision: Revision) -> Iterator[Hit]:
    """Rancher names containers after their stack and service, and ignores `container_name`. A service with several
    containers could not use `container_name` anyway, because two containers cannot have the same name.

    Bad:
        -- templates/web/0/docker-compose.yml: services.web --
        image: nginx:1.27.3
        container_name: web
    Good:
        -- templates/web/0/docker-compose.yml: services.web --
        image: nginx:1.27.3
    Source: docs/facts/catalog.md#4.5
    """
    composition = revision.composition
    for part in composition.parts:
        if part.get("container_name") is not None:
            where = part.keys["container_name"][0].where
            yield Hit(where, f"container_name of {part.name.value!r} is ignored", "leave it out")
