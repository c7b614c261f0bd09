"""Small catalogs to hold invariants against: the examples of all rules, and the sound one with one or two lines spoilt.

What is spoilt is told by a seed, so that every run has the same mutants.
"""

from __future__ import annotations

import random
from collections.abc import Iterator

from catalog_forge.lint.runner import registry
from catalog_forge.rancher.tree import Tree
from tests.lint.trees import SOUND, tree

CONFIG = "templates/web/config.yml"
DOCKER = "templates/web/0/docker-compose.yml"
RANCHER = "templates/web/0/rancher-compose.yml"
# A catalog with more keys than the sound one has, so that there is more to spoil.
RICH: dict[str, str] = {
    DOCKER: SOUND[DOCKER].replace(
        "    image: nginx:1.27.3\n",
        """    image: nginx:1.27.3
    command: nginx -g 'daemon off;'
    ports:
    - 8080:80
    expose:
    - 90
    tty: true
    links:
    - db:database
    external_links:
    - mail/smtp:mail
    network_mode: managed
    restart: always
    mem_limit: 512m
    memswap_limit: 512m
    cpu_shares: 512
    cap_add: [NET_ADMIN]
    dns: 8.8.8.8
    stop_grace_period: 30s
    extra_hosts: ['a:10.0.0.1']
    ulimits: {nofile: {soft: 10, hard: 20}}
    logging: {driver: json-file, options: {max-size: 1m}}
    hostname: web
""",
    )
    + "  db: {image: 'postgres:17.2', entrypoint: [postgres], volumes: ['data:/data']}\nvolumes:\n  data: {driver: local}\n",
    RANCHER: SOUND[RANCHER]
    + """    upgrade_strategy: {start_first: true}
    scale_policy: {min: 1, max: 3, increment: 1}
    retain_ip: true
  db:
    lb_config:
      port_rules:
      - {source_port: 80, target_port: 8080, service: web, protocol: http}
      certs: [a]
""",
}
VALUES = (
    "", "x", "'5'", "5", "1.5", "-1", "99999", "true", "'true'", "[]", "[a, a]", "[1]", "[[a]]", "{}", "{a: b}", "{a: {b: c}}",
    "null", "host", "${greeting}", "${nobody}", "${a-b}", "a b", "''", "'sh -c \"'", "[{a: b}]", "2024-01-01", "*", "70000:80",
)  # fmt: skip


def examples() -> Iterator[tuple[str, Tree]]:
    """The examples of the rules of entries and revisions, by a name."""
    for rule in registry.rules():
        if rule.id < "CF6":
            for number, example in enumerate((*rule.bad, *rule.good)):
                yield f"{rule.id}-{number}", tree(example.files, example.odd)


def mutants(count: int, seed: int) -> Iterator[tuple[str, Tree]]:
    """So many spoilt catalogs, by what was done to them."""
    chance = random.Random(seed)
    for number in range(count):
        files: dict[str, str | None] = dict(RICH) if number % 3 else {path: SOUND[path] for path in (CONFIG, DOCKER, RANCHER)}
        files = {CONFIG: SOUND[CONFIG], **files}
        done = []
        for _ in range(chance.choice((1, 1, 1, 2))):
            path = chance.choice((CONFIG, DOCKER, DOCKER, RANCHER, RANCHER))
            files[path], what = _spoilt(files[path] or "", chance)
            done.append(f"{path.rpartition('/')[2]}: {what}")
        odd: dict[str, str] = {}
        if number % 10 == 9:
            done.append(_misplaced(files, odd, chance))
        yield f"{number} {'; '.join(done)}", tree(files, odd)


def _misplaced(files: dict[str, str | None], odd: dict[str, str], chance: random.Random) -> str:
    """Do something to whole files: leave one out, make links of them, give one or the revision another name."""
    how = chance.choice(("gone", "links", "renamed", "moved"))
    path = chance.choice((CONFIG, DOCKER, RANCHER))
    if how == "links":
        odd |= {each: "link" for each in SOUND if each.startswith("templates/web/0/")}
        files |= dict.fromkeys(odd)
    elif how == "moved":
        folder = chance.choice(("latest", "01", "1.2.0", "1.2"))
        for each in (DOCKER, RANCHER):
            files[each.replace("/0/", f"/{folder}/")] = files[each]
            files |= {each: None} if chance.random() < 0.5 else {}
    else:
        files |= {chance.choice((f"{path}.tpl", path.replace(".yml", ".yaml"))): files[path]} if how == "renamed" else {}
        files[path] = None
    return f"{how} {path.rpartition('/')[2]}"


def _spoilt(text: str, chance: random.Random) -> tuple[str, str]:
    lines = text.splitlines(keepends=True)
    place = chance.randrange(len(lines))
    line = lines[place]
    how = chance.choice((_misspelt, _misspelt, _other_value, _other_value, _other_value, _gone, _twice, _moved, _unquoted))
    lines[place] = how(line, chance)
    return "".join(lines), f"{how.__name__[1:]} {line.strip()!r} -> {lines[place].strip()!r}"


def _misspelt(line: str, chance: random.Random) -> str:
    key, colon, rest = line.partition(":")
    name = key.strip(" -")
    if not colon or len(name) < 3:
        return line
    place = chance.randrange(1, len(name))
    other = chance.choice(
        (name[:place] + name[place + 1 :], name[:place] + name[place - 1] + name[place:], f"{name}s", name.replace("_", "-"))
    )
    return key.replace(name, other, 1) + colon + rest


def _other_value(line: str, chance: random.Random) -> str:
    key, colon, _ = line.partition(": ")
    if not colon and line.lstrip().startswith("- "):
        return line[: line.index("- ") + 2] + chance.choice(VALUES) + "\n"
    return f"{key.rstrip().rstrip(':')}: {chance.choice(VALUES)}\n"


def _gone(_line: str, _chance: random.Random) -> str:
    return ""


def _twice(line: str, _chance: random.Random) -> str:
    return line * 2


def _moved(line: str, chance: random.Random) -> str:
    return line[2:] if line.startswith("  ") and chance.random() < 0.5 else f"  {line}"


def _unquoted(line: str, _chance: random.Random) -> str:
    return line.replace("'", "")
