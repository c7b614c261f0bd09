"""CF63x and CF64x: the templates of confd."""

from __future__ import annotations

import re
from collections.abc import Iterator

from catalog_forge.confd.imitated import releases
from catalog_forge.confd.imitated.flags import WILD
from catalog_forge.confd.reading import LISTS, Read, Written
from catalog_forge.confd.shape import FOLDERS, METADATA, not_there
from catalog_forge.errors import did_you_mean
from catalog_forge.lint.catalog import Image
from catalog_forge.lint.findings import Hit, Level
from catalog_forge.lint.images.inside import Inside, Resource, Template, inside, templates_of
from catalog_forge.lint.runner.registry import rule

_POSITION = re.compile(r"/(?:containers|services|hosts|stacks)/[0-9]+(?=/|$)")
_PASTED = re.compile(rb"[ \t]*")
_ASSIGNED = re.compile(rb"^[ \t]*(?:export[ \t]+)?[A-Za-z_]\w*=")
# Quoted text in YAML, and the `#` of a comment, which is at the beginning of the line or after a space.
_QUOTED = re.compile(rb"""(?<![^ \t\[{,])(?:"[^"\n]*+"|'[^'\n]*+')""")
_COMMENT = re.compile(rb"(?<![^ \t])#")
_FIELD = re.compile(rb"(?:[ \t]*-|[^\n]*?:)[ \t]")
# confd has no regular expressions. To test whether a value is a number, a template removes all digits and checks what
# remains; to test whether a value is a boolean, it compares the value with `true` and `false`.
_LOOKED_AT = re.compile(rb"""(?:"[0-9]" "" -1\) ){8}"[0-9]" "" -1|\(?(?:eq|ne) [^(){}]{0,200}"true"[^{}]{0,200}"false\"""")


def _in_use(known: Inside) -> Iterator[tuple[Resource, Template]]:
    """Yield each resource that confd can load, with its template."""
    for each in known.resources:
        if each.resource and each.template:
            yield each, each.template


def _paths(known: Inside) -> Iterator[tuple[Template, Read, str]]:
    """Yield each metadata lookup of the image's templates: the template, the lookup, and the full path."""
    for each, template in _in_use(known):
        for read in template.reading.reads:
            if read.path.startswith("/"):
                yield template, read, known.path_of(each, read.path)


@rule("CF631", "error", "A template cannot be parsed", on=Image)
def unparsed(image: Image) -> Iterator[Hit]:
    """confd parses a template each time it writes the file: if Go's text/template rejects it, the file is never written.

    Bad:
        -- images/web-conf/templates/web.conf.tmpl --
        {{if exists "/self/service/metadata/greeting"}}
        greeting={{getv "/self/service/metadata/greeting"}}
    Good:
        -- images/web-conf/templates/web.conf.tmpl --
        {{if exists "/self/service/metadata/greeting"}}
        greeting={{getv "/self/service/metadata/greeting"}}
        {{end}}
    Source: docs/facts/confd.md#1.10, #2.7
    """
    for conf in inside(image).confs:
        for template in templates_of(conf).values():
            if template.problem:
                words = f"confd cannot parse the template: {template.problem.message}"
                yield Hit(template.problem.where or template.file.at(), words, template.problem.hint)


@rule("CF632", "error", "A template uses a function or a construct that its confd lacks", on=Image)
def unknown_function(image: Image) -> Iterator[Hit]:
    """Each release of confd added functions, and the release's Go version determines the template syntax: a function or syntax
    that the release lacks makes the whole file fail. If the Dockerfile does not name a release, confd 0.14 to 0.16 is assumed.

    Bad:
        -- images/web-conf/templates/web.conf.tmpl --
        greeting={{getvalue "/self/service/metadata/greeting"}}
    Bad:
        -- images/web-conf/Dockerfile --
        FROM rancher/confd-base:0.11.0-dev-rancher
        COPY conf.d/ /etc/confd/conf.d/
        COPY templates/ /etc/confd/templates/
        VOLUME ["/etc/web"]
        ENTRYPOINT ["/confd"]
        CMD ["-backend", "rancher", "-prefix", "/2015-07-25", "-interval", "20"]
    Good:
        -- images/web-conf/templates/web.conf.tmpl --
        greeting={{toUpper (getv "/self/service/metadata/greeting" "hello")}}
    Source: docs/facts/confd.md#2.9, #2.10
    """
    known = inside(image)
    for conf in known.confs:
        for template in templates_of(conf).values():
            for call in template.reading.calls:
                if found := _lacking(known, call.name, call.arguments):
                    words, hint, level = found
                    yield Hit(template.at(call.start), words, hint, level=level)
            yield from _syntax(known, template)


