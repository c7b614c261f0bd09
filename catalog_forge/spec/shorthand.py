"""Replaces the shorthand keys of a spec before the spec is read (`expand`), and fills in defaults afterwards (`complete`)."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import replace
from fnmatch import fnmatchcase
from functools import lru_cache
from pathlib import PurePosixPath
from urllib.parse import urlsplit

from catalog_forge.backends import TABLE
from catalog_forge.errors import ForgeError, Problem, Where, did_you_mean, nearest
from catalog_forge.spec.expressions import literal
from catalog_forge.spec.model import (
    RELOADS,
    SIGNALS,
    ConfFile,
    CopyBlock,
    Engine,
    Entry,
    Launch,
    MetadataKey,
    Reload,
    Service,
    SetBlock,
    Spec,
)
from catalog_forge.spec.model.bodies import blocks_of
from catalog_forge.spec.model.frame import COMPOSE_NAME
from catalog_forge.spec.programs import start_of
from catalog_forge.yamlio import Map, Node, Seq, Text

FORMAT_OF = {
    ".yml": "yaml", ".yaml": "yaml", ".properties": "properties", ".cfg": "properties", ".ini": "ini", ".cnf": "ini",
    ".conf": "space", ".env": "env", ".xml": "xml", ".json": "json", ".toml": "toml", ".txt": "lines",
}  # fmt: skip
# Formats of well-known paths, where `*` matches anything. The first match wins, before the extension is considered.
FORMAT_OF_PATH = {
    "*/nginx/*.conf": "nginx", "*/nginx.conf": "nginx", "*/nginx/sites-*": "nginx", "*/haproxy*.cfg": "haproxy",
    "*/haproxy/*.cfg": "haproxy", "*/mongod.conf": "yaml", "*/telegraf.conf": "toml", "*/influxdb.conf": "toml",
    "*/rabbitmq.conf": "ini", "*/supervisord.conf": "ini", "*/logstash/*.conf": "raw", "*/logstash.conf": "raw",
    "*/rsyslog.conf": "raw", "*/rsyslog.d/*": "raw",
}  # fmt: skip
NO_PAIRS = ("raw", "lines", "nginx", "haproxy")
# In these formats, a value alone is not a valid line. In the other formats of NO_PAIRS, a value alone is valid.
_DIRECTIVES = ("nginx", "haproxy")
FILE_WORDS = ("config", "reload", "format")


def expand(root: Map, problems: list[Problem]) -> Map:
    """Replace the shorthand of a spec with the full form: `service: NAME`, `metadata: [KEY]`, and `config`/`reload`/`format`."""
    words = {key.value: (key, value) for key, value in root.pairs}
    pairs = [
        (key, _FORMS[key.value](value) if key.value in _FORMS else value)
        for key, value in root.pairs
        if key.value not in FILE_WORDS
    ]
    given = [words[word] for word in FILE_WORDS if word in words]
    if given and "files" in words:
        hint = "write it in a file below `files`, where `config` is called `dest`"
        problems += [
            Problem(
                f"{key.value!r} is a shorthand key for a single file, and cannot be used together with `files`", key.where, hint
            )
            for key, _ in given
        ]
    elif "config" in words:
        key, config = words["config"]
        if not isinstance(config, Text):
            hint = "to write several files, list them below `files`: - {dest: PATH, body: [set: {KEY: VALUE}]}"
            problems.append(Problem("config must be the path of a single file", config.where, hint))
            return Map((*pairs, (_at(key, "files"), Seq((), config.where))), root.where)
        keys = next((value for name, value in pairs if name.value == "metadata"), None)
        pairs.append((_at(key, "files"), Seq((_file(words, config, keys, problems),), key.where)))
    elif given and not any(nearest(word, ("config",)) for word in words):
        message = "the key 'config' is missing, which is the path of the configuration file"
        problems.append(Problem(message, root.where, "such as config: /etc/NAME/NAME.conf"))
        pairs.append((_at(given[0][0], "files"), Seq((), root.where)))
    return Map(tuple(pairs), root.where)


def _file(words: Mapping[str, tuple[Text, Node]], config: Node, keys: Node | None, problems: list[Problem]) -> Map:
    """Return the single file of the shorthand, with a pair (or a line, if the format has no pairs) for each metadata key.

    Adds a problem if neither a pair nor a value alone is valid in the format.
    """
    here = words["config"][0]
    names = [key for key, _ in keys.pairs] if isinstance(keys, Map) else []
    wanted = words["format"][1] if "format" in words else None
    kind = wanted.value if isinstance(wanted, Text) else format_of(config.value if isinstance(config, Text) else "")
    values = [(name, _at(name, f"@{{metadata/{name.value}}}")) for name in names]
    if kind in _DIRECTIVES and names:
        hint = "replace `config` by files: - {dest: PATH, body: [text: TEXT]}, where TEXT has a @{metadata/KEY} in its directives"
        hint += f"; the blueprint {kind}-conf shows how"
        problems.append(Problem(f"the format {kind} has no pairs for the metadata keys", here.where, hint))
    if kind in NO_PAIRS:
        blocks: tuple[Node, ...] = tuple(
            Map(((_at(name, "text"), _at(name, value.value + "\n")),), name.where) for name, value in values
        )
    else:
        blocks = (Map(((_at(here, "set"), Map(tuple(values), here.where)),), here.where),) if values else ()
    pairs: list[tuple[Text, Node]] = [(_at(here, "dest"), config), (_at(here, "body"), Seq(blocks, here.where))]
    pairs += [words[word] for word in ("reload", "format") if word in words]
    return Map(tuple(pairs), here.where)


def _service(node: Node) -> Node:
    """Expand IMAGE, IMAGE:TAG or NAME=IMAGE:TAG to a mapping."""
    if not isinstance(node, Text) or (node.bare and node.data() is None):
        return node
    name, image = name_and_image(node.value)
    return Map(((_at(node, "name"), _at(node, name)), (_at(node, "image"), _at(node, image))), node.where)


def name_and_image(text: str) -> tuple[str, str]:
    """Return the name and the image of a service from IMAGE, IMAGE:TAG, IMAGE@DIGEST or NAME=IMAGE:TAG. Without NAME, the service
    is called like the last part of the repository: `unbound` for mvance/unbound:1.13.2.
    """
    name, equals, image = text.partition("=")
    return (name, image) if equals else (re.split("[:@]", name.rpartition("/")[2])[0], name)


def _metadata(node: Node) -> Node:
    """Expand a list of keys, or a mapping in which a key without a value gets all defaults."""
    if isinstance(node, Seq) and node.items and all(isinstance(item, Text) for item in node.items):
        return Map(tuple((item, Map((), item.where)) for item in node.items if isinstance(item, Text)), node.where)
    if isinstance(node, Map):
        empty = [(key, isinstance(value, Text) and value.bare and value.data() is None) for key, value in node.pairs]
        return Map(
            tuple(
                (key, Map((), key.where) if bare else value) for (key, bare), (_, value) in zip(empty, node.pairs, strict=True)
            ),
            node.where,
        )
    return node


_FORMS = {"service": _service, "metadata": _metadata}


def _at(place: Text, value: str) -> Text:
    """Return a text with the content `value`. Errors in it are reported at the location of `place`, which the author wrote."""
    return Text(value, False, place.where, "", place.lines)


# Examples of the reloads that consist of several words.
_INCOMPLETE = {"signal": "signal HUP", "exec": "exec nginx -s reload", "http": "http POST http://127.0.0.1:9090/-/reload"}


def reload(text: str, where: Where) -> Reload:
    """Parse a reload: `signal HUP`, `http PUT http://127.0.0.1:9200/path`, `exec COMMAND`, `restart` or `none`."""
    kind, _, argument = text.strip().partition(" ")
    argument = argument.strip()
    places = {"": where}
    if kind in _INCOMPLETE and not argument:
        raise ForgeError(f"reload: {kind!r} is incomplete", where, f"write it in full, such as {_INCOMPLETE[kind]}")
    if kind in ("restart", "none") and not argument:
        return Reload(kind, places=places)
    if kind == "signal":
        if argument.removeprefix("SIG") not in SIGNALS:
            near = did_you_mean(f"signal {argument}", [f"signal {name}" for name in SIGNALS])
            raise ForgeError(f"reload: unknown signal {argument!r}", where, near)
        return Reload(kind, argument.removeprefix("SIG"), places=places)
    if kind == "exec" and argument and "\n" not in argument:
        return Reload(kind, argument, places=places)
    if kind == "http":
        word, _, url = argument.partition(" ")
        method = _method(word, where)
        return Reload(kind, _url(url.strip(), where), method, places=places)
    raise ForgeError(f"reload: cannot be {text!r}", where, _likely(text.strip()) or f"it must be {RELOADS}")


def _likely(text: str) -> str:
    """Return a hint for an author who wrote only the name of a signal, or only a command; empty for any other text."""
    if text.upper().removeprefix("SIG") in SIGNALS:
        return f"did you mean 'signal {text.upper().removeprefix('SIG')}'?"
    first, _, rest = text.partition(" ")
    otherwise = f"to run a command, write: exec {text}" if rest and "\n" not in text else ""
    return nearest(first, ("signal", "http", "exec", "restart", "none"), otherwise)


def _method(method: str, where: Where) -> str:
    if method not in ("POST", "PUT"):
        raise ForgeError(f"reload: unknown HTTP method {method!r}", where, "write http POST URL or http PUT URL")
    return method


def _url(url: str, where: Where) -> str:
    try:
        parts = urlsplit(url)
        port = 80 if parts.port is None else parts.port
    except ValueError:
        parts, port = urlsplit(""), 0
    if (
        parts.scheme != "http"
        or not re.fullmatch(r"[A-Za-z0-9.-]+", parts.hostname or "")
        or not 0 < port < 65536
        or parts.username
    ):
        raise ForgeError(f"reload: cannot send to {url!r}", where, "write a URL such as http://127.0.0.1:9200/_cluster/settings")
    path = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
    if not re.fullmatch(r"[A-Za-z0-9/._~%?=&,+:@-]+", path):
        hint = "write it as % and two hex digits, such as %20 for a space"
        raise ForgeError(f"reload: the path {path!r} has a character that is not allowed in a URL", where, hint)
    return f"http://{parts.hostname}:{port}{path}"


@lru_cache(maxsize=1024)
def format_of(dest: str, pairs: bool = True) -> str:
    """Return the format of a file with a known path or extension; "raw" if neither is known.

    `pairs`: whether the file has pairs, so that a format without pairs is not chosen.
    """
    path = PurePosixPath(dest)
    known = next((kind for pattern, kind in FORMAT_OF_PATH.items() if fnmatchcase(dest, pattern)), "")
    if known and not (pairs and known in NO_PAIRS):
        return known
    return FORMAT_OF.get(path.suffix or (path.name if path.name.startswith(".") else ""), "raw")


def complete(spec: Spec) -> Spec:
    """Fill in the defaults that depend on other keys."""
    metadata = {name: _named(name, key) for name, key in spec.metadata.items()}
    entry = _entry(spec)
    return replace(
        spec,
        metadata=metadata,
        entry=entry,
        engine=_engine(spec.engine, entry),
        service=_with_image(spec),
        launch=_launch(spec),
        files=tuple(_file_defaults(file) for file in spec.files),
    )


def entry_name(image_name: str) -> str:
    """Return the name of the entry that belongs to a conf image: elasticsearch-conf -> elasticsearch."""
    return re.sub(r"-(conf|config)$", "", image_name)


def variable_of(name: str) -> str:
    """Return the question variable of a metadata key: cluster.name -> cluster_name."""
    variable = re.sub(r"[^A-Za-z0-9_]", "_", name)
    return variable if not variable[:1].isdigit() else f"_{variable}"


def title_of(name: str) -> str:
    """Return a readable title: cluster.name -> Cluster name."""
    words = re.sub(r"[^A-Za-z0-9]+", " ", name).strip()
    return words[:1].upper() + words[1:]


def _entry(spec: Spec) -> Entry:
    entry = spec.entry
    name = entry.name or entry_name(spec.name)
    return replace(entry, name=name, title=entry.title or title_of(name), version=entry.version or spec.version)


def _engine(engine: Engine, entry: Entry) -> Engine:
    """Return the engine settings, with a default prefix if the keys are in a store."""
    usual = f"{TABLE[engine.store].mount}/{entry.name}" if engine.is_stored else ""
    return replace(engine, prefix=engine.prefix or usual)


def image_of(service: Service) -> str:
    """Return the image of a service; the default is the name of the service."""
    return service.image or (service.name.lower() if re.fullmatch(COMPOSE_NAME, service.name) else "")


def _with_image(spec: Spec) -> Service:
    """Return the service with its image. A group with another image gets the start command of this image.

    The group's own `exec` and `launch.exec` take precedence.
    """
    dests = [file.dest for file in spec.files]
    started = {
        name: replace(group, exec=group.exec or (() if spec.launch.exec else start_of(group.image, dests)))
        for name, group in spec.service.groups.items()
    }
    return replace(spec.service, image=image_of(spec.service), groups=started)


def _launch(spec: Spec) -> Launch:
    """Return `launch` with a start command: the command in the spec, otherwise the usual command of the image if known."""
    known = start_of(image_of(spec.service), [file.dest for file in spec.files])
    return replace(spec.launch, exec=spec.launch.exec or tuple(map(literal, known)))


def _named(name: str, key: MetadataKey) -> MetadataKey:
    return replace(
        key,
        label=key.label or title_of(name),
        variable=key.variable or variable_of(name),
        required=key.required if key.required is not None else not key.optional,
    )


def format_of_file(file: ConfFile) -> str:
    """Return the format that a file declares or, if it declares none, the format that its path implies.

    If the file has no pairs, `.conf` and `.cfg` imply `raw`.
    """
    if file.format:
        return file.format
    pairs = not file.body or any(isinstance(block, SetBlock | CopyBlock) for block in blocks_of(file.body))
    kind = format_of(file.dest, pairs)
    guess = file.dest.endswith((".conf", ".cfg")) and kind in ("space", "properties")
    return "raw" if guess and not pairs else kind


def _file_defaults(file: ConfFile) -> ConfFile:
    return replace(file, format=format_of_file(file))
