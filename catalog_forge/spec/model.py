"""The spec language as values: every key that an author may write, its meaning, its default (design: the full form)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, ClassVar

from catalog_forge import yamlio
from catalog_forge.errors import Where
from catalog_forge.spec.compose_keys import COMPANION_KEYS, SERVICE_KEYS, named_volume
from catalog_forge.spec.expressions import ROOTS, Collection, Text
from catalog_forge.spec.frame import (
    COMPOSE_NAME,
    DURATION,
    IMAGE,
    VERSION,
    Engine,
    Entry,
    HealthCheck,
    Image,
    NumberOrVariable,
    Tool,
)
from catalog_forge.spec.record import Record, key

IMAGE_NAME = r"[a-z0-9]([a-z0-9-]*[a-z0-9])?-(conf|config)"
METADATA_KEY = r"(?!.*(^|/)\.\.?(/|$))[A-Za-z0-9._-]+(/[A-Za-z0-9._-]+)*"
# The name of an element: no word that an expression begins with.
_ELEMENTS = "a word with which no expression begins"
ELEMENT = rf"(?!(?:{'|'.join(ROOTS)}|peers|others|hosts|split|link|services|everywhere)$)[A-Za-z][A-Za-z0-9_]{{0,31}}"
VARIABLE = r"[A-Za-z_][A-Za-z0-9_]*"

FORMATS = ("raw", "yaml", "properties", "ini", "space", "env", "xml", "json", "toml", "lines", "nginx", "haproxy")
# What stands beside the primary in each topology, in this order: `Member` knows what it is called.
TOPOLOGIES = {
    "volumes": ("conf",),
    "netns": ("main", "volumes"),
    "datavol": ("conf", "volumes"),
    "scripts": ("conf",),
    "embedded": (),
}
KEY_TYPES = (
    "string", "int", "boolean", "enum", "multiline", "password", "service", "certificate", "map", "list",
)  # fmt: skip
SIGNALS = ("HUP", "INT", "QUIT", "TERM", "USR1", "USR2", "WINCH")
SCOPES = ("stack", "environment")
RELOADS = "signal NAME | http POST URL | http PUT URL | exec COMMAND | restart | none"

# A value of `set`: a text with expressions, a constant, or (yaml, json, toml) a map or list of them.
Value = Text | int | float | bool | None | Mapping[str, Any] | tuple[Any, ...]


@dataclass(frozen=True, kw_only=True)
class Composed(Record):
    """A record in which keys of compose files stand: `PASSED` are those that may, `nodes` what the author wrote for each."""

    PASSED: ClassVar[frozenset[str]] = frozenset()
    nodes: Mapping[str, tuple[yamlio.Text, yamlio.Node]] = field(default_factory=dict, compare=False, repr=False)


@dataclass(frozen=True)
class Group(Composed):
    """One of several services that run the same software with the same conf image, such as masters and data nodes."""

    PASSED = SERVICE_KEYS
    scale: NumberOrVariable = key("how many containers; a number, or the `${variable}` of a question", 1)
    name: str = key(
        "name of the group's service; default: SERVICE-GROUP",
        "",
        pattern=COMPOSE_NAME,
        shape="letters, digits and dashes",
        maximum=63,
    )
    image: str = key("image of this group alone, with its tag", "", pattern=IMAGE, shape="REPOSITORY:TAG", maximum=255)
    exec: tuple[str, ...] = key("what starts the program in this group, in place of launch.exec", tuple)
    health_check: HealthCheck | None = key("Rancher's health check of this group alone", None)
    metadata: Mapping[str, Any] = key("metadata keys whose value is fixed for this group: they are not asked for here", dict)
    compose: Mapping[str, Any] = key("docker-compose and rancher-compose keys of this group alone, such as ports", dict)


@dataclass(frozen=True)
class Service(Composed):
    """The software that is configured. Any other docker-compose v2 or rancher-compose key may stand here as well."""

    PASSED = SERVICE_KEYS
    name: str = key("name of the service in the stack", pattern=COMPOSE_NAME, shape="letters, digits and dashes", maximum=63)
    image: str = key(
        "image with its tag; without a tag, the entry asks for one",
        "",
        pattern=IMAGE,
        shape="REPOSITORY:TAG",
        maximum=255,
    )
    topology: str = key(
        "how the service gets the configuration: `volumes` (main is the primary service, conf its sidekick), "
        "`netns` (conf is the primary, main its sidekick in the same network), "
        "`datavol` (main is the primary, conf its sidekick in the same network), "
        "`scripts` (conf only carries files that are always the same, and ends) or "
        "`embedded` (one container: the conf image is made from main's, and confd runs beside the program)",
        "volumes",
        one_of=tuple(TOPOLOGIES),
    )
    network_mode: str = key("`host`: the program uses the network of its host", "", one_of=("host",))
    shell: bool = key(
        "the image has /bin/sh and sleep; false: it has none, and a busybox that conf brings runs the scripts", True
    )
    scale: NumberOrVariable = key("how many containers; a number, or the `${variable}` of a question", 1)
    health_check: HealthCheck | None = key("Rancher's health check", None)
    groups: Mapping[str, Group] = key("several services in place of one, each with what makes it differ from the others", dict)
    compose: Mapping[str, Any] = key("the docker-compose and rancher-compose keys that stand here, passed through", dict)

    @property
    def is_self(self) -> bool:
        """Whether `self` is this service where confd asks: the metadata service tells callers apart by their address."""
        return self.topology != "volumes"

    @property
    def floats(self) -> bool:
        """Whether the image has neither a tag nor a digest."""
        return ":" not in self.image.rpartition("/")[2] and "@" not in self.image

    @property
    def is_embedded(self) -> bool:
        """Whether confd and the program run in one container."""
        return self.topology == "embedded"


@dataclass(frozen=True)
class Companion(Composed):
    """A service of the entry beside the configured one, such as a load balancer. Its keys are those of compose files."""

    PASSED = COMPANION_KEYS
    compose: Mapping[str, Any] = key("the docker-compose and rancher-compose keys of the service", dict)


@dataclass(frozen=True)
class Volume(Record):
    """A named volume: services mount it as NAME:/PATH."""

    driver: str = key("driver of the volume, such as local or rancher-nfs", "", maximum=255, line=True)
    driver_opts: Mapping[str, str] = key("options of the driver", dict)
    external: bool = key("the volume is there already, and belongs to nobody's stack", False)
    per_container: bool = key("each container has one of its own, which its replacement finds again", False)


@dataclass(frozen=True)
class MetadataKey(Record):
    """One key that the user of the entry supplies. All types but map and list become a question."""

    type: str = key("kind of value", "string", one_of=KEY_TYPES)
    default: Any = key("value when the user gives none; for map and list: the data of the metadata block", None)
    label: str = key("label of the question; default: made from the key", "", maximum=100, line=True)
    description: str = key("what the question explains", "", maximum=1000)
    options: tuple[str, ...] = key("the choices of an enum", tuple)
    required: bool | None = key("whether an answer is due; default: yes, unless optional", None)
    optional: bool = key("the key may be missing: then pairs that read it are left out", False)
    secret: bool = key("the value is never shown: the question is a password, files that read it are 0600", False)
    fields: tuple[str, ...] = key(
        "the fields of the records of a list or map; single values beside the records of a map are left out of it", tuple
    )
    variable: str = key(
        "variable of the question; default: made from the key", "", pattern=VARIABLE, shape="letters, digits and _"
    )

    @property
    def asked(self) -> bool:
        """Whether this key becomes a question."""
        return self.type not in ("map", "list")

    @property
    def hidden(self) -> bool:
        """Whether the value must not be shown."""
        return self.secret or self.type == "password"

    @property
    def needed(self) -> bool:
        """Whether a missing value is an error when the file is rendered."""
        return not self.optional and self.default is None


@dataclass(frozen=True)
class TextBlock(Record):
    """Literal text with `@{...}`."""

    text: Text = key("the text")


@dataclass(frozen=True)
class SetBlock(Record):
    """Pairs in the file's format. A pair that reads an optional key without a value is left out."""

    set: Mapping[str, Value] = key(
        "key: value, quoted by the format's rules; yaml, json and toml take maps and lists as values, and "
        "{list: {of: COLL, item: VALUE}}"
    )


