"""Converts a hand-written entry to all parts of a spec except the files: services, metadata, questions and companions."""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from catalog_forge import yamlio
from catalog_forge.adopt.cases import Runner
from catalog_forge.adopt.entries import ConfUnit, EntryUse, answers, starts, written_at
from catalog_forge.adopt.launched import unquoted
from catalog_forge.adopt.naming import expression, written
from catalog_forge.adopt.originals import OWN, Original
from catalog_forge.adopt.scripts import start_of as start_of_script
from catalog_forge.adopt.specs import Told
from catalog_forge.catalog.compose import GENERATED_LABELS
from catalog_forge.confd.imitated.flags import WILD
from catalog_forge.confd.reading import LISTS
from catalog_forge.errors import Problem, Where
from catalog_forge.goyaml import decoding
from catalog_forge.goyaml.decoding import pairs, text_of
from catalog_forge.plan import File, Plan
from catalog_forge.rancher.composition import Service, items, substituted
from catalog_forge.rancher.entries import Revision
from catalog_forge.rancher.keys import SIDEKICKS
from catalog_forge.rancher.tree import is_template
from catalog_forge.rancher.variables import dollars, sole
from catalog_forge.spec.checks.whole import texts_in, used_variables
from catalog_forge.spec.expressions import Expr
from catalog_forge.spec.model import KEY_TYPES, Spec
from catalog_forge.spec.model.compose_keys import (
    COMPANION_KEYS,
    MAIN_KEYS,
    NETWORK_KEYS,
    RANCHER_FILE,
    RANCHER_KEYS,
    floats,
    named_volume,
)
from catalog_forge.spec.model.frame import STRATEGIES
from catalog_forge.spec.model.record import keys_of
from catalog_forge.spec.programs import known, start_of
from catalog_forge.spec.shorthand import variable_of

_CHECK = "port request_line interval response_timeout healthy_threshold unhealthy_threshold initializing_timeout strategy".split()
_MAINTAINER = next(each.limits.pattern for each in keys_of(Spec) if each.name == "maintainer") or ""
_LONGEST = 200
_CONFIG = {"name", "description", "version", "category", "maintainer", "license", "projectURL"}
_TAKEN = frozenset(("image", "entrypoint", "command", "metadata", "scale", "health_check", "labels", "volumes_from", "net"))


