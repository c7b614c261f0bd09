"""The first scenario of a spec, written for its author to read: the stack of its entry, and what is rendered now."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from catalog_forge import yamlio
from catalog_forge.catalog.compose import docker_compose, members, rancher_compose
from catalog_forge.metadata.scenarios import scenario
from catalog_forge.spec import uses
from catalog_forge.spec.model import MetadataKey, Spec
from catalog_forge.verify import view
from catalog_forge.verify.observation import Engine, Seen
from catalog_forge.verify.subject import Subject

HEAD = """\
# A stack of {name}, what happens to it, and what must be rendered: read it, correct it, add what matters to you.
# Run it: catalog-forge test {name}        Look at it: catalog-forge render {name} --diff --step 0 --step 1
"""
_SAMPLES = {"int": "1", "boolean": "true", "multiline": "first line\nsecond line\n", "password": "a password"}


def asking(spec: Spec) -> str:
    """Return the service as which confd asks: the primary whose address it has, or the sidekick that it is."""
    first = members(spec)[0]
    if spec.service.is_self:
        return first.name
    return f"{first.name}-conf" if first.group else spec.name


def first_scenario(spec: Spec, subject: Subject, engine: Engine) -> str:
    """Return the YAML of a scenario: the stack of the entry with its defaults, one container more, one replaced.

    It expects what `engine` renders now at the start, and of the later moments only that they end without an error.
    """
    services = stack(spec)
    scaled = next(iter(services))
    text = yamlio.dump({"stack": spec.entry.name, "hosts": 3, "services": services, "self": f"{asking(spec)}-1"})
    start = scenario.read(text, "the new scenario", asking(spec)).moments
    (seen,) = engine.play(subject, [view.of_moment(start[0], 0, subject.version)])
    steps = [{"service": scaled, "scale": services[scaled]["scale"] + 1}, {"service": scaled, "replace": 1}]
    expected = yamlio.dump({"expect": _expected(seen)})
    return HEAD.format(name=spec.name) + text + expected + yamlio.dump({"then": steps})


def made_up(spec: Spec) -> list[str]:
    """Return the keys that have no default, so that the scenario has a made-up value for them."""
    return [name for name, key in spec.metadata.items() if key.needed and key.asked and not key.options]


def stack(spec: Spec) -> dict[str, Any]:
    """Return the services of the entry as a scenario has them, every question answered by its default."""
    compose, rancher = docker_compose(spec)["services"], rancher_compose(spec)["services"]
    answers = {f"${{{key.variable}}}": _answer(spec, key) for key in spec.metadata.values() if key.asked}
    services: dict[str, Any] = {}
    for member in members(spec):
        known = rancher[member.name]
        service: dict[str, Any] = {"scale": known["scale"]}
        service["sidekicks"] = dict(_sidekicks(compose, member.name))
        if "health_check" in known:
            service["health_check"] = {"port": known["health_check"]["port"]}
        service["metadata"] = _answered(known.get("metadata", {}), answers)
        services[member.name] = service
    own = {*services, *(sidekick for service in services.values() for sidekick in service["sidekicks"])}
    services |= {name: {} for name in _others(spec) if name not in own}
    return services


def _sidekicks(compose: Mapping[str, Any], name: str) -> Iterator[tuple[str, str]]:
    """The sidekicks that run; one without a network only owns volumes, and has no address that a file could hold."""
    for sidekick in filter(None, compose[name]["labels"].get("io.rancher.sidekicks", "").split(",")):
        network = compose[sidekick].get("network_mode", "")
        if network != "none":
            yield sidekick, "primary" if network.startswith("container:") else "own"


def _others(spec: Spec) -> list[str]:
    """The other services: those that files name, and those that questions ask for, by the names that a scenario makes up."""
    return [*uses.services(spec), *(_answer(spec, key) for key in spec.metadata.values() if key.type == "service")]


def _answer(spec: Spec, key: MetadataKey) -> str:
    if key.default is not None:
        return str(key.default).lower() if isinstance(key.default, bool) else str(key.default)
    if key.options:
        return key.options[0]
    if key.optional:
        return ""  # what an answer that nobody gives becomes in Rancher
    return _SAMPLES.get(key.type, f"other-{spec.service.name}" if key.type == "service" else f"some {key.variable}")


def _answered(data: Any, answers: Mapping[str, str]) -> Any:
    """The metadata block as Rancher has it: variables answered, `$$` read as `$`."""
    match data:
        case str():
            return answers[data] if data in answers else data.replace("$$", "$")
        case Mapping():
            return {key: _answered(value, answers) for key, value in data.items()}
        case list():
            return [_answered(item, answers) for item in data]
        case _:
            return data


def _expected(seen: Seen) -> dict[str, Any]:
    expected: dict[str, Any] = {"files": {dest: written.text for dest, written in seen.files.items()}}
    if seen.errors:
        expected["error"] = list(seen.errors)
    return expected