@dataclass(frozen=True)
class CopyBlock(Record):
    """Every pair of a metadata map, in the file's format; of a list, every value (format lines)."""

    copy: str = key("metadata/PATH of the map", pattern=f"metadata/{METADATA_KEY.replace('(^|/)', '/')}", shape="metadata/PATH")
    bare: tuple[str, ...] = key(
        "which values stand without quotes in yaml, json and toml: those that are numbers, those that are true or false",
        tuple,
        one_of=("numbers", "truths"),
    )


@dataclass(frozen=True)
class PasteBlock(Record):
    """The text of a metadata key, as it is: the one place where a user's text may be more than a value."""

    paste: Text = key(
        "metadata/PATH of the text, which may hold `@{...}`, or env.NAME of a variable of `vars`",
        pattern=rf"env\.{VARIABLE}|metadata(/(?!\.\.?(/|$))([A-Za-z0-9._-]|@\{{[^{{}}]+\}})+)+",
        shape="metadata/PATH or env.NAME",
    )
    wrap: tuple[str, ...] = key("a head and a tail, each a line of its own", tuple)
    optional: bool = key("leave all of it out when the key has no value", False)

    @property
    def variable(self) -> str:
        """The variable that is pasted; nothing when it is a metadata key."""
        return (self.paste.literal or "").removeprefix("env.") if str(self.paste).startswith("env.") else ""

    @property
    def path(self) -> Text:
        """The path of the metadata key, below `metadata/`."""
        first, *more = self.paste.parts
        begin = str(first).removeprefix("metadata/")
        return Text((*((begin,) if begin else ()), *more))