def _lacking(known: Inside, name: str, arguments: int) -> tuple[str, str, Level | None] | None:
    """Return why a call fails, a hint, and a level (None means the rule's level). Return None if the call does not fail."""
    oldest, newest = known.release.span
    first = releases.FIRST.get(name)
    if first is None:
        # This is only a warning for a new release, because a fork of confd may have more functions.
        level: Level | None = "warning" if newest >= releases.NEWEST else None
        return f"confd has no function {name!r}", did_you_mean(name, releases.FIRST), level
    if first > newest:
        return f"{known.release.words} has no function {name!r}", f"confd 0.{first} is the first release that has it", None
    if first > oldest:
        return (
            f"confd 0.{first} is the first release with {name!r}, but this image may run 0.{oldest}",
            "download a fixed release of confd in the Dockerfile",
            "warning",
        )
    if oldest > releases.LAST.get(name, oldest):
        return (
            f"{known.release.words} has no function {name!r} any more",
            f"confd 0.{releases.LAST[name]} is the last release that has it",
            None,
        )
    most = releases.MOST_ARGUMENTS_BEFORE_12.get(name, arguments)
    if newest < 12 and arguments > most:
        return (
            f"{known.release.words} does not accept a default for {name}: the call fails",
            "confd 0.12 is the first release that accepts it; use 0.16",
            None,
        )
    return None


def _syntax(known: Inside, template: Template) -> Iterator[Hit]:
    release = known.release
    needed = [(call.name, call.start) for call in template.reading.syntax]
    trims = re.search(rb"\{\{-[ \t\r\n]|[ \t\r\n]-\}\}", template.file.content)
    if trims:
        needed.append(("a trim marker", trims.start()))
    for what, start in needed:
        first = releases.SYNTAX[what]
        # An unknown release is assumed to be new enough: the binary may have been built with a newer Go.
        if release.number is not None and release.number < first:
            words = f"{release.words} cannot parse {what}, because it was built with an older release of Go"
            yield Hit(template.at(start), words, f"confd 0.{first} is the first release that can parse it")


@rule("CF633", "warning", "exists is used on a folder", on=Image)
def folder_exists(image: Image) -> Iterator[Hit]:
    """`exists` is true only for values. For a path with keys below it, `exists` is always false, so the branch is never taken.

    Bad:
        -- images/web-conf/templates/web.conf.tmpl --
        {{if exists "/self/service/metadata/lines"}}
        {{range ls "/self/service/metadata/lines"}}{{.}}
        {{end}}{{end}}
    Good:
        -- images/web-conf/templates/web.conf.tmpl --
        {{if ls "/self/service/metadata/lines"}}
        {{range ls "/self/service/metadata/lines"}}{{.}}
        {{end}}{{end}}
    Source: docs/facts/conf-images.md#5.5, docs/facts/confd.md#2.1
    """
    known = inside(image)
    for each, template in _in_use(known):
        reads = template.reading.reads
        folders = {part for read in reads for part in read.folders}
        told_apart = {
            (template.action(read.start)[0], read.path.rstrip("/")) for read in reads if read.function in ("ls", "lsdir")
        }
        for read in reads:
            path = read.path.rstrip("/")
            if read.function != "exists" or WILD in path:
                continue
            start, code = template.action(read.start)
            is_either = (start, path) in told_apart and _EITHER.search(code)
            if FOLDERS.fullmatch(known.path_of(each, path)) or (path in folders and not is_either):
                words = f"exists {read.path!r} is always false: that is a folder, not a value"
                yield Hit(template.at(read.start), words, f'test its list instead: {{{{if ls "{path}"}}}}')


