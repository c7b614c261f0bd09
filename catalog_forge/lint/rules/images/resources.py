"""CF60x to CF62x: the template resources of confd, the TOML files below conf.d/."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterator

from catalog_forge.confd.imitated.image_dir import folded
from catalog_forge.confd.reading import LISTS, Read
from catalog_forge.errors import did_you_mean
from catalog_forge.lint.catalog import Image
from catalog_forge.lint.findings import Edit, Fix, Hit
from catalog_forge.lint.images.bases import cannot_run, is_made
from catalog_forge.lint.images.inside import Resource, inside, templates_of
from catalog_forge.lint.runner.registry import rule

_KEYS = ("src", "dest", "keys", "prefix", "mode", "uid", "gid", "check_cmd", "reload_cmd")
_OPTIONAL = re.compile(r"(?:/self/service|/services/[^/]+|/self/stack/services/[^/]+|/stacks/[^/]+/services/[^/]+)/metadata/.")
_SECRET = re.compile(
    r"(?:^|[/._-])(?:id_rsa|htpasswd|passwd|passwords?|secrets?|credentials?|tokens?|private|keystore|api[._-]?keys?)(?:$|[/._-])"
    r"|\.(?:key|jks|p12|pfx)(?:$|\.)",
    re.IGNORECASE,
)
_SECRET_KEY = re.compile(
    r"(?:^|[/_.-])(?:password|passwd|secret|token|private[_.-]?key|credentials?|api[_.-]?key)$", re.IGNORECASE
)


@rule("CF601", "error", "confd cannot load a template resource", on=Image)
def not_loaded(image: Image) -> Iterator[Hit]:
    """confd reads all files in conf.d/ first: if one cannot be loaded, confd stops, and nothing is written at all.

    `uid` and `gid` must be numbers (confd accepts no user names), `keys` must be a list of strings, and all other values text.

    Bad:
        -- images/web-conf/conf.d/web.toml (changed) --
        -src = "web.conf.tmpl"
        +src = "web.conf.tmpl
    Bad:
        -- images/web-conf/conf.d/web.toml (changed) --
         [template]
        +uid = "web"
    Good:
        -- images/web-conf/conf.d/web.toml (changed) --
         [template]
        +uid = 100
    Source: docs/facts/confd.md#1.1, #1.4, #1.5
    """
    for each in inside(image).resources:
        for problem in each.problems:
            yield Hit(problem.where or each.file.at(), problem.message, problem.hint)


@rule("CF602", "warning", "confd ignores a key of a template resource", on=Image, fixable=True)
def unknown_key(image: Image) -> Iterator[Hit]:
    """confd silently ignores unknown keys: `owner` and `group` have no effect in any release (files are owned
    by root), and a misspelt `reload_cmd` never runs.

    Bad:
        -- images/web-conf/conf.d/web.toml (changed) --
         [template]
        +owner = "web"
    Bad:
        -- images/web-conf/conf.d/web.toml (changed) --
         [template]
        +reload_command = "kill -HUP 1"
    Good:
        -- images/web-conf/conf.d/web.toml (changed) --
         [template]
        +uid = 100
        +gid = 100
    Source: docs/facts/conf-images.md#5.1, docs/facts/confd.md#1.1
    """
    for each in inside(image).resources:
        written: dict[str, str] = {}
        for key in each.table:
            if folded(key) not in _KEYS:
                yield _unknown(each, key)
            elif (before := written.setdefault(folded(key), key)) != key:
                words = f"{before!r} and {key!r} are the same key to confd, which uses one of the two at random"
                yield Hit(each.file.offset(each.table.places[key]), words, "keep one of them")
        for key, value in each.document.items():
            if folded(key) in _KEYS and not isinstance(value, dict):
                where = each.file.offset(each.document.places[key])
                yield Hit(where, f"{key!r} is outside [template]: confd ignores it", "move it below [template]")


def _unknown(each: Resource, key: str) -> Hit:
    if key.lower() in ("owner", "user", "group"):
        word = "gid" if key.lower() == "group" else "uid"
        hint = f"write the numeric user id: {word} = 1000; without it, the file belongs to root"
        return Hit(each.at(key), f"confd ignores the key {key!r}: no release has it", hint, _without(each, key))
    if key.lower() in ("interval", "watch", "onetime"):
        return Hit(each.at(key), f"a template resource has no key {key!r}", f"use the command-line flag -{key.lower()} of confd")
    return Hit(each.at(key), f"confd has no key {key!r}: it is ignored", did_you_mean(key, _KEYS))


def _without(each: Resource, key: str) -> Fix | None:
    """Return a fix that deletes the line of a key, if the line contains only the key and its value."""
    line = rf"^[ \t]*{re.escape(key)}[ \t]*=[ \t]*(?:\"[^\"\n]*\"|'[^'\n]*'|\w+)[ \t]*\r?(?:\n|$)"
    found = None if each.file.above else re.search(line, each.file.text, re.MULTILINE)
    return Fix(f"delete {key}", each.file.path, (Edit(found.start(), found.end(), ""),)) if found else None


@rule("CF603", "warning", "A mode without a leading 0 is read as a decimal number", on=Image, fixable=True)
def decimal_mode(image: Image) -> Iterator[Hit]:
    """confd reads a mode as Go reads a number: "0644" is octal, but "644" is the decimal number 644, which means the permissions
    -w----r--.

    Bad:
        -- images/web-conf/conf.d/web.toml (changed) --
        -mode = "0644"
        +mode = "644"
    Good:
        -- images/web-conf/conf.d/web.toml (changed) --
         mode = "0644"
    Source: docs/facts/confd.md#1.2
    """
    for each in inside(image).resources:
        written = _text(each, "mode")
        if each.resource and re.fullmatch("[1-7][0-7]{2,3}", written):
            mode = (each.resource.mode or 0) & 0o777
            found = each.key("mode")
            place = each.file.text.find(written, found) if found is not None and not each.file.above else -1
            fix = Fix("write the mode in octal", each.file.path, (Edit(place, place, "0"),)) if place >= 0 else None
            yield Hit(each.at("mode", written), f'mode "{written}" is decimal: it gives {mode:04o}', f'write "0{written}"', fix)


@rule("CF604", "error", "A file mode is not a number", on=Image)
def bad_mode(image: Image) -> Iterator[Hit]:
    """confd parses `mode` when it processes the resource: if `mode` is not a number, the file is never written.

    Bad:
        -- images/web-conf/conf.d/web.toml (changed) --
        -mode = "0644"
        +mode = "u=rw"
    Good:
        -- images/web-conf/conf.d/web.toml (changed) --
        -mode = "0644"
        +mode = "0640"
    Source: docs/facts/confd.md#1.2
    """
    for each in inside(image).resources:
        if each.resource and each.resource.fault:
            written = _text(each, "mode")
            words = f"mode {written!r} is not a number: confd never writes the file"
            yield Hit(each.at("mode", written), words, 'write, for example, "0644"')


@rule("CF605", "warning", "A template resource has its own prefix", on=Image)
def own_prefix(image: Image) -> Iterator[Hit]:
    """Up to confd 0.11 a resource's `prefix` is appended to the -prefix of the command line. From 0.12 on, -prefix replaces
    `prefix`, so confd looks for the keys at a different path and does not find them.

    Bad:
        -- images/web-conf/conf.d/web.toml --
        [template]
        src = "web.conf.tmpl"
        dest = "/etc/web/web.conf"
        prefix = "/self/service"
        keys = ["/metadata"]
    Good:
        -- images/web-conf/conf.d/web.toml --
        [template]
        src = "web.conf.tmpl"
        dest = "/etc/web/web.conf"
        keys = ["/self/service"]
    Source: docs/facts/conf-images.md#5.2, docs/facts/confd.md#3.4
    """
    for each in inside(image).resources:
        if each.prefix:
            words = f"the effect of prefix {each.prefix!r} depends on confd's release: from 0.12 on, the flag -prefix replaces it"
            yield Hit(each.at("prefix"), words, f"write the whole path in keys and in the template: {each.prefix}/...")


@rule("CF606", "warning", "A key is declared but never read", on=Image)
def unread_key(image: Image) -> Iterator[Hit]:
    """Each key costs a request to the metadata service in each pass of confd. With -watch, every change of the metadata causes a
    pass.

    Bad:
        -- images/web-conf/conf.d/web.toml --
        [template]
        src = "web.conf.tmpl"
        dest = "/etc/web/web.conf"
        keys = ["/self/service", "/hosts"]
    Good:
        -- images/web-conf/conf.d/web.toml --
        [template]
        src = "web.conf.tmpl"
        dest = "/etc/web/web.conf"
        keys = ["/self/service"]
    Source: docs/facts/conf-images.md#5.10
    """
    for each in inside(image).resources:
        if each.resource and each.template and not each.template.problem:
            reading = each.template.reading
            for key in () if reading.reads_anything else each.resource.keys:
                # If a resource has the key "/" and its template reads nothing, the resource only tests whether the store answers.
                if (reading.reads or _clean(key) != "/") and not any(_reaches(read, _clean(key)) for read in reading.reads):
                    yield Hit(each.at("keys", key), f"the template reads nothing below {key!r}", "remove the key")


@rule("CF607", "error", "A template reads metadata that no key declares", on=Image)
def undeclared(image: Image) -> Iterator[Hit]:
    """The template sees only the metadata below the keys in `keys`. All other metadata is missing: `getv` fails, and `ls` finds
    nothing.

    Bad:
        -- images/web-conf/conf.d/web.toml --
        [template]
        src = "web.conf.tmpl"
        dest = "/etc/web/web.conf"
        keys = ["/self/container"]
    Good:
        -- images/web-conf/conf.d/web.toml --
        [template]
        src = "web.conf.tmpl"
        dest = "/etc/web/web.conf"
        keys = ["/self"]
    Source: docs/facts/conf-images.md#5.11
    """
    for each in inside(image).resources:
        template = each.template
        if each.resource and template:
            keys = [_clean(key) for key in each.resource.keys]
            said: set[str] = set()
            for read in template.reading.reads:
                wanted = read.path.startswith("/") and read.known != "/" and read.path not in said
                if wanted and not any(_reaches(read, key) for key in keys):
                    said.add(read.path)
                    fails = read.function in ("getv", "get") and not read.default
                    words = f"{read.function} reads {_shown(read.path)!r}, which is not below any of the keys in {each.file.name}"
                    yield Hit(template.at(read.start), words, _declare(read.path), level=None if fails else "warning")


def _declare(path: str) -> str:
    root = next((each for each in ("/self/service", "/self/stack", "/self/container", "/self/host") if path.startswith(each)), "")
    return f"declare {root or '/' + path.split('/')[1]!r} in keys"


@rule("CF608", "warning", "A key names metadata that may not exist", on=Image)
def optional_key(image: Image) -> Iterator[Hit]:
    """If a key is missing from the metadata, the service answers 404 with a JSON body, and confd treats this body as data:
    `code`, `message` and `type` appear below the key, and a loop over the key writes three bogus lines.

    Bad:
        -- images/web-conf/conf.d/web.toml --
        [template]
        src = "web.conf.tmpl"
        dest = "/etc/web/web.conf"
        keys = ["/self/service/metadata/greeting"]
    Good:
        -- images/web-conf/conf.d/web.toml --
        [template]
        src = "web.conf.tmpl"
        dest = "/etc/web/web.conf"
        keys = ["/self/service"]
    Source: docs/facts/conf-images.md#5.3, docs/facts/confd.md#3.7
    """
    for each in inside(image).resources:
        for key in each.resource.keys if each.resource else ():
            path = inside(image).path_of(each, _clean(key))
            if _OPTIONAL.match(path):
                words = f"{key!r} may be missing: confd would store the metadata service's 404 response as keys below it"
                yield Hit(each.at("keys", key), words, f"declare a key that always exists: {path.partition('/metadata')[0]!r}")


@rule("CF609", "error", "The template of a resource is missing", on=Image)
def missing_template(image: Image) -> Iterator[Hit]:
    """confd looks for `src` in templates/. If templates/ has no such file, confd never writes `dest`.

    Bad:
        -- images/web-conf/conf.d/web.toml (changed) --
        -src = "web.conf.tmpl"
        +src = "web.tmpl"
    Good:
        -- images/web-conf/conf.d/web.toml (changed) --
         src = "web.conf.tmpl"
    Source: docs/facts/confd.md#1.1
    """
    known = inside(image)
    for each in known.resources:
        if each.resource and each.template is None:
            name = posixpath.basename(each.resource.src)
            # The template may come from the base image, or the build may create it.
            unsure = name in known.words or (known.dockerfile is not None and not known.base)
            hint = did_you_mean(each.resource.src, templates_of(each.conf))
            words = f"the template templates/{each.resource.src} does not exist"
            yield Hit(each.at("src", _text(each, "src")), words, hint, level="warning" if unsure else None)


@rule("CF610", "warning", "A template is not used by any resource", on=Image)
def unused_template(image: Image) -> Iterator[Hit]:
    """confd writes only the files of its resources: a template that no resource names is a leftover, or its resource is missing.

    Bad:
        -- images/web-conf/templates/old.conf.tmpl --
        greeting=hello
    Good:
        -- images/web-conf/templates/web.conf.tmpl --
        greeting={{getv "/self/service/metadata/greeting" "hello"}}
    Source: docs/facts/confd.md#1.1
    """
    known = inside(image)
    for conf in known.confs:
        resources = [each for each in known.resources if each.conf is conf]
        used = {each.resource.src for each in resources if each.resource}
        broken = any(each.problems for each in resources)
        for src, template in templates_of(conf).items():
            # A script that names the template may use it to build another template.
            name = template.file.name
            if src not in used and not broken and name not in known.words and not name.startswith("."):
                words = f"no resource uses this template: none has src = {src!r}"
                yield Hit(template.file.at(), words, did_you_mean(src, used - set(templates_of(conf))))


@rule("CF611", "error", "Two resources write one file", on=Image)
def same_dest(image: Image) -> Iterator[Hit]:
    """If two resources share a `dest`, each pass writes the file twice and reloads the program twice; the last content remains.

    Bad:
        -- images/web-conf/conf.d/other.toml --
        [template]
        src = "web.conf.tmpl"
        dest = "/etc/web/web.conf"
        keys = ["/self/service"]
    Good:
        -- images/web-conf/conf.d/other.toml --
        [template]
        src = "web.conf.tmpl"
        dest = "/etc/web/other.conf"
        keys = ["/self/service"]
    Source: docs/facts/confd.md#1.6
    """
    first: dict[tuple[int, str], Resource] = {}
    for each in inside(image).resources:
        if each.resource and each.resource.dest:
            dest = posixpath.normpath(each.resource.dest)
            before = first.setdefault((id(each.conf), dest), each)
            if before is not each:
                where = each.at("dest", each.resource.dest)
                yield Hit(where, f"{before.file.name} also writes {dest!r}", "use one resource per file")


@rule("CF612", "error", "A dest is missing or not absolute", on=Image)
def bad_dest(image: Image) -> Iterator[Hit]:
    """Without `dest` confd fails in every pass. A relative `dest` depends on the folder in which confd is started.

    Bad:
        -- images/web-conf/conf.d/web.toml --
        [template]
        src = "web.conf.tmpl"
        keys = ["/self/service"]
    Bad:
        -- images/web-conf/conf.d/web.toml (changed) --
        -dest = "/etc/web/web.conf"
        +dest = "etc/web/web.conf"
    Good:
        -- images/web-conf/conf.d/web.toml (changed) --
         dest = "/etc/web/web.conf"
    Source: docs/facts/confd.md#1.1
    """
    for each in inside(image).resources:
        if each.resource and not each.resource.dest:
            yield Hit(each.file.at(1, 1), "there is no dest: confd cannot write a file", 'write dest = "/PATH" below [template]')
        elif each.resource and each.resource.misplaced:
            words = f"{each.resource.misplaced}: confd cannot put a file there"
            yield Hit(each.at("dest", each.resource.dest), words, "add a file name")
        elif each.resource and not each.resource.dest.startswith("/"):
            dest = each.resource.dest
            words = f"dest {dest!r} is relative to the folder in which confd is started"
            yield Hit(each.at("dest", dest), words, f"write {'/' + dest!r}", level="warning")


@rule("CF613", "note", "Nothing reloads when a file changes", on=Image)
def never_reloads(image: Image) -> Iterator[Hit]:
    """confd writes the files again when the metadata changes, but the program reads them only at startup: without a `reload_cmd`,
    the program does not notice the change. A generated image is not reported if its spec mentions `reload`.

    Bad:
        -- images/web-conf/conf.d/web.toml (changed) --
        -mode = "0644"
        -reload_cmd = "wget -q -O /dev/null http://web:81/reload"
    Good:
        -- images/web-conf/conf.d/web.toml (changed) --
        -reload_cmd = "wget -q -O /dev/null http://web:81/reload"
        +reload_cmd = "killall -HUP web"
    Source: docs/facts/conf-images.md#5.13
    """
    known = inside(image)
    loaded = [each for each in known.resources if each.resource]
    once = known.runs and all("onetime" in run.flags for run in known.runs)
    reloading = any(each.resource and each.resource.reload_cmd for each in loaded)
    if loaded and not once and not reloading and not image.mentions_reload:
        who = f"none of the {len(loaded)} resources of this image has a" if len(loaded) > 1 else "this resource has no"
        words = f"{who} reload_cmd: the program does not notice that a file has changed"
        yield Hit(loaded[0].file.at(), words, "add a reload_cmd, or run confd with -onetime", key="reload_cmd")


@rule("CF614", "error", "A check or reload command cannot run in the image", on=Image)
def command_missing(image: Image) -> Iterator[Hit]:
    """confd runs check_cmd and reload_cmd with /bin/sh -c in its own container: an image built from scratch has no shell, and the
    programs of the service's image are not available.

    Bad:
        -- images/web-conf/Dockerfile --
        FROM scratch
        COPY confd /confd
        COPY conf.d/ /etc/confd/conf.d/
        COPY templates/ /etc/confd/templates/
        VOLUME ["/etc/web"]
        ENTRYPOINT ["/confd"]
        CMD ["-backend", "rancher", "-prefix", "/2016-07-29", "-watch"]
        -- images/web-conf/conf.d/web.toml (changed) --
        -reload_cmd = "wget -q -O /dev/null http://web:81/reload"
        +reload_cmd = "kill -HUP 1"
    Bad:
        -- images/web-conf/conf.d/web.toml (changed) --
        -reload_cmd = "wget -q -O /dev/null http://web:81/reload"
        +reload_cmd = "nginx -s reload"
    Good:
        -- images/web-conf/conf.d/web.toml (changed) --
         reload_cmd = "wget -q -O /dev/null http://web:81/reload"
    Source: docs/facts/conf-images.md#5.13, docs/facts/confd.md#1.9
    """
    known = inside(image)
    for each in known.resources:
        for key in ("check_cmd", "reload_cmd"):
            command = _text(each, key)
            if each.resource and command.strip():
                why = cannot_run(known, command)
                if why:
                    hint = "add the program to the image, or reload over HTTP"
                    yield Hit(each.at(key, command), f"{key} cannot run: {why}", hint)


@rule("CF615", "warning", "The folder of a dest might be missing", on=Image)
def no_folder(image: Image) -> Iterator[Hit]:
    """confd writes a temporary file into the folder of `dest`: if the folder does not exist, for example because the entry lacks
    the volume, every pass fails.

    Bad:
        -- images/web-conf/conf.d/web.toml (changed) --
        -dest = "/etc/web/web.conf"
        +dest = "/srv/web/web.conf"
    Good:
        -- images/web-conf/conf.d/web.toml (changed) --
         dest = "/etc/web/web.conf"
    Source: docs/facts/conf-images.md#5.25
    """
    known = inside(image)
    said: set[str] = set()
    for each in known.resources:
        folder = posixpath.dirname(posixpath.normpath(each.resource.dest)) if each.resource else ""
        if not folder.startswith("/") or folder in said or not known.base or is_made(known, folder):
            continue
        said.add(folder)
        where = each.at("dest", each.resource.dest if each.resource else "")
        yield Hit(where, f"nothing creates {folder} in the image", f'write VOLUME ["{folder}"], or create it in the Dockerfile')


@rule("CF616", "warning", "A file with a secret is readable by everyone", on=Image)
def open_secret(image: Image) -> Iterator[Hit]:
    """Without a `mode`, confd writes files with mode 0644: every user of every container that mounts the volume can then read
    the keys, passwords and tokens in these files.

    Bad:
        -- images/web-conf/conf.d/web.toml (changed) --
        -dest = "/etc/web/web.conf"
        +dest = "/etc/web/htpasswd"
    Good:
        -- images/web-conf/conf.d/web.toml (changed) --
        -dest = "/etc/web/web.conf"
        +dest = "/etc/web/htpasswd"
        -mode = "0644"
        +mode = "0640"
        +gid = 101
    Source: docs/facts/conf-images.md#5.23
    """
    for each in inside(image).resources:
        mode = each.resource.mode if each.resource and each.resource.mode is not None else 0o644
        if each.resource and mode & 0o004 and (why := _secret(each)):
            key = "mode" if each.key("mode") is not None else "dest"
            words = f"{why} is written with mode {mode & 0o777:04o}: everyone can read it"
            yield Hit(each.at(key), words, 'write mode = "0600", or "0640" with the gid of the program')


def _secret(each: Resource) -> str:
    """Return a description of the secret that a resource writes; an empty string if it writes no secret."""
    resource = each.resource
    if resource and _SECRET.search(posixpath.basename(resource.dest)):
        return posixpath.basename(resource.dest)
    written = each.template.reading.written if each.template else []
    found = next((each.path for each in written if _SECRET_KEY.search(each.path)), "")
    return f"a file that contains {_shown(found)}" if found else ""


@rule("CF617", "warning", "A secret is hard-coded in the image", on=Image)
def fixed_secret(image: Image) -> Iterator[Hit]:
    """A template without an action is copied unchanged: all users of the image get the same secret, and anyone who can read the
    repository knows the secret.

    Bad:
        -- images/web-conf/conf.d/secret.toml --
        [template]
        src = "signature.secret"
        dest = "/etc/web/signature.secret"
        mode = "0600"
        -- images/web-conf/templates/signature.secret --
        correct horse battery staple
    Good:
        -- images/web-conf/conf.d/secret.toml --
        [template]
        src = "signature.secret"
        dest = "/etc/web/signature.secret"
        mode = "0600"
        keys = ["/self/service"]
        -- images/web-conf/templates/signature.secret --
        {{getv "/self/service/metadata/signature" ""}}
    Source: docs/facts/conf-images.md#5.24
    """
    for each in inside(image).resources:
        if each.resource and each.template and each.template.is_static and each.template.file.text.strip():
            name = posixpath.basename(each.resource.dest)
            if _SECRET.search(name):
                words = f"{name} is the same for every user of the image"
                yield Hit(each.template.file.at(1, 1), words, "read the secret from the metadata")


@rule("CF618", "warning", "A command has a placeholder that confd does not fill in", on=Image)
def untemplated_command(image: Image) -> Iterator[Hit]:
    """In check_cmd, confd replaces `{{.src}}` with the path of the new file, and any other name with `<no value>`. reload_cmd is
    not a template at all.

    Bad:
        -- images/web-conf/conf.d/web.toml (changed) --
         [template]
        +check_cmd = "test -s {{.dest}}"
    Good:
        -- images/web-conf/conf.d/web.toml (changed) --
        -reload_cmd = "wget -q -O /dev/null http://web:81/reload"
        +reload_cmd = "killall -HUP web"
        +check_cmd = "test -s {{.src}}"
    Source: docs/facts/confd.md#1.1, #1.3
    """
    for each in inside(image).resources:
        for key in ("check_cmd", "reload_cmd"):
            for found in re.findall(r"\{\{(?:(?!\{\{).)*?\}\}", _text(each, key)) if each.resource else ():
                if key == "reload_cmd":
                    words = f"reload_cmd is not a template: {found} reaches the shell unchanged"
                    yield Hit(each.at(key, found), words, "write the path itself")
                elif re.fullmatch(r"\{\{-?\s*\.\w+\s*-?\}\}", found) and ".src" not in found:
                    words = f"in check_cmd, confd replaces only {{{{.src}}}}: {found} becomes <no value>"
                    yield Hit(each.at(key, found), words, "write {{.src}}")


@rule("CF619", "warning", "A check reads the old file", on=Image)
def check_of_the_old_file(image: Image) -> Iterator[Hit]:
    """confd runs check_cmd before it installs the new file: a check that reads `dest` checks the old file, so every new file
    passes. If `dest` does not exist yet, the check always fails.

    Bad:
        -- images/web-conf/conf.d/web.toml (changed) --
         [template]
        +check_cmd = "grep -q greeting /etc/web/web.conf"
    Good:
        -- images/web-conf/conf.d/web.toml (changed) --
         [template]
        +check_cmd = "grep -q greeting {{.src}}"
    Source: docs/facts/confd.md#1.1, #1.7
    """
    for each in inside(image).resources:
        check, dest = _text(each, "check_cmd"), each.resource.dest if each.resource else ""
        if dest and ".src" not in check and re.search(rf"(?<![\w./-]){re.escape(dest)}(?![\w./-])", check):
            words = f"check_cmd reads {dest}, which is still the old file"
            yield Hit(each.at("check_cmd", dest), words, "write {{.src}}, the path of the new file")


def _text(each: Resource, key: str) -> str:
    found = next((value for name, value in reversed(each.table.items()) if folded(name) == key), "")
    return found if isinstance(found, str) else ""


def _clean(key: str) -> str:
    return "/" + key.strip("/")


def _shown(path: str) -> str:
    return path.replace("\0", "*")


def _reaches(read: Read, key: str) -> bool:
    """Whether a lookup may read at or below a key. A lookup above it may if it lists a folder or has a partly unknown path."""
    known = read.known
    if key == "/" or known == key or known.startswith(key + "/"):
        return True
    open_end = read.path != known or read.function in LISTS
    return open_end and (key + "/").startswith(known if read.path != known else known.rstrip("/") + "/")