@dataclass(frozen=True)
class Listing(Record):
    """One item for each element of a collection."""

    of: Collection = key(
        "peers, others, hosts, service:NAME or services:LABEL=VALUE, with [healthy] or [running]; metadata/PATH, /PATH, "
        'split(metadata/PATH, ",")'
    )
    item: Text = key("text of an item; `it` is the element")
    sep: str = key("text between two items", "\n")
    head: str = key("text before the first item, when there is one", "")
    tail: str = key("text after the last item, when there is one", "")
    required: bool = key("without an element nothing is written, and the log says what is waited for", False)


@dataclass(frozen=True)
class Elements(Record):
    """A value for each element of a collection."""

    of: Collection = key("the collection, as in the block `list`")
    item: Value = key("the value made of an element, which is `it`: a text, or a map or list of texts")


@dataclass(frozen=True)
class ListValue(Record):
    """A value of `set` in yaml, json and toml: a list made of a collection."""

    list: Elements = key("the collection, and the value that each element becomes")


@dataclass(frozen=True)
class ListBlock(Record):
    """One item for each element of a collection."""

    list: Listing = key("the collection and its items")


@dataclass(frozen=True)
class Each(Record):
    """Blocks for each element of a collection."""

    of: Collection = key("the collection, as in the block `list`")
    body: tuple[Block, ...] = key("the blocks that an element becomes")
    named: str = key("name of the element in expressions, beside `it`", "", name="as", pattern=ELEMENT, shape=_ELEMENTS)
    sep: str = key("text between two elements", "")
    head: str = key("text before the first element, when there is one", "")
    tail: str = key("text after the last element, when there is one", "")
    required: bool = key("without an element nothing is written, and the log says what is waited for", False)


@dataclass(frozen=True)
class EachBlock(Record):
    """Blocks for each element of a collection; they may hold `each` again, and `when` that asks for fields of the element."""

    each: Each = key("the collection, and the blocks for an element")


@dataclass(frozen=True)
class Condition(Record):
    """A condition: exactly one of these keys."""

    service: tuple[str, ...] = key(
        "the service has this name, or one of these", tuple, pattern=COMPOSE_NAME, shape="a service name", single=True
    )
    has: str = key(
        "metadata/PATH or a field of an element has a value; a map, a list or a COLL has an element",
        "",
        pattern=f"metadata/{METADATA_KEY.replace('(^|/)', '/')}|(?!metadata/).+",
        shape="metadata/PATH, it.FIELD or a collection",
        maximum=300,
        reads=True,
    )
    eq: tuple[Text, ...] = key("two texts are equal", tuple)
    ne: tuple[Text, ...] = key("two texts differ", tuple)
    env: str = key("this variable of `vars` is not empty", "", pattern=VARIABLE, shape="a name of `vars`")
    first: bool = key("this container is the first of the peers", False)
    negated: Condition | None = key("this condition does not hold", None, name="not")
    every: tuple[Condition, ...] = key("all of these conditions hold", tuple, name="all")
    some: tuple[Condition, ...] = key("at least one of these conditions holds", tuple, name="any")

    @property
    def key(self) -> str:
        """The metadata key that must have a value, if it is one that `has` asks for."""
        return self.has.removeprefix("metadata/") if self.has.startswith("metadata/") else ""

    @property
    def parts(self) -> tuple[Condition, ...]:
        """The conditions that this one is made of."""
        return (*((self.negated,) if self.negated else ()), *self.every, *self.some)

    @property
    def tests(self) -> Iterator[Condition]:
        """The conditions that test something themselves: this one, or those that it is made of, all the way down."""
        if not self.parts:
            yield self
        for part in self.parts:
            yield from part.tests


