"""CF412, CF425, CF428 to CF440, CF442: one rule for each kind of fault that rancher-compose refuses or ignores in a revision.

The rules are defined in a table. Each rule reports the faults of its kind that the launch judge (`lint.judges.launch`) finds, so
that the rules and the judge never differ.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from catalog_forge.lint.entries.judged import judged
from catalog_forge.lint.findings import Hit, Level
from catalog_forge.lint.runner.registry import rule
from catalog_forge.rancher.entries import DOCKER, DOCKER_TEMPLATE, Revision


def _example(part: str, good: bool = False) -> str:
    """Return an example: lines below the service `web` of docker-compose.yml, or whole files if `part` begins with `-- `."""
    text = (
        part if part.startswith("-- ") else f"-- templates/web/0/docker-compose.yml: services.web --\nimage: nginx:1.27.3\n{part}"
    )
    return f"{'Good' if good else 'Bad'}:\n" + "\n".join(f"    {line}" for line in text.split("\n")) + "\n"


def _table(identity: str, title: str, text: str, bad: tuple[str, ...], good: str, source: str, level: Level = "error") -> None:
    def check(revision: Revision) -> Iterator[Hit]:
        return judged(revision, identity)

    check.__doc__ = text + "\n\n" + "".join(map(_example, bad)) + _example(good, True) + f"Source: {source}\n"
    rule(identity, level, title, on=Revision)(check)


_SCHEMA = "docs/facts/catalog.md#4.1; config/schema.go of rancher-compose-executor v0.14.29"
_RANCHER = "-- templates/web/0/rancher-compose.yml: services.web --\n"
_SERVICES = "-- templates/web/0/docker-compose.yml: services --\n"
_OLD_BALANCER = "lb:\n  image: rancher/load-balancer-service\n  ports: ['80:80']\n"
_WHOLE = "-- templates/web/0/docker-compose.yml --\nversion: '2'\nservices:\n  web:\n    image: nginx:1.27.3\n"

for _row in (
    (
        "CF428",
        "A value of a service has the wrong type",
        "rancher-compose checks each key against a schema: it refuses text where a list is expected, and a number "
        "where text is expected.",
        ("ports: 80:80", "command: [sleep, 9000]", "hostname: 5", "links: {db: database}", "restart: no"),
        "ports: ['80:80']\ncommand: [sleep, '9000']\nhostname: '5'\nrestart: 'no'",
        _SCHEMA,
    ),
    (
        "CF429",
        "A port cannot be read",
        "A port is a number up to 65535 or a range, optionally preceded by the host's address and port, and followed "
        "by /tcp or /udp.",
        ("ports: ['70000:80']", "ports: [abc]", "ports: ['80:80:80:80']"),
        "ports: ['80:80', '8000-8001:80-81', '127.0.0.1:53:53/udp', 90]",
        "parsePortSpec of docker/go-connections, as contained in rancher-compose-executor v0.14.29",
    ),
    (
        "CF430",
        "A command cannot be split into words",
        "A command written as text is split into words as in a shell: an unclosed quote makes the launch fail.",
        ('command: "sh -c \'echo"', "entrypoint: sleep \\"),
        "command: \"sh -c 'echo'\"",
        "shlex.Split in yaml/command.go of rancher-compose-executor v0.14.29",
    ),
    (
        "CF431",
        "A number, a size or a time cannot be read",
        "Sizes are written like 512m, times like 1m30s, and all other numbers are integers.",
        ("mem_limit: half", "stop_grace_period: 5 min", "cpu_shares: many"),
        "mem_limit: 512m\nstop_grace_period: 1m30s\ncpu_shares: '512'",
        "yaml/types_yaml.go of rancher-compose-executor v0.14.29",
    ),
    (
        "CF432",
        "memswap_limit is set without mem_limit",
        "A limit on memory plus swap makes no sense without a limit on memory: the schema requires both.",
        ("memswap_limit: 1g",),
        "mem_limit: 512m\nmemswap_limit: 1g",
        _SCHEMA,
    ),
    (
        "CF433",
        "A key or a number cannot be stored as JSON",
        "Before checking a service, rancher-compose converts it to JSON, in which keys must be text and numbers must be finite.",
        ("labels: {5: a}", "environment: {'': a}", f"{_RANCHER}metadata: {{limit: .inf}}"),
        "labels: {'5': a}",
        "config/validation.go of rancher-compose-executor v0.14.29",
    ),
    (
        "CF434",
        "A key inside a value is unknown",
        "build, logging, extends and the networks of a service are mappings with fixed keys; other keys are refused.",
        ("build: {contxt: .}", "logging: {drvier: json-file}"),
        "logging: {driver: json-file, options: {max-size: 1m}}",
        _SCHEMA,
    ),
    (
        "CF435",
        "A service needs a file or a service that does not exist at launch",
        "Only the two compose files reach Rancher: env_file and extends cannot use any other file, and extends needs "
        "an existing service.",
        ("env_file: web.env", "extends: {service: base}", "extends: {service: base, file: base.yml}"),
        "environment: {MODE: fast}",
        "docs/facts/catalog.md#4.1; config/merge_v2.go of rancher-compose-executor v0.14.29",
    ),
    (
        "CF436",
        "A merge key cannot be merged",
        "The value of `<<` must be a mapping or a list of mappings; anything else makes the whole file invalid.",
        ("<<: nothing",),
        f"{_WHOLE}    labels: &common {{org.example.role: web}}\n  api:\n    image: nginx:1.27.3\n    labels: {{<<: *common}}",
        'decode.go of gopkg.in/yaml.v2, "map merge requires map or sequence of maps as the value"',
    ),
    (
        "CF437",
        "A volume, a network or a secret of a stack has the wrong type",
        "The sections next to `services` are decoded too: volumes and networks are mappings of mappings.",
        (f"{_WHOLE}volumes: {{data: local}}", f"{_WHOLE}volumes: {{data: {{per_container: 'true'}}}}"),
        f"{_WHOLE}volumes: {{data: {{driver: local, per_container: true}}, logs: }}",
        "docs/facts/catalog.md#4.1; config/types.go of rancher-compose-executor v0.14.29",
    ),
    (
        "CF412",
        "A request line is not valid HTTP",
        "A request line is passed to haproxy, which expects METHOD PATH HTTP/1.0 and fills in missing parts: for a path alone "
        "it sends OPTIONS, which many servers refuse, so the service never becomes healthy.",
        (
            f"{_RANCHER}health_check: {{port: 80, request_line: /health}}",
            f"{_RANCHER}health_check: {{port: 80, request_line: get /}}",
        ),
        f"{_RANCHER}health_check: {{port: 80, request_line: GET /health HTTP/1.0}}",
        "docs/facts/catalog.md#3.15, #8.9",
        "warning",
    ),
    (
        "CF425",
        "A load balancer has a target that does not exist",
        "Each rule of a load balancer names a service of the stack, or STACK/SERVICE; a load balancer of Rancher 1.1 has links "
        "instead. With any other name the stack fails when the load balancer is created.",
        (
            f"{_RANCHER}lb_config:\n  port_rules:\n  - {{source_port: 80, target_port: 8080, service: wbe}}",
            f"{_SERVICES}web:\n  image: nginx:1.27.3\n{_OLD_BALANCER}  links: [wbe]",
        ),
        f"{_RANCHER}lb_config:\n  port_rules:\n  - {{source_port: 80, target_port: 8080, service: web}}\n"
        "  - {source_port: 81, target_port: 8080, service: other/web}",
        'rancher-compose-executor v0.14.29, "has a link to service ... which is undefined", "Failed to find existing service"',
    ),
    (
        "CF442",
        "A load balancer has a sidekick as its target",
        "To Rancher a sidekick is part of its primary, not a service: no service with that name is found when the "
        "load balancer is created.",
        (
            f"{_SERVICES}web:\n  image: nginx:1.27.3\n  labels: {{io.rancher.sidekicks: app}}\napp:\n  image: nginx:1.27.3\n"
            f"{_OLD_BALANCER}  links: [app]",
            f"{_SERVICES}web:\n  image: nginx:1.27.3\n  labels: {{io.rancher.sidekicks: app}}\napp:\n  image: nginx:1.27.3\n"
            "lb:\n  image: rancher/lb-service-haproxy:v0.9.1\n  lb_config: {port_rules: [{source_port: 80, service: app}]}",
        ),
        f"{_SERVICES}web:\n  image: nginx:1.27.3\n  labels: {{io.rancher.sidekicks: app}}\napp:\n  image: nginx:1.27.3\n"
        f"{_OLD_BALANCER}  links: [web]",
        "docs/facts/catalog.md#4.9; FindExisting of rancher-compose-executor v0.14.29; rancher/rancher#3322",
    ),
    (
        "CF439",
        "A key inside a value is never read",
        "rancher-compose ignores unknown keys in health_check, lb_config and the like: a key that is "
        "misspelt, or one level too deep, has no effect.",
        (
            f"{_RANCHER}health_check: {{port: 80, unhealthy_treshold: 3}}",
            f"{_RANCHER}upgrade_strategy: {{start_frist: true}}",
            f"{_RANCHER}lb_config:\n  health_check: {{port: 80}}",
            f"{_RANCHER}lb_config:\n  hostname: www.example.org",
            f"{_RANCHER}port_rules: [{{source_port: 80}}]",
            f"{_WHOLE}volumes: {{data: {{drvier: local}}}}",
        ),
        f"{_RANCHER}health_check: {{port: 80, unhealthy_threshold: 3}}\nupgrade_strategy: {{start_first: true}}",
        "docs/facts/catalog.md#3.14, #3.17; config/types.go of rancher-compose-executor v0.14.29",
        "warning",
    ),
    (
        "CF440",
        "A number or a word is meaningless to Rancher",
        "rancher-compose does not check ports, times and protocols, but the stack does not work with invalid values.",
        (
            f"{_RANCHER}health_check: {{port: 99999}}",
            f"{_RANCHER}health_check: {{port: 80, interval: -5000}}",
            f"{_RANCHER}lb_config: {{port_rules: [{{source_port: 80, protocol: htp, selector: a=b}}]}}",
            f"{_RANCHER}scale: 1.5",
            f"{_RANCHER}scale: -1",
            f"{_RANCHER}scale_policy: {{min: 3, max: 2}}",
            "restart: sometimes",
        ),
        f"{_RANCHER}scale: 2\nscale_policy: {{min: 1, max: 3, increment: 1}}\nhealth_check: {{port: 80, interval: 5000}}",
        "docs/facts/catalog.md#3.14, #3.16, #3.17",
        "warning",
    ),
):
    _table(*_row)


@rule("CF438", "error", "A template is called docker-compose.yml", on=Revision)
def plain_template(revision: Revision) -> Iterator[Hit]:
    """The CI reads docker-compose.yml as YAML without rendering it, and refuses a template that is not valid YAML. It ignores
    docker-compose.yml.tpl. The catalog service and rancher-compose accept both names: ignore this rule if you do not use the CI.

    Bad:
        -- templates/web/0/docker-compose.yml --
        version: '2'
        services:
          web:
            image: nginx:1.27.3
        {{- if eq .Values.greeting "hello"}}
            tty: true
        {{- end}}
    Good:
        -- templates/web/0/docker-compose.yml (absent) --
        -- templates/web/0/docker-compose.yml.tpl --
        version: '2'
        services:
          web:
            image: nginx:1.27.3
        {{- if eq .Values.greeting "hello"}}
            tty: true
        {{- end}}
    Source: docs/facts/catalog.md#6.9
    """
    for hit in judged(revision, "CF438"):
        message = f"the CI reads {DOCKER} as YAML, but this file is a template: {hit.message}"
        yield replace(hit, message=message, hint=f"call it {DOCKER_TEMPLATE}")
