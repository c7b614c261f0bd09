"""Adds examples to the `--help` of commands whose docstring has none, and a note to each option that may be repeated."""

from __future__ import annotations

import click

EXAMPLES = {
    "new": (
        "new redis-conf",
        "new web-conf --service nginx:1.27.3 --config /etc/nginx/nginx.conf --reload 'signal HUP' --metadata port",
    ),
    "blueprints": ("blueprints --format json",),
    "blueprints new": ("blueprints new web --from web-conf --ask service.scale",),
    "adopt": ("adopt images/redis --entry templates/redis", "adopt images --write"),
    "update": ("update redis-conf --check", "update redis-conf --set memory=64mb"),
    "generate": ("generate redis-conf", "generate --check --diff"),
    "release": ("release redis-conf --dry-run", "release --all --changed --commit"),
    "lock": ("lock", "lock --check", "lock redis-conf --online"),
    "chart": ("chart redis-conf", "chart --entry templates/redis --output charts", "chart redis-conf --check --diff"),
    "bake": ("bake -o docker-bake.json", "bake --shards 64 --changed-since origin/main --format github"),
    "build": ("build redis-conf", "build --push -j 4"),
    "sbom": ("sbom redis-conf -o redis-conf.spdx.json",),
    "scenario": ("scenario new redis-conf",),
    "scenario new": ("scenario new redis-conf --set maxmemory=64mb", "scenario new redis-conf grows"),
    "test": ("test redis-conf", "test --engine stack --scenario first"),
    "metadata": ("metadata tree --file specs/redis-conf/scenarios/first.yml",),
    "metadata get": ("metadata get /latest/self/service --file specs/redis-conf/scenarios/first.yml",),
    "metadata serve": ("metadata serve specs/redis-conf/scenarios/first.yml --listen 127.0.0.1:8080",),
    "metadata tree": ("metadata tree /latest/self/service --url http://rancher-metadata",),
    "lint": ("lint", "lint templates/redis --fail-on warning", "lint --explain CF404"),
    "upgrades": ("upgrades redis",),
    "standards": ("standards show",),
    "standards show": ("standards show --format json",),
    "standards impact": ("standards impact --since origin/main",),
    "standards adopt": ("standards adopt --write",),
    "standards report": ("standards report ../one ../another",),
    "up": ("up redis -d --set maxmemory=64mb", "up redis --plan", "up redis --watch"),
    "seed": ("seed redis-conf --dry-run",),
    "down": ("down redis -v",),
    "ps": ("ps redis --format json",),
    "spec": ("spec show redis-conf",),
    "spec add-key": ("spec add-key redis-conf timeout --type int --default 60",),
    "spec get": ("spec get redis-conf service/image",),
    "spec picture": ("spec picture redis-conf -o redis.svg",),
    "spec set": ("spec set redis-conf service/scale 3",),
    "spec show": ("spec show redis-conf",),
    "spec unset": ("spec unset redis-conf service/scale",),
    "schema": ("schema spec", "schema catalog"),
    "doctor": ("doctor --format json",),
}


def add(command: click.Command, path: str) -> None:
    """Add the examples of a command and its subcommands to their help, and mark the options that may be repeated."""
    for each in command.params:
        if isinstance(each, click.Option) and each.multiple and each.help and "repeated" not in each.help:
            each.help = f"{each.help.rstrip('.')}; may be repeated."
    if lines := EXAMPLES.get(path):
        command.epilog = "\n".join(["\b", "Examples:", *(f"  catalog-forge {line}" for line in lines)])
    if isinstance(command, click.Group):
        for name, below in command.commands.items():
            add(below, f"{path} {name}")