@dataclass(frozen=True)
class WhenBlock(Record):
    """Blocks under a condition."""

    when: Condition = key("service, has, eq, ne, env, first, or not, all, any of such conditions")
    then: tuple[Block, ...] = key("blocks when it holds", tuple)
    otherwise: tuple[Block, ...] = key("blocks when it does not", tuple, name="else")


@dataclass(frozen=True)
class FileBlock(Record):
    """A static file from the spec's folder, copied as it is."""

    file: str = key("name of the file in the spec's folder", maximum=200)


@dataclass(frozen=True)
class TemplateBlock(Record):
    """A hand-written confd template from the spec's folder: the whole body. Its keys are derived from the paths it looks up."""

    template: str = key(
        "name of the template in the spec's folder",
        pattern=r"[^/].*\.tmpl",
        shape="a name that ends in .tmpl",
        maximum=200,
    )


Block = TextBlock | SetBlock | CopyBlock | PasteBlock | ListBlock | EachBlock | WhenBlock | FileBlock | TemplateBlock


@dataclass(frozen=True)
class Reload(Record):
    """What happens when a file changed while the program runs."""

    kind: str = "none"
    argument: str = ""
    method: str = ""

    def __str__(self) -> str:
        return " ".join(word for word in (self.kind, self.method, self.argument) if word)


@dataclass(frozen=True)
class ConfFile(Record):
    """One configuration file: where it goes, what it is made of, what follows a change."""

    dest: str = key("absolute path of the file in the service's container", maximum=255)
    body: tuple[Block, ...] = key("the blocks that it is made of, in their order")
    format: str = key("format; default: from the path of dest, as the table of formats says", "", one_of=FORMATS)
    mode: str = key(
        "permissions, with a leading 0; default: 0644, and 0600 when a secret is read",
        "",
        pattern="0[0-7]{3}",
        shape='an octal number such as "0644"',
    )
    uid: int = key("owner, as a number", 0)
    gid: int = key("group, as a number", 0)
    secret: bool = key("the file holds a secret: its mode is 0600 unless `mode` says otherwise", False)
    export: bool = key("each pair of an env file begins with `export`, so that programs started by a script see it", False)
    check: str = key(
        "command that must accept the new file, {{.src}}, before it replaces the old one",
        "",
        maximum=1000,
    )
    check_in: str = key(
        "where the check runs: in the `conf` image, or in `main`, with main's own programs", "conf", one_of=("conf", "main")
    )
    reload: Reload = key(f"what follows a change: {RELOADS}", Reload)


@dataclass(frozen=True)
class Wait(Record):
    """What the start of the program waits for, and how long at most."""

    files: str = key("all files must have been written", "all", one_of=("all",))
    scale: str = key(
        "wait until as many peers exist as the service's scale says, at most this long; then go on",
        "",
        pattern=DURATION,
        shape="a time such as 300s",
    )
    metadata: str = key(
        "how long the metadata service may be unreachable before the conf container gives up",
        "60s",
        pattern=DURATION,
        shape="a time such as 60s",
    )


@dataclass(frozen=True)
class Restart(Record):
    """How containers of one service restart their programs: one after the other, in the order of their index."""

    stagger: str = key(
        "time that each container has for its restart before the next one; that one also waits until those before it are healthy",
        pattern=DURATION,
        shape="a time such as 30s",
    )


@dataclass(frozen=True)
class Leader(Record):
    """The one container that founds the cluster, while none of its peers answers yet: the others start once it does."""

    by: str = key(
        "who it is: the lowest index, or the highest number that the command `number` prints (of equal ones the lowest index)",
        "lowest-index",
        one_of=("lowest-index", "highest-number"),
    )
    number: str = key(
        "command in the service's container that prints how much data is there, as a whole number; -1 for none", "", maximum=2000
    )
    exchange: int = key("port at which the peers ask each other for their numbers before the start", 4404, least=1, most=65535)
    port: int = key("port at which a program that runs answers; default: that of the health check", 0, most=65535)
    once: str = key(
        "file in the data volume, made when the leader answers: while it exists, the leader starts as the others do",
        "",
        pattern=r"/[A-Za-z0-9._/+@-]+",
        shape="an absolute path",
    )
    before: tuple[Text, ...] = key("shell commands that run before the program of the leader", tuple)
    args: tuple[Text, ...] = key("arguments that the program of the leader gets, behind those of `exec`", tuple)


