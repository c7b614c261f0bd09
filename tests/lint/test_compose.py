"""The rules of compose files: places, hints, fixes, and what must not be said."""

from __future__ import annotations

import time

import pytest

from catalog_forge.lint.catalog import Catalog
from catalog_forge.lint.runner import registry
from catalog_forge.lint.runner.run import Choice, run
from tests.lint.findings import DOCKER, RANCHER, docker, findings, shown, template
from tests.lint.trees import SOUND, tree


def test_a_misspelt_key_is_pointed_at_and_mended() -> None:
    files = docker("  web:\n    imagee: nginx:1.27.3\n")
    (found,) = findings(files, "CF401")
    assert (str(found.where), found.hint) == (f"{DOCKER}:4:5", "did you mean 'image'?")
    (edit,) = found.fix.edits if found.fix else ()
    text = files[DOCKER] or ""
    assert text[: edit.start] + edit.text + text[edit.end :] == text.replace("imagee", "image")
    (taken,) = findings(docker("  web:\n    imagee: nginx:1.27.3\n    image: nginx:1.27.3\n"), "CF401")
    assert (taken.hint, taken.fix) == ("did you mean 'image'?", None)


def test_a_key_of_another_compose_gets_its_own_hint_and_no_fix() -> None:
    (found,) = findings(docker("  web:\n    image: nginx:1.27.3\n    deploy: {}\n"), "CF401")
    assert found.fix is None
    assert found.hint == "use scale, scale_policy and upgrade_strategy in rancher-compose.yml"


def test_a_misspelt_key_in_what_a_template_renders_is_pointed_at_in_the_template() -> None:
    services = (
        '  web:\n{{- if eq .Values.a "x"}}\n    tty: true\n{{- end}}\n    {{/* no */}}imagee: ü{{.Values.a}}\n    image: a:1\n'
    )
    assert shown(template(services, "{variable: a, default: y}"), "CF401") == [
        "docker-compose.yml.tpl:7:17: the service 'web' has a key 'imagee' that rancher-compose refuses"
    ]


def test_keys_differ_between_the_forms_of_compose() -> None:
    old = {DOCKER: "web:\n  image: nginx:1.27.3\n  network_mode: host\n", RANCHER: ".catalog:\n  version: '1'\n"}
    new = docker("  web:\n    image: nginx:1.27.3\n    net: host\n")
    assert [each.hint for each in findings(old, "CF401")] == ["compose 1 calls it net"]
    assert [each.hint for each in findings(new, "CF401")] == ["compose 2 calls it network_mode"]


def test_a_sidekick_in_a_list_of_labels_is_found_too() -> None:
    files = docker(
        "  web:\n    image: nginx:1.27.3\n    labels: ['io.rancher.sidekicks=a, b']\n  a:\n    image: busybox:1.37.0\n"
    )
    assert shown(files, "CF405") == ["docker-compose.yml:5:14: the service 'web' names a sidekick 'b' that does not exist"]


def test_the_second_of_two_sidekicks_has_its_own_column() -> None:
    files = docker(
        "  web:\n    image: nginx:1.27.3\n    labels:\n      io.rancher.sidekicks: 'a,  b'\n  a:\n    image: busybox:1.37.0\n"
    )
    assert shown(files, "CF405") == ["docker-compose.yml:6:34: the service 'web' names a sidekick 'b' that does not exist"]


def test_what_an_answer_names_is_no_finding() -> None:
    services = (
        "  web:\n    image: nginx:${tag}\n    labels:\n      io.rancher.sidekicks: ${side}\n      ${label}: x\n"
        "    volumes_from: ['${data}']\n    links: ['${db}:db']\n    network_mode: container:${other}\n"
    )
    assert shown(docker(services), "CF407", "CF408", "CF419") == []


def test_merge_keys_are_written_out() -> None:
    text = "version: '2'\nservices:\n  a: &a\n    image: nginx:1.27.3\n  web:\n    <<: *a\n"
    assert shown({DOCKER: text}, "CF401", "CF410") == []