# An action that calls both `exists` and `ls` with the same path tests whether the path is a value or a folder.
_EITHER = re.compile(rb"\bnot \(?exists\b|\bor\b")


@rule("CF634", "warning", "A template looks up a service in the whole environment", on=Image)
def whole_environment(image: Image) -> Iterator[Hit]:
    """/services contains the services of all stacks by their bare names. If two stacks have a service with the same name,
    confd sees one merged service, and the nodes of one stack get the addresses of the other stack.

    Bad:
        -- images/web-conf/conf.d/web.toml --
        [template]
        src = "web.conf.tmpl"
        dest = "/etc/web/web.conf"
        keys = ["/services"]
        reload_cmd = "killall -HUP web"
        -- images/web-conf/templates/web.conf.tmpl --
        {{range ls "/services/db/containers"}}{{.}}
        {{end}}
    Good:
        -- images/web-conf/conf.d/web.toml --
        [template]
        src = "web.conf.tmpl"
        dest = "/etc/web/web.conf"
        keys = ["/self/stack"]
        reload_cmd = "killall -HUP web"
        -- images/web-conf/templates/web.conf.tmpl --
        {{range ls "/self/stack/services/db/containers"}}{{.}}
        {{end}}
    Source: docs/facts/conf-images.md#5.6
    """
    said: set[tuple[str, str]] = set()
    for template, read, path in _paths(inside(image)):
        name = path.removeprefix("/services/").partition("/")[0]
        if path.startswith("/services/") and name not in ("", WILD) and (template.file.path, name) not in said:
            said.add((template.file.path, name))
            shown = name.replace(WILD, "*")
            hint = f"read /self/stack/services/{shown} (metadata version 2015-12-19 or later)"
            yield Hit(template.at(read.start), f"/services/{shown} may be a service of any stack in the environment", hint)


@rule("CF635", "warning", "Metadata that may be missing is read without a default", on=Image)
def unguarded(image: Image) -> Iterator[Hit]:
    """`getv` of a missing key makes the whole file fail: confd logs an error, writes nothing, and the program waits
    indefinitely. `and (exists K) (getv K)` does not help: confd up to 0.16 evaluates both arguments.

    Bad:
        -- images/web-conf/templates/web.conf.tmpl --
        greeting={{getv "/self/service/metadata/greeting"}}
    Good:
        -- images/web-conf/templates/web.conf.tmpl --
        greeting={{getv "/self/service/metadata/greeting" "hello"}}
        {{if exists "/self/service/metadata/name"}}name={{getv "/self/service/metadata/name"}}{{end}}
    Source: docs/facts/conf-images.md#5.7
    """
    for template, read, path in _paths(inside(image)):
        unsafe = read.function in ("getv", "get") and not (read.default or read.guarded) and read.is_main
        if unsafe and METADATA.match(path) and not path.endswith(WILD):
            shown = path.replace(WILD, "*")
            hint = f'write a default: getv "{shown}" "...", or {{{{if exists "{shown}"}}}} around it'
            yield Hit(template.at(read.start), f"without {shown!r} in the metadata, the file is never written", hint)