@dataclass(frozen=True)
class Others(Record):
    """The containers that join the cluster, once the leader or another one answers."""

    before: tuple[Text, ...] = key("shell commands that run before the program of the others", tuple)
    args: tuple[Text, ...] = key("arguments that the program of the others gets, behind those of `exec`", tuple)
    jitter: str = key(
        "time over which the others spread their first start, by their index", "", pattern=DURATION, shape="a time such as 15s"
    )


@dataclass(frozen=True)
class Launch(Record):
    """How the program is started in the service's container. Expressions may stand in arguments, commands and variables.

    What reads an optional key without a value is left out. A change counts from the next start on.
    """

    wait: Wait = key("what is waited for", Wait)
    before: tuple[Text, ...] = key("shell commands that run before the first start, in the service's container", tuple)
    exec: tuple[Text, ...] = key(
        "the program and its arguments; default: what starts the official image of a well-known software", tuple
    )
    environment: Mapping[str, Text] = key("variables of the program and of the commands before it", dict)
    leader: Leader | None = key("what is different in the container that founds a cluster", None)
    others: Others | None = key("what is different in the containers that join it", None)
    restart: Restart | None = key("how `restart` goes on in several containers; default: in all of them at once", None)
    reload: str = key(
        "what follows a change of what `exec` and `environment` read: a restart, or nothing before the next start",
        "none",
        one_of=("restart", "none"),
    )

    @property
    def is_rendered(self) -> bool:
        """Whether confd writes how the program starts, because that depends on the metadata or on who the leader is."""
        texts = (*self.before, *self.exec)
        return bool(self.environment or self.leader) or any(text.literal is None for text in texts)

    @property
    def command(self) -> tuple[str, ...]:
        """The words that the launch script is called with: all, or the program alone where confd writes its arguments."""
        words = [text.literal for text in self.exec]
        return tuple("" if word is None else word for word in (words[:1] if None in words else words))