@dataclass
class _Framing:
    """Reads one entry. `said` collects notes on those parts of the entry that a spec cannot express."""

    original: Original
    use: EntryUse
    said: list[Problem] = field(default_factory=list)
    keys: dict[str, dict[str, Any]] = field(default_factory=dict)
    files: Plan = field(default_factory=Plan)
    unsure: dict[str, tuple[str, str]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.services = self.use.composition.services
        self.asked = self.use.revision.asked
        self.answers = answers(self.use.revision)
        self.renamed = {old: new for unit in self.use.units for old, new in unit.renamed.items()}
        self.mine = {name for unit in self.use.units for name in (unit.primary, unit.conf, unit.main, *unit.data)}

    def told(self) -> Told:
        """Return everything that the entry contributes to the spec."""
        fixed = self.metadata()
        data: dict[str, Any] = {"entry": self.entry(), **self.texts(), "service": self.service(fixed)}
        words = [self.words(self.services[unit.main]) for unit in self.use.units]
        script = self.script(words[0]) if words[0] and len(words) == 1 else None
        if script:
            data["launch"] = script
        elif words[0] and all(each == words[0] for each in words):
            data["launch"] = {"exec": words[0]}
            if data["service"]["topology"] == "scripts" and any("@{" in word for word in words[0]):
                data["service"]["topology"] = "volumes"
        data["companions"] = {name: self.companion(name) for name in self.services if name not in self.mine}
        data["volumes"] = self.volumes(data)
        self.variables(data)
        data["metadata"] = self.keys
        added = self.added(data.get("launch"), fixed)
        if any(None in each.values() for each in fixed.values()):
            data["service"] = self.service(fixed)
        for source in self.use.revision.compose_files:
            if is_template(source.text):
                self.say("the spec contains only the result of this template for the default answers", source.at())
        places = {name: service.where for name, service in self.services.items()} | {"": self.use.revision.where}
        configured = tuple(unit.primary for unit in self.use.units)
        return Told(data, self.files, tuple(dict.fromkeys(self.said)), self.unsure, added, configured, places)

    def say(self, message: str, where: Where | None) -> None:
        """Add a note on something that the spec leaves out."""
        self.said.append(Problem(message, where))

    # The services

    def service(self, fixed: Mapping[str, Mapping[str, Any]]) -> dict[str, Any]:
        """Return the configured service, with groups if it has several units or metadata values that no question asks for."""
        first, *more = self.use.units
        whole = self.member(first)
        service = {"name": first.primary, "image": whole.pop("image"), "topology": first.topology}
        if not more and not any(fixed.values()):
            return {**service, **whole}
        groups: dict[str, Any] = {}
        words = {unit.primary: self.words(self.services[unit.main]) for unit in self.use.units}
        differ = len(set(map(tuple, words.values()))) > 1
        for unit in self.use.units:
            group = {"name": unit.primary, **self.member(unit)}
            if differ and words[unit.primary]:
                group["exec"] = self.plain(self.services[unit.main])
            if group["image"] == service["image"]:
                del group["image"]
            groups[unit.primary] = {**group, **({"metadata": dict(fixed[unit.primary])} if fixed[unit.primary] else {})}
        return {**service, "name": self.use.revision.entry.name, "groups": groups}

    def member(self, unit: ConfUnit) -> dict[str, Any]:
        """Return the keys that a primary and its program declare: image, scale, health check and other compose keys."""
        primary, main = self.services[unit.primary], self.services[unit.main]
        found: dict[str, Any] = {"image": self.image(main), "scale": self.number(primary, "scale", 1)}
        if check := self.health_check(primary):
            found["health_check"] = check
        for service, keys in ((main, MAIN_KEYS), (primary, NETWORK_KEYS | RANCHER_KEYS)):
            for key, node in service.keys.items():
                if key in keys and key not in _TAKEN | {"volumes"}:
                    found[key] = self.data(node)
        for service in {id(each): each for each in (main, primary)}.values():
            self.leave_out(service, MAIN_KEYS | NETWORK_KEYS | RANCHER_KEYS | _TAKEN | {"network_mode"})
        if mounts := self.mounts(unit):
            found["volumes"] = mounts
        if labels := self.labels(primary, unit):
            found["labels"] = labels
        others = [item.value for item in items(main.get("volumes_from")) if item.value.split(":")[0] not in self.mine]
        return {**found, **({"volumes_from": others} if others else {})}

    def mounts(self, unit: ConfUnit) -> list[str]:
        """Return the program's volumes: its own, those of services that only own volumes, and those from the conf container.

        Volumes with generated files are left out.
        """
        ours = {*self.original.base.get("folders", ()), *(dest.rpartition("/")[0] for dest in self.original.dests.values())}
        found = [item.value for name in (unit.main, *unit.data) for item in items(self.services[name].get("volumes"))]
        if unit.conf in [item.value.split(":")[0] for item in items(self.services[unit.main].get("volumes_from"))]:
            held = [item.value for item in items(self.services[unit.conf].get("volumes"))]
            found += [mount for mount in held if not any(folder.startswith(f"{_target(mount)}/") for folder in ours)]
        return [mount for mount in dict.fromkeys(found) if _target(mount) not in ours]

    def labels(self, primary: Service, unit: ConfUnit) -> dict[str, str]:
        """Return the labels of a primary without the generated labels. The sidekick label lists only `unit.beside`."""
        found = {
            name: text_of(node)
            for name, (_, node) in primary.labels.items()
            if name not in GENERATED_LABELS and isinstance(node, yamlio.Text)
        }
        return {**found, **({SIDEKICKS: ",".join(unit.beside)} if unit.beside else {})}

    def companion(self, name: str) -> dict[str, Any]:
        """Return the keys of a companion, a service that stays as it is."""
        service = self.services[name]
        self.leave_out(service, COMPANION_KEYS | RANCHER_FILE | {"net"})
        keys = COMPANION_KEYS | RANCHER_FILE
        found = {key: self.data(node) for key, node in service.keys.items() if key in keys}
        if (net := written_at(service, "net")) and "network_mode" not in found:
            found["network_mode"] = net
        self.rename(found)
        if "health_check" in found:
            found["health_check"] = self.health_check(service) or found["health_check"]
        if "image" in found:
            found["image"] = self.pinned(name, str(found["image"]))
        return found

    def rename(self, found: dict[str, Any]) -> None:
        """Update references to services whose names change."""
        for key in ("volumes_from", "links", "depends_on"):
            if isinstance(found.get(key), list):
                found[key] = list(dict.fromkeys(self.reference(str(item)) for item in found[key]))
        kind, colon, other = str(found.get("network_mode", "")).partition(":")
        if colon:
            found["network_mode"] = f"{kind}:{self.renamed.get(other, other)}"

    def reference(self, text: str) -> str:
        name, colon, rest = text.partition(":")
        return f"{self.renamed.get(name, name)}{colon}{rest}"

    def leave_out(self, service: Service, keys: frozenset[str]) -> None:
        for key, node in service.keys.items():
            if key not in keys:
                self.say(f"{service.name}: the spec leaves out the key {key}", node.where)

    def image(self, main: Service) -> str:
        """Return the image of the program, with default answers in place of variables."""
        node = main.get("image")
        if not isinstance(node, yamlio.Text):
            return ""
        if "$" not in node.value:
            if floats(node.value):
                self.say(
                    f"{main.name}: the image has no fixed tag, so the new entry asks for the tag, without a default", node.where
                )
            return node.value.partition(":latest")[0]
        found = substituted(node, self.answers)
        self.say(f"{main.name}: the new entry does not ask for the image, which is always {found}", node.where)
        return found.partition(":latest")[0]

    def pinned(self, name: str, image: str) -> str:
        """Return the image with its fixed tag or, if it has none, with the answer to a new question (default: `latest`)."""
        if "$" in image or not floats(image) or image.startswith("rancher/"):
            return image
        variable = f"{variable_of(name)}_tag"
        folder, slash, last = image.rpartition("/")
        bare = f"{folder}{slash}{last.partition(':')[0]}"
        self.keys[variable] = {"default": "latest", "label": f"Tag of {bare}"[:100]}
        return f"{bare}:${{{variable}}}"

    def number(self, service: Service, key: str, otherwise: int) -> int | str:
        text = written_at(service, key)
        return int(text) if re.fullmatch("[0-9]{1,6}", text) else text if sole(text) in self.asked and sole(text) else otherwise

    def health_check(self, service: Service) -> dict[str, Any]:
        node = service.get("health_check")
        found: dict[str, Any] = {}
        for key, value in pairs(node).items() if node is not None else ():
            if key == "strategy" and self.data(value) not in STRATEGIES:
                self.say(f"{service.name}: health_check: the spec leaves out the strategy {self.data(value)!r}", value.where)
            elif key in _CHECK and isinstance(value, yamlio.Text):
                data = self.data(value)
                found[key] = int(data) if isinstance(data, str) and re.fullmatch("[0-9]{1,18}", data) else data
            elif key not in _CHECK:
                self.say(f"{service.name}: health_check: the spec leaves out the key {key}", value.where)
        line = unquoted(str(found.get("request_line") or ""))
        found |= {"request_line": line} if line else {}
        if re.fullmatch(r"[A-Z]+ \S+", line) and node is not None:
            self.say(f"{service.name}: the request line {line!r} has no HTTP version, so HTTP/1.0 is added", node.where)
            found["request_line"] = f"{line} HTTP/1.0"
        return {key: value for key, value in found.items() if value not in ("", None)} if "port" in found else {}

    def words(self, service: Service) -> list[str]:
        """Return the words that start the program: entrypoint and command, with an expression for each answer.

        If the entry has no entrypoint, that of the image applies. It is only known from the Dockerfile of the image or from the
        table of well-known images.
        """
        entrypoint, command = (self.written(service, key) for key in ("entrypoint", "command"))
        if entrypoint:
            return [*entrypoint, *command]
        image = self.image_of(service)
        if told := starts(image, self.use.images):
            return [*told[0], *(command or told[1])]
        row = known(image)
        if row is None:
            return self.unknown(service, command)
        if not command:
            return list(start_of(image, [*self.original.dests.values()]))
        is_script = row.exec[0].endswith(".sh") or "entrypoint" in row.exec[0]
        return [row.exec[0], *command] if is_script or command[0].startswith("-") else command

    def unknown(self, service: Service, command: list[str]) -> list[str]:
        """Add a note that it is unknown which program the image starts. Return the command."""
        node = service.get("image")
        self.unsure[service.name] = ("the start command of the image", " ".join(command))
        words = f"{service.name}: the program that the image starts is unknown, so launch.exec contains only the command"
        self.say(words, node.where if node else None)
        return command

    def written(self, service: Service, key: str) -> list[str]:
        """Return the words of an entrypoint or a command."""
        node = service.get(key)
        try:
            words = shlex.split(node.value) if isinstance(node, yamlio.Text) else [item.value for item in items(node)]
        except ValueError:
            words = items(node)[0].value.split()
        if isinstance(node, yamlio.Text):
            self.split(service, node, words)
        return [self.expression(word) for word in words]

    def split(self, service: Service, node: yamlio.Text, words: list[str]) -> None:
        """Add a note if a default answer is not exactly one word: Rancher inserts answers before it splits a command."""
        try:
            before = shlex.split(substituted(node, self.answers))
        except ValueError:
            before = []
        after = [substituted(replace(node, value=word), self.answers) for word in words]
        if before != after:
            self.unsure[service.name] = (node.value, " ".join(map(shlex.quote, after)))
            self.say(
                f"{service.name}: in the spec, each answer in {node.value!r} is one word, not several words or none", node.where
            )

    def image_of(self, service: Service) -> str:
        node = service.get("image")
        return substituted(node, self.answers) if isinstance(node, yamlio.Text) else ""

    def plain(self, service: Service) -> list[str]:
        """Return the words that start the program, with default answers, because a group's command cannot contain expressions."""
        node = next((node for key in ("command", "entrypoint") if (node := service.get(key)) is not None), None)
        words = self.words(service)
        if any("@{" in word for word in words):
            self.say(
                f"{service.name}: the command contains the default answers, because the command of a group has no expressions",
                node.where if node else None,
            )
        names = {name: str(key.get("default", "")) for name, key in self.keys.items()}
        return [re.sub(r"@\{metadata/([^}]+)\}", lambda found: names.get(found[1], ""), word) for word in words]

    def expression(self, text: str) -> str:
        """Replace each `${VARIABLE}` with the expression of its key, or with "" if no question asks for it, and `$$` with `$`."""
        parts: list[str | Expr] = []
        place = 0
        for each in dollars(text):
            parts.append(text[place : each.start].replace("$$", "$"))
            parts += [expression(f"metadata/{self.key_of(each.name)}")] if each.name in self.asked else []
            place = each.start + len(each.text)
        return written([*parts, text[place:].replace("$$", "$")])

    def key_of(self, variable: str) -> str:
        """Return the key whose question has this variable. If the metadata has no such key, add one."""
        found = next((name for name, key in self.keys.items() if key.get("variable") == variable), "")
        if not found:
            found = variable
            while found in self.keys:
                found += "_asked"
            self.keys[found] = self.question(variable)
        return found

    def data(self, node: yamlio.Node) -> Any:
        """Return a YAML node as plain data. A variable that no question asks for becomes an empty string, as in Rancher."""

        def put(text: yamlio.Text) -> Any:
            value: Any = decoding.value(text)
            for each in sorted(dollars(value), key=lambda each: -each.start) if isinstance(value, str) else ():
                if each.name and each.name not in self.asked:
                    self.say(f"no question asks for {each.text}, so it is empty", node.where)
                    value = value[: each.start] + value[each.start + len(each.text) :]
            return value

        return decoding.data(node, put)

    # The metadata

    def metadata(self) -> dict[str, dict[str, Any]]:
        """Declare the metadata of all units as keys. Return the fixed values by primary and key; None marks a missing key."""
        leaves = {unit.primary: dict(_leaves(self.services[unit.primary].get("metadata"))) for unit in self.use.units}
        fixed: dict[str, dict[str, Any]] = {name: {} for name in leaves}
        order = dict.fromkeys(path for each in leaves.values() for path in each)
        taken: dict[str, str] = {}
        rest: dict[str, dict[str, yamlio.Node]] = {}
        for path in order:
            nodes = {name: each[path] for name, each in leaves.items() if path in each}
            names = {sole(node.value.strip()) if isinstance(node, yamlio.Text) else "" for node in nodes.values()}
            variable = next(iter(names)) if len(names) == 1 else ""
            if variable in self.asked and variable and taken.setdefault(variable, path) == path:
                self.keys[path] = self.question(variable)
                for name in leaves.keys() - nodes.keys():
                    fixed[name][path] = None
                continue
            self.keys[path] = {}  # Keeps the place of the key in the order; `fix` replaces the value.
            rest[path] = nodes
        for path, nodes in rest.items():
            self.fix(path, nodes, fixed)
        return fixed

    def fix(self, path: str, nodes: Mapping[str, yamlio.Node], fixed: dict[str, dict[str, Any]]) -> None:
        """Declare a key that does not become a question, because its value is fixed or contains answers."""
        values = {name: self.held(node) for name, node in nodes.items()}
        kinds = {"map" if isinstance(each, dict) else "list" if isinstance(each, list) else "string" for each in values.values()}
        kind = kinds.pop() if len(kinds) == 1 else "string"
        if kind == "string":
            values = {name: each if isinstance(each, str) else yamlio.dump(each).strip() for name, each in values.items()}
            self.keys[path] = {"type": "multiline"} if any("\n" in each for each in values.values()) else {}
            self.keys[path] |= {"optional": True, **self.own_variable(path)}
        elif len(fixed) == 1 and not any("@{" in text for text in texts_in(values)):
            self.keys[path] = {"type": kind, "default": next(iter(values.values()))}
            return
        else:
            self.keys[path] = {"type": kind, "optional": True}
        secrets = [f"@{{metadata/{name}}}" for name, key in self.keys.items() if key.get("type") == "password"]
        if any(secret in text for secret in secrets for text in texts_in(values)):
            self.keys[path]["secret"] = True
        for name in fixed:
            fixed[name][path] = values.get(name)

    def own_variable(self, path: str) -> dict[str, str]:
        """Return {"variable": NAME} with an unused name if a question already has the key's usual variable, otherwise {}."""
        name = variable_of(path)
        while name in self.asked:
            name += "_fixed"
        return {} if name == variable_of(path) else {"variable": name}

    def held(self, node: yamlio.Node) -> Any:
        """Return a YAML node as plain data for a spec, with an expression in place of each answer."""
        return decoding.data(node, lambda text: self.expression(text.value if "$" in text.value else text_of(text)))

    def literal(self, node: yamlio.Node) -> Any:
        """Return a YAML node as plain data, with default answers in place of variables and `$` in place of `$$`."""
        return decoding.data(node, lambda text: substituted(text, self.answers) if "$" in text.value else text_of(text))

    def question(self, variable: str) -> dict[str, Any]:
        """Convert a question to the declaration of a metadata key."""
        asked = self.asked[variable]
        kind = asked.type if asked.type in KEY_TYPES and asked.type not in ("map", "list") else "string"
        found: dict[str, Any] = {"type": kind, "variable": variable, "label": " ".join(asked.label.split())[:100]}
        if text := asked.text("description"):
            found["description"] = text[:1000]
        if kind == "enum":
            found["options"] = asked.options or [asked.default]
        if asked.default and kind == "password":
            self.say(f"the default of {variable} is left out, because it would be the password of every stack", asked.where)
        elif asked.default and not (kind == "enum" and asked.default not in found["options"]):
            whole = re.fullmatch("-?[0-9]{1,9}", asked.default) if kind == "int" else None
            truth = {"true": True, "false": False}.get(asked.default) if kind == "boolean" else None
            found["default"] = int(asked.default) if whole else asked.default if truth is None else truth
        elif not asked.required:
            found["optional"] = True
        found["required"] = asked.required
        return found

    def variables(self, data: Mapping[str, Any]) -> None:
        """Declare the questions whose answers occur in compose keys. A question with an unused answer is left out with a note."""
        used = used_variables(data)
        known = {key.get("variable", variable_of(name)) for name, key in self.keys.items()}
        for variable in self.asked:
            if variable in used - known:
                self.key_of(variable)
            elif variable not in known:
                self.say(f"the question {variable} is left out, because nothing uses its answer", self.asked[variable].where)

    def added(self, launch: Any, fixed: dict[str, dict[str, Any]]) -> dict[str, Any]:
        """Return the default of each declared key that the metadata of the entry lacks.

        A key that a template reads and `launch` does not use gets no default; instead, `fixed` marks it as missing in each group.
        """
        paths = {path for each in self.use.units for path, _ in _leaves(self.services[each.primary].get("metadata"))}
        reads = [(path, name) for each in self.original.files if not each.is_static for path, name in each.live.items()]
        read = {path for path, _ in reads} | {f"{path}/{WILD}" for path, name in reads if name in LISTS}
        found = {}
        for key in [key for key in self.keys if key not in paths]:
            seen = any(_covers(path, f"{OWN}/{key}") for path in read)
            if seen and f"@{{metadata/{key}}}" not in " ".join(texts_in(launch)):
                for each in fixed.values():
                    each[key] = None
            else:
                found[key] = str(self.keys[key].get("default", ""))
        return found

    # The entry

    def script(self, words: list[str]) -> dict[str, Any] | None:
        """Convert a script, from the conf image or inline in the command, to the `launch` key. Return None if this fails."""
        places = {dest: file for dest, file in self.original.carried.items() if dest == words[0]}
        inline = words[2] if len(words) == 3 and words[0].rpartition("/")[2] in ("sh", "bash") and words[1] == "-c" else ""
        if not places and not inline:
            return None
        start = start_of_script(places[words[0]].text if places else inline, () if inline else tuple(words[1:]))
        launch = dict(start.launch or {})
        if not launch.get("exec") or start.is_conf:
            if start.why:
                self.say(
                    f"the launch script stays as it is: {start.why} (line {start.line})",
                    places[words[0]].at(start.line) if places else None,
                )
            return None
        if "leader" in launch and self.services[self.use.units[0].primary].get("health_check") is None:
            return None
        for command in start.dropped:
            self.say(f"`launch` leaves out this command of the script: {command}", places[words[0]].at() if places else None)
        return launch

    def entry(self) -> dict[str, Any]:
        """Return the spec's `entry` key, which has the content of config.yml and of the catalog block."""
        revision, entry = self.use.revision, self.use.revision.entry
        config, block = _words(entry.settings.node), _words(revision.block)
        found: dict[str, Any] = {"name": entry.name, "title": block.get("name") or config.get("name", "")}
        found["version"] = _next(block.get("version", ""))
        found |= {"category": config.get("category", ""), "license": config.get("license", "")}
        for key in ("minimum_rancher_version", "maximum_rancher_version"):
            found[key] = block.get(key, "")
        url = config.get("projectURL", "")
        found["project_url"] = url if re.fullmatch(r"https?://\S+", url) else ""
        found["revision"] = _free(entry.revisions)
        icon = entry.icon
        if icon and icon.content and icon.name.endswith((".svg", ".png")):
            self.files.add(File(icon.name, icon.content))
            found["icon"] = icon.name
        readme = revision.folder.files.get("README.md") or entry.folder.files.get("README.md")
        found["readme"] = readme.text if readme else ""
        return {key: value for key, value in found.items() if value not in ("", None)}

    def texts(self) -> dict[str, str]:
        """Return the description, and the maintainer if the maintainer is given as a name with an address."""
        entry = self.use.revision.entry
        config, block = _words(entry.settings.node), _words(self.use.revision.block)
        found = {"description": (block.get("description") or config.get("description", ""))[:1000]}
        maintainer = config.get("maintainer", "")
        if len(maintainer) <= _LONGEST and re.fullmatch(_MAINTAINER, maintainer):
            found["maintainer"] = maintainer
        elif maintainer:
            self.say(
                "the maintainer is left out: it must be two to five words and an address: Jo Doe <jo@example.org>", entry.where
            )
        for key in entry.facts.keys() - _CONFIG:
            self.say(f"config.yml: the spec leaves out the key {key}", entry.where)
        if not entry.config:
            words = "the entry has no config.yml, so category and license have default values, and the maintainer is missing"
            self.say(words, entry.where)
        return {key: value for key, value in found.items() if value}

    def volumes(self, data: Mapping[str, Any]) -> dict[str, Any]:
        """Return the named volumes that the compose files declare and that services still mount."""
        mounted = {named_volume(text) for text in texts_in(data)}
        found: dict[str, Any] = {}
        for source in self.use.composition.sources:
            for name, node in pairs(source.yaml.keys.get("volumes")).items() if source.is_second else ():
                known = {key: self.data(value) for key, value in pairs(node).items()}
                keep = {key: known[key] for key in ("driver", "driver_opts", "external", "per_container") if known.get(key)}
                found[name] = {**found.get(name, {}), **keep}
        for name in [name for name in found if name not in mounted]:
            self.say(f"the volume {name} is left out, because no service of the spec mounts it", self.use.revision.where)
        return {name: keys for name, keys in found.items() if name in mounted}


def framed(original: Original, use: EntryUse) -> tuple[Told, list[Runner], dict[str, Mapping[str, Any]]]:
    """Return what an entry contributes to the spec, the services that run the image, and the metadata of all other services."""
    framing = _Framing(original, use)
    told = framing.told()
    runners = []
    for unit in use.units:
        metadata = framing.services[unit.primary].get("metadata")
        own = framing.literal(metadata) if metadata is not None else {}
        sidekick = unit.conf if unit.topology in ("volumes", "scripts") else ""
        blank = tuple(path for path, _ in _leaves(metadata) if framing.keys.get(path, {}).get("required") is False)
        runners.append(Runner(unit.primary, sidekick, own if isinstance(own, dict) else {}, blank=blank))
    others: dict[str, Mapping[str, Any]] = {name: {} for name in framing.services if name not in framing.mine}
    return told, runners, others


def _leaves(node: yamlio.Node | None, before: str = "") -> Iterator[tuple[str, yamlio.Node]]:
    """Yield the values of a metadata block, each with its path. A mapping without variables counts as one value."""
    for name, value in pairs(node).items() if isinstance(node, yamlio.Map) else ():
        path = f"{before}/{name}" if before else name
        if isinstance(value, yamlio.Map) and any("$" in text for text in texts_in(yamlio.to_data(value))):
            yield from _leaves(value, path)
        else:
            yield path, value


def _target(mount: str) -> str:
    """Return the folder at which a container mounts a volume: the second part of NAME:/PATH:MODE, or all of /PATH."""
    first, *rest = mount.split(":")
    return (rest[0] if rest else first).rstrip("/")


def _covers(pattern: str, path: str) -> bool:
    """Whether `pattern`, a path that a template reads, matches `path`. A segment with `*` or an unknown part matches any name."""
    one, other = pattern.strip("/").split("/"), path.strip("/").split("/")
    return len(one) == len(other) and all(
        WILD in part or "*" in part or part == name for part, name in zip(one, other, strict=True)
    )


def _words(node: yamlio.Node | None) -> dict[str, str]:
    return {key: value.value for key, value in pairs(node).items() if isinstance(value, yamlio.Text)} if node else {}


def numbered(frame: Told, newest: Revision, *, behind: bool) -> Told:
    """Return `frame` with the number and version of the newest revision or, if `behind` is set, of the next revision."""
    version = _words(newest.block).get("version", "")
    number = max(_free(newest.entry.revisions) - (not behind), 0)
    entry = {**frame.data["entry"], "revision": number, "version": _next(version) if behind else version}
    return replace(frame, data={**frame.data, "entry": {key: value for key, value in entry.items() if value != ""}})


def _free(revisions: Sequence[Revision]) -> int:
    """Return the number that follows the greatest revision number."""
    return max((int(each.name) for each in revisions if each.name.isdigit()), default=-1) + 1


def _next(version: str) -> str:
    """Return the next version, in which the last number is increased by one."""
    found = re.search(r"(?<![0-9])[0-9]{1,1000}(?=[^0-9]*$)", version)
    grown = f"{version[: found.start()]}{int(found[0]) + 1}{version[found.end() :]}" if found else f"{version}1"
    return re.sub(r"[^0-9A-Za-z._-]", "-", grown) if version else ""