@rule("CF636", "warning", "A value is written unescaped", on=Image)
def unescaped(image: Image) -> Iterator[Hit]:
    """confd's templates escape nothing: `&` in a value breaks an XML file, a quote breaks a JSON file, `yes` or `a: b` mean
    something else in YAML, and a shell runs the contents of `$(...)`. A value that is alone on its line is not reported,
    because it may itself be configuration. In YAML, a value is known to be a number if the template checks that it has only
    digits, and to be a boolean if it is compared with `true` and `false`.

    Bad:
        -- images/web-conf/conf.d/web.toml --
        [template]
        src = "web.xml.tmpl"
        dest = "/etc/web/web.xml"
        keys = ["/self/service"]
        reload_cmd = "killall -HUP web"
        -- images/web-conf/templates/web.conf.tmpl (absent) --
        -- images/web-conf/templates/web.xml.tmpl --
        <greeting>{{getv "/self/service/metadata/greeting" "hello"}}</greeting>
    Bad:
        -- images/web-conf/conf.d/web.toml --
        [template]
        src = "web.env.tmpl"
        dest = "/etc/web/web.env"
        keys = ["/self/service"]
        reload_cmd = "killall -HUP web"
        -- images/web-conf/templates/web.conf.tmpl (absent) --
        -- images/web-conf/templates/web.env.tmpl --
        export GREETING="{{getv "/self/service/metadata/greeting" "hello"}}"
    Good:
        -- images/web-conf/conf.d/web.toml --
        [template]
        src = "web.xml.tmpl"
        dest = "/etc/web/web.xml"
        keys = ["/self/service"]
        reload_cmd = "killall -HUP web"
        -- images/web-conf/templates/web.conf.tmpl (absent) --
        -- images/web-conf/templates/web.xml.tmpl --
        <greeting>{{html (getv "/self/service/metadata/greeting" "hello")}}</greeting>
    Source: docs/facts/conf-images.md#5.12, docs/facts/confd.md#7.1
    """
    known = inside(image)
    for each, template in _in_use(known):
        for written in template.reading.written:
            path = known.path_of(each, written.path)
            if METADATA.match(path) and (found := _danger(each, template, written)):
                words, hint = found
                yield Hit(template.at(written.start), f"{path.replace(WILD, '*')} is written unescaped: {words}", hint)


def _danger(each: Resource, template: Template, written: Written) -> tuple[str, str] | None:
    """Return what a value can break where it is written, and a hint; return None if the value is harmless there."""
    content, dest = template.file.content, (each.resource.dest if each.resource else "").lower()
    before = content[content.rfind(b"\n", 0, written.start) + 1 : written.start]
    end = content.find(b"\n", written.end)
    after = content[written.end : end if end >= 0 else len(content)]
    if _PASTED.fullmatch(before) and not after.strip():
        return None
    if dest.endswith((".xml", ".xhtml", ".html")):
        return "a & or < in it breaks the file", "write html (getv ...)"
    if dest.endswith(".json") and before.rstrip().endswith(b'"'):
        return "a quote or a line break in it breaks the file", 'write printf "%q" (getv ...), without quotes around it'
    in_field = _FIELD.match(before) and not (_COMMENT.search(_QUOTED.sub(b"_", before)) or _LOOKED_AT.search(before))
    if dest.endswith((".yml", ".yaml")) and in_field:
        return "in YAML, text such as yes, # or a: b means something else", 'write printf "%q" (getv ...)'
    if dest.endswith((".sh", ".env", "rc")) and _ASSIGNED.match(before):
        return "a quote ends the string, and $(...) runs as a command", "write '{{replace (getv ...) \"'\" \"'\\\\''\" -1}}'"
    return None


@rule("CF637", "note", "A position in a list is used as an identity", on=Image)
def position(image: Image) -> Iterator[Hit]:
    """`ls` sorts names as text (1, 11, 2), and newer metadata services return lists in random order: the position in a list
    changes when containers come and go. `service_index` and `name` do not change.

    Bad:
        -- images/web-conf/templates/web.conf.tmpl --
        {{range $i, $name := ls "/self/service/containers"}}server.{{$i}}={{$name}}
        {{end}}
    Bad:
        -- images/web-conf/templates/web.conf.tmpl --
        first={{getv "/self/service/containers/0"}}
    Good:
        -- images/web-conf/templates/web.conf.tmpl --
        {{range $i, $name := ls "/self/service/containers"}}{{if $i}},{{end}}{{$name}}{{end}}
    Source: docs/facts/conf-images.md#5.22, docs/facts/confd.md#2.4, #4.6
    """
    known = inside(image)
    for _, template in _in_use(known):
        for odd in template.reading.odd:
            if odd.kind == "position printed":
                words = f"this is a position in the list of {odd.what.replace(WILD, '*')!r}, which is sorted as text"
                yield Hit(template.at(odd.start), words, "read the service_index of the container")
    said: set[tuple[str, str]] = set()
    for template, read, path in _paths(known):
        found = _POSITION.search(path)
        if found and not METADATA.match(path) and (template.file.path, path) not in said:
            said.add((template.file.path, path))
            hint = "loop over the list, or read an element by its name"
            yield Hit(template.at(read.start), f"{path!r} is a position in a list whose order changes", hint)