def test_an_image_that_floats_by_the_default_of_its_question() -> None:
    files = {
        **docker("  web:\n    image: nginx:${tag}\n"),
        RANCHER: "version: '2'\ncatalog: {questions: [{variable: tag, default: latest}]}\n",
    }
    assert shown(files, "CF416") == ["docker-compose.yml:4:12: the image 'nginx:latest' of 'web' can change without notice"]
    required = {RANCHER: "version: '2'\ncatalog: {questions: [{variable: tag, required: true}]}\n"}
    assert shown({**files, **required}, "CF416") == []


def test_load_balancers_of_rancher_have_an_image_that_nobody_pulls() -> None:
    assert shown(docker("  lb:\n    image: rancher/load-balancer-service\n"), "CF416") == []


@pytest.mark.parametrize(
    ("line", "wrong"),
    [
        ("GET / HTTP/1.0", False),
        ('GET "/health" "HTTP/1.0"', False),
        ("OPTIONS /gossip HTTP/1.0", False),
        ("GET /dashboard/# HTTP/1.1", False),
        ("${line}", False),
        ("GET /", True),
        ("/health", True),
        ("get / HTTP/1.0", True),
        ("GET / HTTP/2", True),
    ],
)
def test_request_lines(line: str, wrong: bool) -> None:
    text = f"version: '2'\ncatalog: {{}}\nservices:\n  web:\n    health_check:\n      port: 80\n      request_line: '{line}'\n"
    assert [each.where.line for each in findings({RANCHER: text}, "CF412")] == [7] * wrong


def test_a_number_without_a_default_is_an_error_also_where_it_is_required() -> None:
    text = "version: '2'\ncatalog: {questions: [{variable: many%s}]}\nservices:\n  web:\n    scale: ${many}\n"
    levels = [
        [each.level for each in findings({RANCHER: text % more}, "CF418")]
        for more in ("", ", required: true", ", default: '1'", ", default: '1', required: true", "y")
    ]
    assert levels == [["error"], ["error"], ["warning"], [], ["error"]]


def test_a_cut_template_is_judged_as_far_as_it_goes() -> None:
    services = "  web:\n    image: nginx:1.27.3\n    odd: 1\n{{if lt .Values.a 3}}\n    tty: true\n{{end}}\n"
    found = shown(template(services, "{variable: a, default: '1'}"), "CF401", "CF517")
    assert [each.partition(": ")[2][:30] for each in found] == [
        "the service 'web' has a key 'o",
        "the template fails: error call",
    ]


def bomb() -> str:
    rows = (f"  a{n}: &a{n} [" + ", ".join([f"*a{n - 1}" if n else "*a"] * 6) + "]\n" for n in range(8))
    return "  a: &a {environment: [x]}\n" + "".join(rows)


SHAPES = "[1, {}], environment: [[]], health_check: [], lb_config: {port_rules: {}}"
HOSTILE = {
    "bomb": bomb(),
    "many": "".join(f"  s{n}:\n    image: a:1\n    volumes_from: [x]\n    odd{n}: 1\n" for n in range(3_000)),
    "names": '  web:\n    labels:\n      io.rancher.sidekicks: "' + ",".join(f"s{n}" for n in range(30_000)) + '"\n',
    "dollars": "  web:\n    image: a:1\n" + "    #\n" * 50_000 + "    command: " + "$x" * 50_000 + "\n",
    "open": "{{" * 50_000,
    "nested": "  web:\n" + '{{if eq .Values.a "1"}}' * 90 + "\n    x: {{.Values.b}}\n" + "{{end}}" * 90,
    "endless": "{{range until 10000}}{{range until 10000}}x{{end}}{{end}}",
    "itself": '{{define "x"}}{{template "x"}}{{end}}{{template "x"}}',
    "nul": "  a:\n    image: \0\n",
    "shapes": f"  a: b\n  c:\n  - d\n  1: {{image: {{a: b}}, labels: {SHAPES}}}\n",
    "keys": "  ? [a]\n  : b\n",
}


@pytest.mark.parametrize("services", HOSTILE.values(), ids=HOSTILE)
def test_hostile_files_cost_little_and_break_nothing(services: str) -> None:
    start = time.process_time()
    for name in ("docker-compose.yml", "docker-compose.yml.tpl"):
        files = {DOCKER: None, f"templates/web/0/{name}": "version: '2'\nservices:\n" + services}
        run(Catalog(tree(files)), Choice(registry.expand(("CF4", "CF5"))))
    assert time.process_time() - start < 20


