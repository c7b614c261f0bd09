"""Builds the Helm chart of a revision for Rancher 2: all its files, and the list of what does not carry over.

The chart installs the same images; confd reads Rancher's metadata from files (docs/leaving.md). No text of an entry is treated as
a Helm template (`helm`), and what cannot be carried over is reported (`gaps`).
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from catalog_forge import yamlio
from catalog_forge.chart.carried import noted
from catalog_forge.chart.gaps import Gap, Gaps, as_markdown, plain
from catalog_forge.chart.helm import ForEach, HelmWriter, OnlyWhen
from catalog_forge.chart.installed import Installed
from catalog_forge.chart.marks import OpenStack, opened
from catalog_forge.chart.names import DnsNames
from catalog_forge.chart.objects import Objects
from catalog_forge.chart.pods import Conf
from catalog_forge.chart.questions import asked, scale_question, schema_of, storage_questions, typed
from catalog_forge.chart.routes import published
from catalog_forge.errors import ForgeError
from catalog_forge.goyaml.decoding import pairs, text_of
from catalog_forge.plan import File, Plan
from catalog_forge.rancher.entries import Revision
from catalog_forge.shown import counted, printable

KUBERNETES = ">=1.25.0-0"
_LARGEST = 1 << 20  # the maximum number of bytes in a ConfigMap or a Secret; etcd accepts only slightly larger objects
_WORKLOAD = 52  # the maximum length of a StatefulSet's name: a label of its pods appends a dash and ten characters
_VERSION = re.compile(r"v?([0-9]{1,9})(?:\.([0-9]{1,9}))?(?:\.([0-9]{1,9}))?(.*)", re.DOTALL)
_NOT_IN_VERSION = re.compile(r"[^0-9A-Za-z]+")


@dataclass(frozen=True)
class Chart:
    """A chart: its name, its files, what does not carry over, and the kind of workload of each service.

    The paths of the files are relative to the chart's folder.
    """

    name: str
    version: str
    plan: Plan
    gaps: tuple[Gap, ...]
    workloads: Mapping[str, str]


def chart(entry: Revision, variables: Mapping[str, str], conf: Conf | None = None, icon: File | None = None) -> Chart:
    """Return the chart of a revision. `variables` are the answers that the chart proposes; `conf` is the entry's conf image.

    Raises ForgeError with all errors of the entry, as `stack.compose.compose` does.
    """
    gaps = Gaps()
    found = opened(entry, variables)
    _say_shaping(entry, found, gaps)
    objects = Objects(entry, found, conf, gaps)
    made = objects.all()
    _say_odd(found, gaps)
    builder = _ChartFiles(entry, found, objects, made, gaps)
    return builder.chart(icon)


def _say_shaping(entry: Revision, found: OpenStack, gaps: Gaps) -> None:
    """Add a gap for each answer that determines the structure of the stack."""
    for name in found.shaping:
        question = entry.asked[name]
        if question.secret and found.variables.get(name, "") not in ("", question.default):
            raise ForgeError(
                f"the chart would show the secret answer to {name}, because the answer determines the structure of the stack",
                question.where,
                f"create the chart without an answer to {name}",
            )
        value = "a secret" if question.secret else repr(found.variables.get(name, ""))
        gaps.add("answer that changes the stack's structure", "", f"question {name}", question.where, value=value, name=name)


def _say_odd(found: OpenStack, gaps: Gaps) -> None:
    """Add a gap for each note of the stack that `Objects` does not report, such as a key that Rancher ignores."""
    for note in found.stack.unhonoured:
        if kind := noted(note.key) or ("" if note.service else "ignored by Rancher"):
            becomes = f"the chart leaves it out: {note.message}" if note.service else note.message
            what, becomes = map(found.marks.shown, (note.key, becomes))
            gaps.add(kind, note.service, what, note.where, becomes=becomes)


class _ChartFiles:
    def __init__(self, entry: Revision, found: OpenStack, objects: Objects, made: Installed, gaps: Gaps) -> None:
        self.entry, self.found, self.objects, self.made, self.gaps = entry, found, objects, made, gaps
        self.writer = HelmWriter(found.marks)
        self.open = list(found.marks.asked.values())
        self.version = chart_version(entry.version, entry.name)

    def chart(self, icon: File | None) -> Chart:
        """Return the chart with all its files."""
        plan, name = Plan(), DnsNames().of(self.entry.entry.name, 50)
        for file, parts in sorted(self.made.files.items()):
            plan.add_text(f"templates/{file}", "---\n".join(self._object(part) for part in parts))
        plan.add_text("templates/release.txt", self._release())
        questions = self._questions()
        plan.add_text("Chart.yaml", yamlio.dump(self._head(name, icon)))
        plan.add_text("values.yaml", yamlio.dump(self._values()))
        plan.add_text("values.schema.json", json.dumps(self._schema(), indent=2, ensure_ascii=True) + "\n")
        plan.add_text("questions.yaml", yamlio.dump({"questions": questions}))
        self._say_secrets()
        found = self.gaps.all
        plan.add_text("app-readme.md", self._readme(len(found)))
        plan.add_text("GAPS.md", as_markdown(self._title(), found))
        plan.add_text(".helmignore", ".catalog-forge.json\n")
        if icon:
            plan.add(File(icon.path, icon.content))
        return Chart(name, self.version, plan, found, self.made.workloads)

    def _object(self, part: Any) -> str:
        if isinstance(part, OnlyWhen):
            return f"{{{{- if {part.condition} }}}}\n{self._object(part.value)}{{{{- end }}}}\n"
        text = self.writer.text(part)
        if len(text) > _LARGEST:
            what = f"{part['kind']} of {part['metadata']['labels']['app.kubernetes.io/component']}"
            raise ForgeError(
                f"the {what} would have {len(text)} characters, but Kubernetes accepts only {_LARGEST}", None, "shorten its texts"
            )
        return text

    @cached_property
    def letters(self) -> int:
        """The maximum length of the release name, with which the name of each workload begins."""
        return _WORKLOAD - 1 - max((len(self.objects.names[name]) for name in self.made.workloads), default=0)

    def _release(self) -> str:
        """Return a Helm template that fails if the release name is too long or has a dot. A schema cannot check this name."""
        wrong = f'or (gt (len $.Release.Name) {self.letters}) (contains "." $.Release.Name)'
        said = f"the release name may have at most {self.letters} characters and no dot, because the names of pods begin with it"
        return f'{{{{- if {wrong} }}}}{{{{ fail "{said}" }}}}{{{{ end }}}}\n'

    def _title(self) -> str:
        said = pairs(self.entry.block).get("name")
        return text_of(said) or text_of(self.entry.entry.settings.keys.get("name")) or self.entry.entry.name

    def _head(self, name: str, icon: File | None) -> dict[str, Any]:
        settings = self.entry.entry.settings.keys
        title = printable(self._title())
        description = text_of(pairs(self.entry.block).get("description")) or text_of(settings.get("description")) or title
        found: dict[str, Any] = {
            "apiVersion": "v2",
            "name": name,
            "version": yamlio.Quoted(self.version),
            "appVersion": yamlio.Quoted(printable(self.entry.version or self.version)),
            "kubeVersion": yamlio.Quoted(KUBERNETES),
            "description": _line(description),
            "type": "application",
        }
        if home := text_of(settings.get("projectURL")):
            found["home"] = printable(home)
        if icon:
            found["icon"] = f"file://{icon.path}"
        found["annotations"] = {
            "catalog.cattle.io/display-name": title,
            "catalog.cattle.io/release-name": name[: self.letters].rstrip("-"),
            "catalog.cattle.io/namespace": name,
            "catalog.cattle.io/kube-version": KUBERNETES,
            "catalog.cattle.io/os": "linux",
        }
        return found

    @cached_property
    def services(self) -> dict[str, dict[str, Any]]:
        """The settings of all services in values.yaml, keyed by the name that each service has in the cluster."""
        found: dict[str, dict[str, Any]] = {}
        for service in self.found.stack.services:
            kind = self.objects.kinds[service.name]
            one: dict[str, Any] = {}
            if kind in ("StatefulSet", "Deployment") and not self.found.marks.questions(service.scale):
                one["scale"] = service.scale
            if kind == "balancer" or any(map(published, service.launches)):
                one["serviceType"] = "NodePort"
            if service.health_check:
                one["liveness"] = False
            if one:
                found[self.objects.names[service.name]] = one
        return found

    def _values(self) -> dict[str, Any]:
        answers = {
            question.variable: typed(question, "" if question.secret else self.found.variables.get(question.variable, ""))
            for question in self.open
        }
        persistence = {"enabled": True, "size": "8Gi", "storageClass": "", "accessMode": "ReadWriteOnce"}
        return {
            "answers": {key: yamlio.Quoted(value) if isinstance(value, str) else value for key, value in answers.items()},
            "services": self.services,
            "persistence": persistence,
            "clusterDomain": "cluster.local",
        }

    def _questions(self) -> list[dict[str, Any]]:
        made = asked(self.open, self.found.variables, self.gaps)
        made += [scale_question(name, values["scale"]) for name, values in self.services.items() if "scale" in values]
        return made + (storage_questions() if self.made.claims else [])

    def _schema(self) -> dict[str, Any]:
        whole = self._numbers()
        proposed = self.found.variables
        answers = {
            each.variable: schema_of(each, each.variable in whole, proposed.get(each.variable, ""), self.gaps)
            for each in self.open
        }
        truth, text = {"type": "boolean"}, {"type": "string"}
        kinds = {"enum": ["ClusterIP", "NodePort", "LoadBalancer"]}
        one = {"scale": {"type": "integer", "minimum": 0, "maximum": 1000}, "serviceType": kinds, "liveness": truth}
        services = {
            name: {"type": "object", "required": list(values), "properties": {key: one[key] for key in values}}
            for name, values in self.services.items()
        }
        modes = {"enum": ["ReadWriteOnce", "ReadWriteMany", "ReadWriteOncePod"]}
        size = {"type": "string", "pattern": "^[0-9]+(\\.[0-9]+)?([EPTGMK]i?)?$"}
        persistence = {"enabled": truth, "size": size, "storageClass": text, "accessMode": modes}
        sections: dict[str, dict[str, Any]] = {"answers": answers, "services": services, "persistence": persistence}
        made: dict[str, Any] = {
            name: {"type": "object", "additionalProperties": False, "required": list(of), "properties": of}
            for name, of in sections.items()
        }
        made["clusterDomain"] = {"type": "string", "pattern": "^[a-z0-9.-]+$"}
        return {
            "$schema": "http://json-schema.org/draft-07/schema#",
            "type": "object",
            "required": list(made),
            "properties": made,
        }

    def _numbers(self) -> set[str]:
        """Return the variables whose answers are used where only a number is allowed."""
        scales = [service.scale for service in self.found.stack.services]
        numbers = (each for each in _scalars([self.made.files, scales]) if isinstance(each, int))
        return {question.variable for number in numbers for question in self.found.marks.questions(number)}

    def _say_secrets(self) -> None:
        """Add a gap for each secret answer in an object that is not a Secret, because more people can read such an object."""
        for part in (part for parts in self.made.files.values() for part in parts):
            made = part.value if isinstance(part, OnlyWhen) else part
            for text in _scalars(made) if made["kind"] != "Secret" else ():
                for question in self.found.marks.questions(text):
                    if question.secret:
                        what = f"question {question.variable}"
                        self.gaps.add("secret outside a Secret", "", what, question.where, object=made["kind"])

    def _readme(self, gaps: int) -> str:
        lines = [f"# {plain(_line(self._title()))}", "", plain(_line(text_of(pairs(self.entry.block).get("description")))), ""]
        entry = printable(self.entry.title).replace("`", "")
        lines += [
            f"This chart was created from the Rancher 1.x entry `{entry}`. Install it under the name of the old stack, in a",
            "separate namespace: services are found by the names that they had in the stack.",
            "",
            f"GAPS.md in the chart lists what does not carry over unchanged: {counted(gaps, 'item')}."
            if gaps
            else "The whole entry carries over unchanged.",
            "",
        ]
        return "\n".join(lines)


def _scalars(value: Any) -> Iterator[Any]:
    """Yield the numbers and strings in data, but not the booleans."""
    if isinstance(value, OnlyWhen | ForEach):
        yield from _scalars(value.value)
    elif isinstance(value, Mapping | list | tuple):
        for each in value.values() if isinstance(value, Mapping) else value:
            yield from _scalars(each)
    elif not isinstance(value, bool):
        yield value


def _line(text: str) -> str:
    return " ".join(printable(text).split())


def chart_version(version: str, revision: str) -> str:
    """Convert a version to the form that Helm accepts (https://semver.org), with 0 for missing numbers."""
    found = _VERSION.fullmatch(version.strip())
    if found is None:
        return f"0.0.{int(revision) if revision.isdecimal() and len(revision) < 10 else 0}"
    *numbers, rest = found.groups()
    core = ".".join(str(int(number or 0)) for number in numbers)
    parts = [part for part in _NOT_IN_VERSION.split(rest) if part][:10]
    # The rest of the version becomes a pre-release, in which a number must not begin with a zero.
    parts = [str(int(part)) if part.isdecimal() else part for part in (part[:30] for part in parts)]
    return f"{core}-{'.'.join(parts)}" if parts else core