@rule("CF638", "error", "A template reads a path that Rancher's metadata does not have", on=Image)
def wrong_path(image: Image) -> Iterator[Hit]:
    """A path that does not exist cannot be read: `getv` fails, and `ls` and `exists` never find anything. The structure of the
    metadata also depends on the version in -prefix: before 2015-12-19 a list of containers maps numbers to names, and from
    then on it maps names to containers.

    Bad:
        -- images/web-conf/templates/web.conf.tmpl --
        greeting={{getv "/self/service/metdata/greeting" "hello"}}
    Bad:
        -- images/web-conf/conf.d/web.toml --
        [template]
        src = "web.conf.tmpl"
        dest = "/etc/web/web.conf"
        keys = ["/web"]
        reload_cmd = "killall -HUP web"
        -- images/web-conf/templates/web.conf.tmpl --
        {{range gets "/web/lines/*"}}{{.Value}}
        {{end}}
    Good:
        -- images/web-conf/templates/web.conf.tmpl --
        greeting={{getv "/self/service/metadata/greeting" "hello"}}
    Source: docs/facts/conf-images.md#5.8
    """
    known = inside(image)
    if known.is_configured:
        return
    said: set[tuple[str, str]] = set()
    for template, read, path in _paths(known):
        wrong = not_there(read, path, known.metadata_version, known.is_rancher)
        if wrong and (template.file.path, wrong[0]) not in said:
            said.add((template.file.path, wrong[0]))
            fails = read.function in ("getv", "get") and not read.default
            yield Hit(template.at(read.start), *wrong, level=None if fails else "warning")


@rule("CF639", "warning", "ls is broken in this release of confd", on=Image)
def broken_ls(image: Image) -> Iterator[Hit]:
    """In confd 0.12 and 0.13, `ls` and `lsdir` also return a name that does not exist: the first part of an unrelated key. A loop
    over the result writes a bogus line or fails.

    Bad:
        -- images/web-conf/Dockerfile --
        FROM busybox:1.37.0
        ADD --checksum=sha256:0 https://github.com/kelseyhightower/confd/releases/download/v0.13.0/confd-0.13.0-linux-amd64 /confd
        COPY conf.d/ /etc/confd/conf.d/
        COPY templates/ /etc/confd/templates/
        VOLUME ["/etc/web"]
        ENTRYPOINT ["/confd"]
        CMD ["-backend", "rancher", "-prefix", "/2016-07-29", "-watch"]
        -- images/web-conf/templates/web.conf.tmpl --
        {{range ls "/self/service/metadata"}}{{.}}
        {{end}}
    Good:
        -- images/web-conf/templates/web.conf.tmpl --
        {{range ls "/self/service/metadata"}}{{.}}
        {{end}}
    Source: docs/facts/confd.md#1.13, #2.3, docs/facts/conf-images.md#5.4
    """
    known = inside(image)
    if known.release.number in (12, 13):
        for _, template in _in_use(known):
            found = next((read for read in template.reading.reads if read.function in LISTS[:2]), None)
            if found:
                words = f"{known.release.words} adds a nonexistent name to the result of {found.function}"
                yield Hit(template.at(found.start), words, "use confd 0.16.0")