@dataclass(frozen=True)
class Spec(Record):
    """One conf image and its entry."""

    forge: int = key("version of the spec language: 1")
    name: str = key(
        "name of the conf image",
        pattern=IMAGE_NAME,
        shape="lower-case letters, digits and dashes, ending in -conf or -config",
        maximum=63,
    )
    service: Service = key("the software that is configured: a record, or NAME, NAME:TAG, NAME=IMAGE:TAG")
    files: tuple[ConfFile, ...] = key("the configuration files")
    scope: str = key(
        "how far the files look: `stack`, or `environment`, which everywhere:LABEL and the paths /services and /stacks need",
        "stack",
        one_of=SCOPES,
    )
    version: str = key("tag of the conf image", "0.1.0", pattern=VERSION, shape="a version such as 0.1.0", maximum=64)
    description: str = key("one sentence on the software", "", maximum=1000)
    maintainer: str = key(
        "two to five words and an address: Jo Doe <jo@example.org>",
        "",
        pattern=r"(\S+ ){2,5}<[^@\s]+@[^@\s]+\.[^@\s]+>",
        shape="First Last <mail@example.org>",
    )
    entry: Entry = key("the entry in the catalog", Entry)
    image: Image = key("the conf image", Image)
    engine: Engine = key("confd and the metadata it reads", Engine)
    metadata: Mapping[str, MetadataKey] = key("the keys that the user of the entry supplies, in the order of the questions", dict)
    tools: tuple[Tool, ...] = key("programs for checks, commands and scripts, in the conf image and in the share", tuple)
    vars: Mapping[str, str] = key("environment of the conf container, with defaults", dict)
    launch: Launch = key("how the program is started", Launch)
    volumes: Mapping[str, Volume] = key(
        "the named volumes of the entry; without any, those that services mount are plain ones", dict
    )
    companions: Mapping[str, Companion] = key("the services of the entry beside the configured one, by name", dict)
    deviations: Mapping[str, str] = key(
        "why the spec deviates from the standards of catalog-forge.yml: path of a key, such as image.base, to the reason", dict
    )

    @cached_property
    def members(self) -> tuple[Member, ...]:
        """The services that run the software: one, or one for each group."""
        service = self.service
        groups = service.groups.items()
        named = tuple(Member(group.name or f"{service.name}-{name}", group, self) for name, group in groups)
        return named or (Member(service.name, None, self),)

    @cached_property
    def services(self) -> frozenset[str]:
        """The names of all services of the entry."""
        return frozenset(name for each in self.members for name in (each.name, *each.sidekicks)) | self.companions.keys()

    @property
    def composed(self) -> tuple[Service | Group | Companion, ...]:
        """Whatever compose keys stand in."""
        return (self.service, *self.service.groups.values(), *self.companions.values())

    @property
    def mounted(self) -> dict[str, Where | None]:
        """The named volumes that services mount, and where each is named first."""
        found: dict[str, Where | None] = {}
        for node in (each.nodes["volumes"][1] for each in self.composed if "volumes" in each.nodes):
            for item in node.items if isinstance(node, yamlio.Seq) else ():
                if isinstance(item, yamlio.Text) and (name := named_volume(item.value)):
                    found.setdefault(name, item.where)
        return found

    @property
    def passed(self) -> list[Any]:
        """The values that variables of rancher-compose may stand in."""
        numbers = [value for _, value in self.numbers]
        volumes = ((each.driver, each.driver_opts) for each in self.volumes.values())
        return [*(each.compose for each in self.composed), *numbers, *volumes]

    @property
    def numbers(self) -> Iterator[tuple[Where | None, NumberOrVariable]]:
        """The numbers that a question may ask for, with their places."""
        configured: tuple[Service | Group, ...] = (self.service, *self.service.groups.values())
        for each in configured:
            yield each.at("scale"), each.scale
            if each.health_check:
                yield each.health_check.at("port"), each.health_check.port

    @property
    def share(self) -> str:
        """The folder, a volume, that the conf container and the main container share."""
        return f"/opt/{self.name}"

    @property
    def is_lent(self) -> bool:
        """Whether the image brings a busybox to the share, so that the scripts need nothing of main's."""
        return self.service.is_embedded or not self.service.shell

    def asks(self, file: ConfFile) -> bool:
        """Whether confd has main run the check of a file. Embedded, confd has what main has."""
        return bool(file.check) and file.check_in == "main" and not self.service.is_embedded

    @property
    def asks_main(self) -> bool:
        """Whether confd has main run a check."""
        return any(map(self.asks, self.files))

    @property
    def refresh(self) -> str:
        """When the files are rendered anew: once, where confd reads no metadata."""
        return "once" if self.service.topology == "scripts" else self.engine.refresh

    @property
    def shell(self) -> tuple[str, ...]:
        """What runs the launch script."""
        return (f"{self.share}/busybox", "sh") if self.is_lent else ("/bin/sh",)

    @property
    def tag(self) -> str:
        """The full name of the conf image: REGISTRY/NAME:VERSION."""
        name = f"{self.name}:{self.version}"
        return f"{self.image.registry}/{name}" if self.image.registry else name


@dataclass(frozen=True, slots=True)
class Member:
    """One service that runs the software: the spec's only one, or that of a group, which makes it differ from the others."""

    name: str
    group: Group | None
    spec: Spec

    @property
    def conf(self) -> str:
        """The service whose containers run confd."""
        return self._called("conf", f"{self.name}-conf" if self.group else self.spec.name, self.name)

    @property
    def main(self) -> str:
        """The service whose containers run the program."""
        return self._called("main", f"{self.name}-main", self.name)

    @property
    def volumes(self) -> str:
        """The service whose containers own the volumes of the files."""
        return self._called("volumes", f"{self.name}-volumes", self.conf)

    @property
    def asking(self) -> str:
        """The service as which confd asks: the primary whose address it has, or the sidekick that it is."""
        return self.name if self.spec.service.is_self else self.conf

    @property
    def sidekicks(self) -> list[str]:
        """The services that run beside the primary."""
        return [getattr(self, part) for part in self._parts]

    def _called(self, part: str, own: str, otherwise: str) -> str:
        return own if part in self._parts else otherwise

    @property
    def _parts(self) -> tuple[str, ...]:
        return TOPOLOGIES.get(self.spec.service.topology, ())  # a wrong one is noted, and the rest is checked all the same

    @property
    def scale(self) -> NumberOrVariable:
        """How many containers it has."""
        return self.group.scale if self.group else self.spec.service.scale

    @property
    def image(self) -> str:
        """The image of the program, as the spec says."""
        return (self.group.image if self.group else "") or self.spec.service.image

    @property
    def command(self) -> tuple[str, ...]:
        """What starts the program, as far as the entry knows it."""
        return (self.group.exec if self.group else ()) or self.spec.launch.command

    @property
    def health_check(self) -> HealthCheck | None:
        """Rancher's health check of it."""
        return (self.group.health_check if self.group else None) or self.spec.service.health_check