@pytest.mark.parametrize(
    "text",
    [
        "version: '2'\nservices:\n  web:\n    image: nginx:1.27.3\n      tty: true\n",
        "web: [",
        "- a\n",
        "",
        "# nothing yet\n",
        "null\n",
        "a shell prompt\n",
        "version: '2'\nservices: [web]\n",
        "version: '2'\nservices: web\n",
        "\tweb: {image: nginx}\n",
        "web: {image: *nobody}\n",
        "user@host:~$ cat docker-compose.yml\nweb: {image: nginx}\n",
    ],
)
def test_of_a_compose_file_that_cannot_be_read_nothing_else_is_said(text: str) -> None:
    rancher = SOUND[RANCHER].replace("services:\n", "services:\n  balancer: {lb_config: {port_rules: [{service: web}]}}\n")
    rancher = rancher.replace("${greeting}", "hello")
    found = {each.rule: each.level for each in findings({DOCKER: text, RANCHER: rancher}, "all")}
    assert found.pop("CF426") == "error"
    assert found.keys() <= {"CF154"}, "tabs may be named beside it"


def test_of_answers_nothing_is_said_where_the_questions_cannot_be_read() -> None:
    assert {each.rule for each in findings({RANCHER: "catalog: [\n"}, "all")} == {"CF122", "CF301"}


REFUSED = """\
links: {db: other}
links: db
ports: "80:80"
ports: ["abc"]
ports: ["70000:80"]
ports: ["80:80:80:80"]
volumes: pg:/data
environment: A=b
command: [sleep, 9000]
command: "sh -c 'echo"
cpuset: 0
user: 0
hostname: 5
entrypoint: 5
expose: 80
cap_add: NET_ADMIN
logging: json-file
ulimits: 5
depends_on: db
restart: no
networks: host
metadata: []
health_check: []
memswap_limit: 5
scale: two
env_file: web.env
stop_grace_period: 5 min
labels: {io.rancher.sidekicks: "db db"}
labels: {io.rancher.sidekicks: "db,db"}
upgrade_strategy: {start_first: "${greeting}"}
dns: [x, x]
"""


@pytest.mark.parametrize("line", REFUSED.splitlines())
def test_what_rancher_compose_refuses_is_an_error_at_its_place(line: str) -> None:
    files = docker(f"  web:\n    image: nginx:1.27.3\n    {line}\n  db:\n    image: postgres:17.2\n")
    errors = [each for each in findings(files, "all") if each.level == "error"]
    assert [(each.where.file, each.where.line) for each in errors] == [(DOCKER, 5)]


def test_a_template_that_is_called_docker_compose_yml_is_refused_by_the_ci_alone() -> None:
    text = SOUND[DOCKER].replace("    image", '{{- if eq .Values.greeting "hello"}}\n    tty: true\n{{- end}}\n    image', 1)
    assert [each.rule for each in findings({DOCKER: text}, "all") if each.level == "error"] == ["CF438"]
    assert [each for each in findings({DOCKER: None, f"{DOCKER}.tpl": text}, "all") if each.level == "error"] == []
    quoted = SOUND[DOCKER].replace("${greeting}", "'{{.Values.greeting}}'")
    assert [each for each in findings({DOCKER: quoted}, "CF438")] == []


def test_a_variable_of_the_scheduler_is_only_its_own_in_its_labels() -> None:
    files = docker("  web:\n    image: nginx:1.27.3\n    volumes: ['db_${stack_name}:/x']\n    labels:\n"
                   "      io.rancher.scheduler.affinity:container_label_ne: a=${stack_name}\n")  # fmt: skip
    hints = [each.hint for each in findings(files, "CF420")]
    assert hints == ["add a question for it, or write its value", "write $${stack_name}"]


@pytest.mark.parametrize(
    ("text", "is_key"),
    [
        ("Paste it whole: -----BEGIN PRIVATE KEY----- ...", False),
        ("-----BEGIN PRIVATE KEY-----\n...\n-----END PRIVATE KEY-----", False),
        ("it begins with -----BEGIN RSA PRIVATE KEY----- and ends with more", False),
        ("-----BEGIN RSA PRIVATE KEY-----\nMIIEowIBAAKCAQEA", True),
        ("-----BEGIN PRIVATE KEY----- " + "A" * 64, True),
    ],
)
def test_the_form_of_a_key_is_no_key(text: str, is_key: bool) -> None:
    assert bool(findings({"templates/web/0/notes.txt": text}, "CF360")) is is_key