@rule("CF640", "note", "A template has stray spaces, or no newline at the end", on=Image)
def stray_blanks(image: Image) -> Iterator[Hit]:
    """Whitespace in a template ends up in the file: for some programs, spaces at the end of a line are part of a value, and other
    programs ignore a last line without a newline.

    Bad:
        -- images/web-conf/conf.d/web.toml --
        [template]
        src = "web.txt"
        dest = "/etc/web/web.txt"
        -- images/web-conf/templates/web.conf.tmpl (absent) --
        -- images/web-conf/templates/web.txt --
        \x20
        greeting=hello{{""}}\x20
    Good:
        -- images/web-conf/templates/web.conf.tmpl --
        greeting=hello
    Source: docs/facts/conf-images.md#5.21
    """
    for conf in inside(image).confs:
        for template in templates_of(conf).values():
            text = template.file.text
            lines = [line.removesuffix("\r") for line in text.split("\n")]
            found = [number for number, line in enumerate(lines, start=1) if line.endswith((" ", "\t"))]
            if found:
                more = f" and of {len(found) - 1} more" if len(found) > 1 else ""
                where = template.file.at(found[0], len(lines[found[0] - 1].rstrip(" \t")) + 1)
                yield Hit(where, f"there are spaces at the end of this line{more}", "remove them")
            elif text and not text.endswith(("\n", "}}")):
                yield Hit(template.file.offset(len(text) - 1), "the last line has no line break", "add a line break")
            if "\r\n" in text:
                where = template.file.offset(text.index("\r\n"))
                yield Hit(where, "the lines end in CR LF, as do those of the rendered file", "use line feeds only")


@rule("CF641", "error", "A condition compares things that can never be equal", on=Image)
def odd_condition(image: Image) -> Iterator[Hit]:
    """Metadata values are text: comparing a value with a number makes the template fail. If a path is compared in place of its
    value, the branch is always or never taken.

    Bad:
        -- images/web-conf/templates/web.conf.tmpl --
        {{if eq "/self/service/metadata/proxy" "true"}}proxy=on{{end}}
    Bad:
        -- images/web-conf/templates/web.conf.tmpl --
        {{if eq (getv "/self/service/scale") 3}}three{{end}}
    Good:
        -- images/web-conf/templates/web.conf.tmpl --
        {{if eq (getv "/self/service/metadata/proxy" "") "true"}}proxy=on{{end}}
    Source: docs/facts/conf-images.md#5.9, docs/facts/confd.md#2.8
    """
    for _, template in _in_use(inside(image)):
        for odd in template.reading.odd:
            if odd.kind == "path compared":
                words = f"this compares the path {odd.what!r} itself, not the value at this path"
                yield Hit(template.at(odd.start), words, f'write (getv "{odd.what}" "")')
            if odd.kind == "text compared":
                words = f"metadata values are text, but {odd.what} is a number: the template fails"
                yield Hit(template.at(odd.start), words, 'compare with text such as "3", or convert the value with atoi')


@rule("CF642", "warning", "A condition tests a value without comparing it", on=Image)
def bare_condition(image: Image) -> Iterator[Hit]:
    """Any text except the empty string is true, even `false` and `0`: `{{if getv K}}` is not a switch. Without K, `getv` fails.

    Bad:
        -- images/web-conf/templates/web.conf.tmpl --
        {{if getv "/self/service/metadata/debug"}}debug=on{{end}}
    Good:
        -- images/web-conf/templates/web.conf.tmpl --
        {{if eq (getv "/self/service/metadata/debug" "") "true"}}debug=on{{end}}
    Source: docs/facts/confd.md#2.8, docs/facts/conf-images.md#4.7
    """
    for _, template in _in_use(inside(image)):
        for odd in template.reading.odd:
            if odd.kind == "text tested":
                yield Hit(template.at(odd.start), "nonempty text is true, even 'false'", 'write {{if eq (getv KEY "") "true"}}')


@rule("CF643", "warning", "A file contains the current time", on=Image)
def printed_time(image: Image) -> Iterator[Hit]:
    """The time differs in each pass: confd writes the file and reloads the program again and again, although nothing has changed.

    Bad:
        -- images/web-conf/templates/web.conf.tmpl --
        # {{datetime}}
    Bad:
        -- images/web-conf/templates/web.conf.tmpl --
        # {{datetime.Format "15:04:05"}}
    Bad:
        -- images/web-conf/templates/web.conf.tmpl --
        # {{datetime | printf "%v"}}
    Good:
        -- images/web-conf/templates/web.conf.tmpl --
        # Written by confd: changes to this file are lost.
    Source: docs/facts/confd.md#2.6
    """
    for _, template in _in_use(inside(image)):
        for odd in template.reading.odd:
            if odd.kind == "time printed":
                yield Hit(template.at(odd.start), "the time differs in each pass, so the file always changes", "leave it out")


@rule("CF644", "error", "A template has a call that fails in every pass", on=Image)
def failing_call(image: Image) -> Iterator[Hit]:
    """Some calls always fail: they have too few arguments, pass text instead of a number, or name a template that does not exist.
    Metadata values are text; `atoi` converts a value to a number. confd logs an error in each pass, and never writes the file.

    Bad:
        -- images/web-conf/templates/web.conf.tmpl --
        next={{add (getv "/self/service/metadata/number" "1") 1}}
    Bad:
        -- images/web-conf/templates/web.conf.tmpl --
        port={{getv "/self/service/metadata/port" 80}}
    Bad:
        -- images/web-conf/templates/web.conf.tmpl --
        {{template "head"}}
    Good:
        -- images/web-conf/templates/web.conf.tmpl --
        {{define "head"}}next={{add (atoi (getv "/self/service/metadata/number" "1")) 1}}{{end}}{{template "head"}}
        port={{getv "/self/service/metadata/port" "80"}}
    Source: docs/facts/confd.md#2.1, #2.8
    """
    for _, template in _in_use(inside(image)):
        for found in template.reading.failing:
            if not found.garbles:
                yield Hit(template.at(found.start), f"{found.what} fails in every pass: {found.why}")


@rule("CF645", "error", "A printf format does not fit its arguments", on=Image)
def garbled_format(image: Image) -> Iterator[Hit]:
    """printf never fails: a format that does not fit its arguments writes `%!d(string=3)` or `%!s(MISSING)` into the file.

    Bad:
        -- images/web-conf/templates/web.conf.tmpl --
        scale={{printf "%d" (getv "/self/service/scale")}}
    Bad:
        -- images/web-conf/templates/web.conf.tmpl --
        path={{printf "/%s/%s" "etc"}}
    Good:
        -- images/web-conf/templates/web.conf.tmpl --
        scale={{printf "%s" (getv "/self/service/scale")}}
    Source: docs/facts/confd.md#2.8
    """
    for _, template in _in_use(inside(image)):
        for found in template.reading.failing:
            if found.garbles:
                yield Hit(
                    template.at(found.start), f"printf writes garbled text: {found.why}", "make the format fit its arguments"
                )


@rule("CF646", "warning", "A template uses a pattern that matches nothing", on=Image)
def folder_as_pattern(image: Image) -> Iterator[Hit]:
    """`gets` and `getvs` return the keys that match the whole pattern, and a folder is not a key: a pattern that names a folder
    finds nothing unless the pattern ends in `/*`.

    Bad:
        -- images/web-conf/templates/web.conf.tmpl --
        {{range gets "/self/service/metadata"}}{{.Key}}
        {{end}}
    Good:
        -- images/web-conf/templates/web.conf.tmpl --
        {{range gets "/self/service/metadata/*"}}{{.Key}}
        {{end}}
    Source: docs/facts/confd.md#2.1
    """
    for template, read, path in _paths(inside(image)):
        if read.function in LISTS[2:] and FOLDERS.fullmatch(path.rstrip("/")):
            words = f"{read.function} {read.path!r} finds nothing: that is a folder, not a pattern"
            yield Hit(template.at(read.start), words, f'write {read.function} "{read.path.rstrip("/")}/*"')


@rule("CF647", "warning", "reverse changes nothing here", on=Image)
def not_reversed(image: Image) -> Iterator[Hit]:
    """confd's reverse works on lists of strings and on the result of sortKVByLength: the results of `gets` or `seq` are
    returned unchanged.

    Bad:
        -- images/web-conf/templates/web.conf.tmpl --
        {{range reverse (gets "/self/service/metadata/*")}}{{.Key}}
        {{end}}
    Good:
        -- images/web-conf/templates/web.conf.tmpl --
        {{range reverse (ls "/self/service/metadata")}}{{.}}
        {{end}}
    Source: docs/facts/confd.md#2.5
    """
    for _, template in _in_use(inside(image)):
        for odd in template.reading.odd:
            if odd.kind == "not reversed":
                yield Hit(template.at(odd.start), f"reverse leaves {odd.what} as it is", "reverse a result of ls, getvs or split")