def test_what_an_answer_of_several_lines_looks_like_nobody_guesses() -> None:
    services = "  web:\n    image: nginx:1.27.3\n    environment:\n{{ .Values.envs | indent 6 }}\n"
    assert shown(template(services, "{variable: envs, type: multiline, label: 'NAME: value, one per line'}"), "CF517") == []


@pytest.mark.parametrize(
    ("value", "said"),
    [
        ("0777", "511"), ("1.10", "1.1"), ("1e3", "1000"), ("yes", "true"), ("off", "false"), ("0x1F", "31"), ("1_000", "1000"),
        ("True", "true"), ("5", ""), ("-1.5", ""), ("true", ""), ("'0777'", ""), ("1.2.3", ""), ("08:30", ""), ("~", ""),
        ("", ""), ("${mode}", ""),
    ],
)  # fmt: skip
def test_a_number_or_a_word_of_yaml_that_loses_its_text_is_told(value: str, said: str) -> None:
    written = f"  web:\n    image: nginx:1.27.3\n    environment:\n      MODE: {value}\n"
    expected = [f"docker-compose.yml:6:13: environment of 'web': rancher-compose reads {value} as {said}"] if said else []
    assert shown(docker(written), "CF421") == expected


@pytest.mark.parametrize(
    ("keys", "column", "said"),
    [
        ("cpu_shares: 0512", 17, "cpu_shares of 'web': rancher-compose reads 0512 as 330"),
        ("ports: [8080, 010]", 19, "ports of 'web': rancher-compose reads 010 as 8"),
        ("ulimits: {nofile: {soft: 01024, hard: 2048}}", 30, "ulimits of 'web': rancher-compose reads 01024 as 532"),
        ("device_read_iops: {/dev/sda: 0100}", 34, "device_read_iops of 'web': rancher-compose reads 0100 as 64"),
        ("log_opt: {max-file: 010}", 25, "log_opt of 'web': rancher-compose reads 010 as 8"),
        ("oom_score_adj: -0100", 20, "oom_score_adj of 'web': rancher-compose reads -0100 as -64"),
        *(
            (keys, 0, "")
            for keys in ("cpu_shares: 512", "cpu_shares: 00", "cpu_shares: 08", "cpu_shares: 0x10", "ports: ['010']")
        ),
        *((keys, 0, "") for keys in ("mem_limit: 1e9", "ports: ['010:80']", "cpu_shares: ${shares}")),
    ],
)
def test_a_number_with_a_leading_zero_is_octal_in_every_key(keys: str, column: int, said: str) -> None:
    found = shown({DOCKER: f"web:\n    image: nginx:1.27.3\n    {keys}\n"}, "CF421")
    assert found == ([f"docker-compose.yml:3:{column}: {said}"] if said else [])


@pytest.mark.parametrize(
    ("keys", "hint"),
    [
        ("cpu_shares: 0512", "write 512, or 330 if an octal number is meant, or '0512' if the value is text"),
        ("secrets: [{source: a, mode: 0400}]", "write '0400'"),
    ],
)
def test_a_number_with_a_leading_zero_is_told_what_can_be_written(keys: str, hint: str) -> None:
    (found,) = findings(docker(f"  web:\n    image: nginx:1.27.3\n    {keys}\n"), "CF421")
    assert found.hint == hint


@pytest.mark.parametrize("mode", ["'0444'", "256"])
def test_the_mode_of_a_secret_is_none_of_a_stickiness_policy(mode: str) -> None:
    assert shown(docker(f"  web:\n    image: nginx:1.27.3\n    secrets: [{{source: a, mode: {mode}}}]\n"), "CF440") == []


@pytest.mark.parametrize(("value", "count"), [("1.10", 1), ("0777", 1), ("yes", 0), ("7", 0), ("'1.10'", 0)])
def test_a_number_in_metadata_that_loses_its_text_is_told(value: str, count: int) -> None:
    metadata = f"version: '2'\ncatalog: {{version: '1.0.0'}}\nservices: {{web: {{metadata: {{inner: {{version: {value}}}}}}}}}\n"
    assert len(shown({RANCHER: metadata}, "CF421")) == count
