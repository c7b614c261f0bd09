"""What rancher-compose refuses at launch: each fault with its place, its rule, its words and what helps."""

from __future__ import annotations

import pytest

from catalog_forge import yamlio
from catalog_forge.rancher import keys
from catalog_forge.rancher.composition import sources
from catalog_forge.rancher.judgement import services
from catalog_forge.rancher.judgement.launch import LaunchJudge
from catalog_forge.rancher.tree import Tree

DOCKER, RANCHER = "docker-compose.yml", "rancher-compose.yml"


def told(docker: str, rancher: str | None = None, **answers: str) -> str:
    """The faults, one a line and an indented hint below it; the place is without the name of docker-compose.yml."""
    files = Tree.of({DOCKER: docker, **({RANCHER: rancher} if rancher is not None else {})}).files
    lines = []
    for fault in LaunchJudge(sources(files[DOCKER], files.get(RANCHER), answers)).faults():
        place = str(fault.where).removeprefix(f"{DOCKER}:")
        lines += [f"{place} {fault.rule} {fault.message}", *([f"  {fault.hint}"] if fault.hint else [])]
    return "\n".join(lines)


def rows(table: str) -> list[tuple[str, str]]:
    """A table of text: keys of a service, and indented below them the faults; keys that are taken have none."""
    found: list[tuple[str, list[str]]] = []
    for line in table.strip("\n").split("\n"):
        if line.startswith("    "):
            found[-1][1].append(line[4:])
        else:
            found.append((line, []))
    return [(keys, "\n".join(faults)) for keys, faults in found]


OF_BOTH = r"""
image: [a]
    1:12 CF428 image of 'a': a list found where text is expected
image: {a: b}
    1:12 CF428 image of 'a': a mapping found where text is expected
image: 5
    1:12 CF428 image of 'a': a number found where text is expected
      '5'
image: true
    1:12 CF428 image of 'a': true or false found where text is expected
      'true'
image: 1.5
    1:12 CF428 image of 'a': a number found where text is expected
      '1.5'
privileged: 'yes'
    1:17 CF417 privileged of 'a': text found where true or false is expected
privileged: 1
    1:17 CF417 privileged of 'a': a number found where true or false is expected
scale: two
    1:12 CF431 scale of 'a': 'two' is not a whole number
scale: 1.5
scale: '3'
scale: [1]
    1:12 CF428 scale of 'a': a list found where a number or text is expected
scale: -2
memory: 5 potatoes
    1:13 CF431 memory of 'a': '5 potatoes' is not a size
mem_limit: 1.5 gB
mem_limit: {a: 1}
    1:16 CF428 mem_limit of 'a': a mapping found where a number or text is expected
memswap_limit: 5
    1:5 CF432 memswap_limit of 'a' requires mem_limit
      write mem_limit
stop_grace_period: 5 min
    1:24 CF431 stop_grace_period of 'a': '5 min' is not a duration
stop_grace_period: 1m30s
cap_add: NET_ADMIN
    1:14 CF428 cap_add of 'a': text found where a list is expected
      a list is written [a, b], or with '- ' before each item
cap_add: [A, A]
    1:18 CF404 cap_add of 'a': 'A' is listed twice
      remove one of the two
cap_add: [A, 5, [B]]
    1:18 CF428 cap_add of 'a': a number found where text is expected
      '5'
    1:21 CF428 cap_add of 'a': a list found where text is expected
group_add: [1, '1', 1]
    1:25 CF404 group_add of 'a': '1' is listed twice
      remove one of the two
ports: '80:80'
    1:12 CF428 ports of 'a': text found where a list is expected
      a list is written [a, b], or with '- ' before each item
ports: [80, '80/udp', '1.2.3.4:80:80', '80-90:80']
ports: [80, 80]
    1:17 CF404 ports of 'a': '80' is listed twice
      remove one of the two
ports: ['70000:80']
    1:13 CF429 ports of 'a': '70000:80' is not a port
      write [ADDRESS:][PORT:]PORT, each PORT from 1 to 65535, optionally with /tcp or /udp at the end
ports: ['80/icmp']
    1:13 CF429 ports of 'a': '80/icmp' is not a port
      write [ADDRESS:][PORT:]PORT, each PORT from 1 to 65535, optionally with /tcp or /udp at the end
ports: ['1:2:3:4']
    1:13 CF429 ports of 'a': '1:2:3:4' is not a port
      write [ADDRESS:][PORT:]PORT, each PORT from 1 to 65535, optionally with /tcp or /udp at the end
ports: ['a:80:80']
    1:13 CF429 ports of 'a': 'a:80:80' is not a port
      write [ADDRESS:][PORT:]PORT, each PORT from 1 to 65535, optionally with /tcp or /udp at the end
ports: ['80-82:80-81']
    1:13 CF429 ports of 'a': '80-82:80-81' is not a port
      write [ADDRESS:][PORT:]PORT, each PORT from 1 to 65535, optionally with /tcp or /udp at the end
ports: ['82-80']
    1:13 CF429 ports of 'a': '82-80' is not a port
      write [ADDRESS:][PORT:]PORT, each PORT from 1 to 65535, optionally with /tcp or /udp at the end
ports: ['[::1]:80:80']
    1:13 CF429 ports of 'a': '[::1]:80:80' is not a port
      write [ADDRESS:][PORT:]PORT, each PORT from 1 to 65535, optionally with /tcp or /udp at the end
command: "sh -c 'a"
    1:14 CF430 command of 'a': a quote (') is never closed
command: 'a \\'
command: 'echo "a'
    1:14 CF430 command of 'a': a quote (") is never closed
command: ''
    1:14 CF430 command of 'a': the text is empty: rancher-compose cannot read it
command: "a # it's"
command: [a, a, 5]
    1:21 CF428 command of 'a': a number found where text is expected
      '5'
command: {a: b}
    1:14 CF428 command of 'a': a mapping found where text or a list is expected
dns: ''
    1:10 CF428 dns of 'a': the text is empty: rancher-compose cannot read it
dns: 'null'
    1:10 CF428 dns of 'a': the text is empty: rancher-compose cannot read it
dns: [x, x]
    1:14 CF404 dns of 'a': 'x' is listed twice
      remove one of the two
dns: {a: b}
    1:10 CF428 dns of 'a': a mapping found where text or a list is expected
env_file: []
env_file: x
    1:15 CF435 env_file of a: only the two compose files exist at launch
      write out the whole service definition
environment: A=b
    1:18 CF421 environment of 'a': text found where a list or a mapping is expected
      a list is written [a, b], or with '- ' before each item
environment: {A: [b]}
    1:22 CF421 environment of 'a': a list found where text or a number or nothing is expected
environment: {'': b}
    1:19 CF433 environment of 'a': a key is empty
environment: [A=b, A=b]
    1:24 CF404 environment of 'a': 'A=b' is listed twice
      remove one of the two
environment: {A: , B: 5, C: true}
labels: {a: [b]}
    1:17 CF421 labels of 'a': a list found where text is expected
labels: {a: }
    1:17 CF421 labels of 'a': nothing found where text is expected
labels: {5: x}
    1:14 CF433 labels of 'a': the key '5' is not text: rancher-compose crashes here
      '5'
labels: {io.rancher.sidekicks: 'b, c d'}
    1:40 CF405 the service 'a' names a sidekick 'c d' that does not exist
      separate the names with commas
labels: [io.rancher.sidekicks=b]
extra_hosts: {a: b}
    1:18 CF428 extra_hosts of 'a': rancher-compose reads only a list here
extra_hosts: {}
sysctls: {a: 5}
    1:18 CF428 sysctls of 'a': a number found where text is expected
      '5'
device_read_bps: {a: [1]}
    1:26 CF428 device_read_bps of 'a': a list found where text or a number or nothing is expected
metadata: []
    1:15 CF428 metadata of 'a': a list found where a mapping is expected
metadata: {a: .inf, b: [{5: c}]}
    1:19 CF433 metadata of 'a': .inf is not a finite number, so it cannot be stored
    1:30 CF433 metadata of 'a': the key '5' is not text: rancher-compose crashes here
      '5'
mem_swappiness: 1.5
    1:21 CF431 mem_swappiness of 'a': 1.5 is not a whole number
mem_swappiness: '5'
    1:21 CF428 mem_swappiness of 'a': text found where a number is expected
oom_score_adj: 1001
    1:20 CF431 oom_score_adj of 'a': it must be from -1000 to 1000
oom_score_adj: -1000
oom_score_adj: 5.5
    1:20 CF431 oom_score_adj of 'a': it must be from -1000 to 1000
pid: 5
    1:10 CF428 pid of 'a': a number found where text or nothing is expected
      '5'
ulimits: []
    1:14 CF428 ulimits of 'a': a list found where a mapping is expected
ulimits: {nofile: 5, nproc: {soft: 1, hard: 2}}
ulimits: {nofile: 5.5}
    1:23 CF431 ulimits of 'a': 5.5 is not a whole number
ulimits: {nofile: {soft: 1}}
    1:23 CF428 ulimits of 'a': a limit must be a number, or a mapping with soft and hard
ulimits: {nofile: {soft: a, hard: 2}}
    1:30 CF428 ulimits of 'a': text found where a number is expected
ulimits: {nofile: x}
    1:23 CF428 ulimits of 'a': text found where a number or a mapping is expected
extends: b
extends: {service: b}
extends: {service: a}
    1:14 CF435 extends: the service 'a' extends itself
      write out the whole service definition
extends: {file: x.yml}
    1:14 CF428 extends of 'a': it does not name a service
      write service: NAME
    1:14 CF435 extends: only the two compose files exist at launch
      write out the whole service definition
extends: {service: b, file: x.yml}
    1:14 CF435 extends: only the two compose files exist at launch
      write out the whole service definition
extends: {service: b, files: x.yml}
    1:27 CF434 extends of 'a': unknown key 'files'
      did you mean 'file'?
extends: {service: [b]}
    1:24 CF428 extends of 'a': a list found where text is expected
extends: [b]
    1:14 CF428 extends of 'a': a list found where text or a mapping is expected
log_opt: [a]
    1:14 CF428 log_opt of 'a': a list found where a mapping is expected
log_opt: {a: [b]}
    1:18 CF428 log_opt of 'a': a list is not text
health_check: {port: x}
    1:26 CF413 health_check of 'a': 'x' is not a whole number
health_check: {port: '80', interval: 1.5, name: [a]}
    1:53 CF413 health_check of 'a': a list is not text
health_check: []
    1:19 CF413 health_check of 'a': a list found where a mapping is expected
health_check: {recreate_on_quorum_strategy_config: {quorum: x}}
    1:65 CF413 health_check of 'a': 'x' is not a whole number
lb_config: {port_rules: [{source_port: x, hostname: [a]}], certs: a, stickiness_policy: {nocache: 5}}
    1:44 CF428 lb_config of 'a': 'x' is not a whole number
    1:57 CF428 lb_config of 'a': a list is not text
    1:71 CF428 lb_config of 'a': 'a' is not a list of texts
    1:103 CF417 lb_config of 'a': '5' is not true or false
load_balancer_config: {haproxy_config: {global: [a]}}
    1:53 CF428 load_balancer_config of 'a': a list is not text
scale_policy: {min: a, max: b, increment: c}
    1:25 CF428 scale_policy of 'a': 'a' is not a whole number
    1:33 CF428 scale_policy of 'a': 'b' is not a whole number
    1:47 CF428 scale_policy of 'a': 'c' is not a whole number
upgrade_strategy: {batch_size: a, interval_millis: b, start_first: c}
    1:36 CF428 upgrade_strategy of 'a': 'a' is not a whole number
    1:56 CF428 upgrade_strategy of 'a': 'b' is not a whole number
    1:72 CF417 upgrade_strategy of 'a': 'c' is not true or false
storage_driver: {volume_capabilities: a, data: a, name: [a], transitioning_progress: a}
    1:43 CF428 storage_driver of 'a': 'a' is not a list of texts
    1:52 CF428 storage_driver of 'a': 'a' is not a mapping
    1:61 CF428 storage_driver of 'a': a list is not text
    1:90 CF428 storage_driver of 'a': 'a' is not a whole number
network_driver: {default_network: a, cni_config: a, kind: [a]}
    1:39 CF428 network_driver of 'a': 'a' is not a network
    1:54 CF428 network_driver of 'a': 'a' is not a mapping
    1:63 CF428 network_driver of 'a': a list is not text
disks: [{size: [a], root: x, read_iops: y, opts: z}]
    1:20 CF428 disks of 'a': a list is not text
    1:31 CF417 disks of 'a': 'x' is not true or false
    1:45 CF428 disks of 'a': 'y' is not a whole number
    1:54 CF428 disks of 'a': 'z' is not a mapping
disks: {}
    1:12 CF428 disks of 'a': a mapping found where a list is expected
imagee: x
    1:5 CF401 the service 'a' has a key 'imagee' that rancher-compose refuses
      did you mean 'image'?
hostname: '${X}'
scale: '${X}'
    1:12 CF418 scale of 'a': '' is not a whole number
      make the question for this variable required, and give it a default
volumes: [a, a]
    1:18 CF404 volumes of 'a': 'a' is listed twice
      remove one of the two
pid: ~
image: ~
    1:12 CF428 image of 'a': nothing found where text is expected
hostname: '${(}'
    1:15 CF504 '${(}' is not a variable
      write $$ for a literal $
blkio_weight: 5.5.5
    1:19 CF431 blkio_weight of 'a': '5.5.5' is not a whole number
shm_size: 64m
shm_size: 64x
    1:15 CF431 shm_size of 'a': '64x' is not a size
certs: [a, a]
    1:16 CF404 certs of 'a': 'a' is listed twice
      remove one of the two
devices: a
    1:14 CF428 devices of 'a': text found where a list is expected
      a list is written [a, b], or with '- ' before each item
start_on_create: 5
    1:22 CF417 start_on_create of 'a': a number found where true or false is expected
stop_signal: 5
    1:18 CF428 stop_signal of 'a': a number found where text is expected
      '5'
expose: ['x']
    1:14 CF429 expose of 'a': 'x' is not a port
      write [ADDRESS:][PORT:]PORT, each PORT from 1 to 65535, optionally with /tcp or /udp at the end
expose: ['80-82', 80]
cpu_shares: '+5'
stop_grace_period: 5
stop_grace_period: '5'
    1:24 CF431 stop_grace_period of 'a': '5' is not a duration
mac_address: 5
    1:18 CF428 mac_address of 'a': a number found where text is expected
      '5'
oom_score_adj: -1001
    1:20 CF431 oom_score_adj of 'a': it must be from -1000 to 1000
oom_score_adj: 1000
ports: ['80:80/TCP', ':80:80', '127.0.0.1::80', '65535']
ports: ['65536']
    1:13 CF429 ports of 'a': '65536' is not a port
      write [ADDRESS:][PORT:]PORT, each PORT from 1 to 65535, optionally with /tcp or /udp at the end
ports: ['80-']
    1:13 CF429 ports of 'a': '80-' is not a port
      write [ADDRESS:][PORT:]PORT, each PORT from 1 to 65535, optionally with /tcp or /udp at the end
ports: ['8080:80-82']
    1:13 CF429 ports of 'a': '8080:80-82' is not a port
      write [ADDRESS:][PORT:]PORT, each PORT from 1 to 65535, optionally with /tcp or /udp at the end
ports: ['8080-8082:80-82', '8080-8082:80']
"""

OF_VERSION_2 = r"""
build: {contxt: ., args: [a], dockerfile: [x]}
    2:24 CF434 build of 'a': unknown key 'contxt'
      did you mean 'context'?
    2:58 CF428 build of 'a': a list found where text is expected
build: [a]
    2:23 CF428 build of 'a': a list found where text or a mapping is expected
build: {args: a}
    2:30 CF428 build of 'a': text found where a list or a mapping is expected
      a list is written [a, b], or with '- ' before each item
extends: b
    2:25 CF428 extends of 'a': rancher-compose reads only a mapping here
      write service: NAME
extends: {service: b}
    2:25 CF435 extends: the service 'b' does not exist
      write out the whole service definition
logging: {driver: [a], options: {a: [b]}, drivr: x}
    2:34 CF428 logging of 'a': a list found where text is expected
    2:52 CF428 logging of 'a': a list is not text
    2:58 CF434 logging of 'a': unknown key 'drivr'
      did you mean 'driver'?
logging: a
    2:25 CF428 logging of 'a': text found where a mapping is expected
logging: {options: [a]}
    2:35 CF428 logging of 'a': a list found where a mapping is expected
networks: {a: , 'b c': , d: {aliases: [x, x], ipv4_address: 5, ipv6_adress: x}, e: f}
    2:32 CF434 networks of 'a': a network cannot be named 'b c'
    2:58 CF404 networks of 'a': 'x' is listed twice
      remove one of the two
    2:76 CF428 networks of 'a': a number found where text is expected
      '5'
    2:79 CF434 networks of 'a': unknown key 'ipv6_adress'
      did you mean 'ipv6_address'?
    2:99 CF428 networks of 'a': text found where a mapping or nothing is expected
networks: [a, a]
    2:30 CF404 networks of 'a': 'a' is listed twice
      remove one of the two
networks: a
    2:26 CF428 networks of 'a': text found where a list or a mapping is expected
      a list is written [a, b], or with '- ' before each item
secrets: a
    2:25 CF428 secrets of 'a': text found where a list is expected
      a list is written [a, b], or with '- ' before each item
secrets: [a, {source: [a], mode: '0999', uid: 5}]
    2:38 CF428 secrets of 'a': a list found where text is expected
    2:49 CF431 secrets of 'a': '0999' is not a mode
    2:62 CF428 secrets of 'a': a number found where text is expected
      '5'
secrets: [{mode: '0644'}, 5]
    2:42 CF428 secrets of 'a': a number found where text or a mapping is expected
      '5'
port_rules: {}
    2:28 CF428 port_rules of 'a': a mapping found where a list is expected
stickiness_policy: []
    2:35 CF428 stickiness_policy of 'a': a list found where a mapping is expected
depends_on: {a: b}
    2:28 CF428 depends_on of 'a': a mapping found where a list is expected
tmpfs: ''
    2:23 CF428 tmpfs of 'a': the text is empty: rancher-compose cannot read it
tmpfs: {a: b}
    2:23 CF428 tmpfs of 'a': a mapping found where text or a list is expected
config: 5
    2:24 CF428 config of 'a': a number found where text is expected
      '5'
network_mode: [a]
    2:30 CF428 network_mode of 'a': a list found where text is expected
netwrks: [a]
    2:16 CF401 the service 'a' has a key 'netwrks' that rancher-compose refuses
      did you mean 'networks'?
env_file: [a]
    2:26 CF435 env_file of a: only the two compose files exist at launch
      write out the whole service definition
"""


@pytest.mark.parametrize(("keys", "faults"), rows(OF_BOTH))
def test_a_value_of_a_service_is_judged_by_its_key(keys: str, faults: str) -> None:
    assert told(f"a: {{{keys}}}\nb: {{image: x}}", X="") == faults


@pytest.mark.parametrize(("keys", "faults"), rows(OF_VERSION_2))
def test_version_2_has_keys_of_its_own(keys: str, faults: str) -> None:
    assert told(f"version: '2'\nservices: {{a: {{{keys}}}}}", X="") == faults


FILES: list[tuple[str, str | None, list[str]]] = [
    (
        "a: b",
        None,
        ["1:4 CF427 'b' is not the mapping of a service"],
    ),
    (
        "- a",
        None,
        ["1:1 CF426 a list is not a compose file"],
    ),
    (
        "a",
        None,
        ["1:1 CF426 'a' is not a compose file"],
    ),
    (
        "",
        None,
        [],
    ),
    (
        "a: [b",
        None,
        ["1:4 CF426 not well-formed YAML: this '[' is never closed", "  close it; quote text that contains '['"],
    ),
    (
        "version: '3'\nservices: {}",
        None,
        ["1:10 CF402 the version of a compose file must be '2', not '3'", "  write '2', or remove the version"],
    ),
    (
        "version: 2\nservices: []",
        None,
        ["2:11 CF426 a list is not a mapping of services"],
    ),
    (
        "version: '2'\nservices: {a: b}",
        None,
        ["2:15 CF427 'b' is not the mapping of a service"],
    ),
    (
        "services: {a: {image: x}}",
        None,
        [
            "1:1 CF402 the file has no version, so Rancher reads `services` as a service, and the names below it as its keys",
            "  write version: '2' at the top",
        ],
    ),
    (
        "a b: {image: x}",
        None,
        ["1:1 CF403 a service cannot be named 'a b'", "  use only letters, digits, '.', '_' and '-'"],
    ),
    (
        "version: '2'\nservices: {a: {image: x}}\nvolumes: {v: {driver: [a], external: 5, per_container: x}}",
        None,
        [
            "3:23 CF437 a list is not text",
            "3:38 CF437 external must be true, false or a mapping with a name",
            "3:56 CF437 'x' is not true or false",
        ],
    ),
    (
        "version: '2'\n"
        "services: {a: {image: x}}\n"
        "networks: {n: {ipam: {driver: [a], config: [{subnet: [a], aux_addresses: [b]}]}, driver_opts: a}}",
        None,
        [
            "3:31 CF437 a list is not text",
            "3:54 CF437 a list is not text",
            "3:74 CF437 a list is not a mapping of texts",
            "3:95 CF437 'a' is not a mapping of texts",
        ],
    ),
    (
        "version: '2'\n"
        "services: {a: {image: x}}\n"
        "secrets: {s: {file: [a]}}\n"
        "hosts: {h: {count: a}}\n"
        "dependencies: {d: {name: [a]}}",
        None,
        ["3:21 CF437 a list is not text", "4:20 CF437 'a' is not a whole number", "5:26 CF437 a list is not text"],
    ),
    (
        "version: '2'\nservices: {a: {image: x}}\nload_balancers: {b: {imge: y}}",
        None,
        ["3:22 CF401 the service 'b' has a key 'imge' that rancher-compose refuses", "  did you mean 'image'?"],
    ),
    (
        "a: {image: x}",
        "- a",
        [
            "rancher-compose.yml:1:1 CF301 a list is not a compose file",
        ],
    ),
    (
        "a: {image: x}",
        "a: b",
        ["rancher-compose.yml:1:4 CF312 'b' is not the mapping of a service"],
    ),
    (
        "a: {image: x}",
        "version: '2'\nservices: a",
        ["rancher-compose.yml:2:11 CF312 'a' is not a mapping of services"],
    ),
    (
        "a: {image: x}",
        "a: {scale: two}",
        ["rancher-compose.yml:1:12 CF431 scale of 'a': 'two' is not a whole number"],
    ),
    (
        "a: {image: x}",
        "a: [b",
        [
            "rancher-compose.yml:1:4 CF301 not well-formed YAML: this '[' is never closed",
            "  close it; quote text that contains '['",
        ],
    ),
    (
        "a: {image: x}",
        "catalog: {version: 1}",
        [
            "rancher-compose.yml:1:1 CF302 rancher-compose treats the catalog block as a service here",
            "  call it .catalog in a file without a version; otherwise, move it to the top level",
        ],
    ),
    (
        "a: {image: x}",
        ".catalog: {version: 1}\na: {scale: 2}",
        [],
    ),
    (
        "a: {image: x}\n<<: 5",
        None,
        ["2:1 CF436 a merge key (<<) takes a mapping or a list of mappings"],
    ),
    (
        "a: {image: x, <<: [5]}",
        None,
        ["1:15 CF436 a merge key (<<) takes a mapping or a list of mappings"],
    ),
    (
        "version: '2'\nservices: {a: {image: x, <<: y}}",
        None,
        ["2:26 CF436 a merge key (<<) takes a mapping or a list of mappings"],
    ),
    (
        "a: {image: x, extends: {service: b}}\nb: {image: x, links: [c], volumes_from: [c]}\nc: {image: x}",
        None,
        [
            "1:24 CF435 extends: b has links, so it cannot be extended",
            "  write out the whole service definition",
            "1:24 CF435 extends: b has volumes_from, so it cannot be extended",
            "  write out the whole service definition",
        ],
    ),
    (
        "a: {image: x, extends: {service: b}}\nb: {image: x, extends: {service: a}}",
        None,
        [
            "2:24 CF435 extends: the service 'a' extends itself",
            "  write out the whole service definition",
            "1:24 CF435 extends: the service 'b' extends itself",
            "  write out the whole service definition",
        ],
    ),
    (
        "a: {image: x, labels: {io.rancher.sidekicks: 'c, d, cc'}}\n"
        "b: {image: x, labels: {io.rancher.sidekicks: ' c'}}\n"
        "c: {image: x}",
        None,
        [
            "1:50 CF405 the service 'a' names a sidekick 'd' that does not exist",
            "  known here: a, b, c",
            "1:53 CF405 the service 'a' names a sidekick 'cc' that does not exist",
            "  did you mean 'c'?",
            "2:48 CF406 'c' is already the sidekick of 'a', and can have only one primary",
            "  define a separate sidekick for each primary",
        ],
    ),
    (
        "{{ if }}",
        None,
        [
            "1:7 CF511 the template cannot be parsed: missing value for if",
            "  a file that needs no templates begins with the line `# notemplating`",
        ],
    ),
    (
        "a: {image: x}\n{{ nope }}",
        None,
        [
            '2:4 CF511 the template cannot be parsed: function "nope" not defined',
            "  a file that needs no templates begins with the line `# notemplating`",
        ],
    ),
    (
        "a:\n  image: x\n  scale: {{ .Values.X }}",
        None,
        ["3:10 CF431 scale of 'a': 'two' is not a whole number"],
    ),
    (
        "a:\n  image: x\n{{ if .Values.X }}  scale: two\n{{ end }}  hostname: 5",
        None,
        [
            "3:28 CF431 scale of 'a': 'two' is not a whole number",
            "4:22 CF428 hostname of 'a': a number found where text is expected",
            "  '5'",
        ],
    ),
    (
        "a: {image: x}",
        "{{ if }}",
        [
            "rancher-compose.yml:1:7 CF506 the template cannot be parsed: missing value for if",
            "  a file that needs no templates begins with the line `# notemplating`",
        ],
    ),
    (
        "a:\n  image: x\n  b: {{ `[` }}",
        None,
        ["3:6 CF517 not well-formed YAML: this '[' is never closed", "  close it; quote text that contains '['"],
    ),
    (
        "a: {image: x}\n# {{ eq 1 `a` }}\nb: c",
        None,
        [],
    ),
]


@pytest.mark.parametrize(("docker", "rancher", "faults"), FILES)
def test_a_file_is_judged_as_a_whole_before_its_services(docker: str, rancher: str | None, faults: list[str]) -> None:
    assert told(docker, rancher, X="two").split("\n") == (faults or [""])


# What each kind of value is to each kind of key: the keys that say which kinds they take, by the kinds.
KINDS = {"text": "'a'", "a number": "7", "true or false": "true", "a list": "['a']", "a mapping": "{a: b}", "nothing": "~"}
TAKEN = {
    "a list": (
        "blkio_weight_device cap_add cap_drop certs depends_on devices disks expose external_ips "
        "external_links group_add links port_rules ports secrets security_opt volumes volumes_from"
    ),
    "a list, a mapping": (
        "device_read_bps device_read_iops device_write_bps device_write_iops dns_opt extra_hosts networks sysctls"
    ),
    "a mapping": (
        "health_check lb_config load_balancer_config log_opt logging metadata network_driver scale_policy "
        "stickiness_policy storage_driver ulimits upgrade_strategy"
    ),
    "a number": ("mem_swappiness oom_score_adj"),
    "a number, true or false, a list, a mapping": ("environment labels"),
    "text": (
        "build cgroup_parent config container_name cpuset default_cert description dockerfile domainname "
        "hostname image ipc isolation log_driver mac_address net network_mode restart stop_signal type user "
        "userdata uts volume_driver working_dir"
    ),
    "text, a list": ("command dns dns_search entrypoint env_file tmpfs"),
    "text, a mapping": ("build/2 extends"),
    "text, a number": (
        "blkio_weight cpu_period cpu_quota cpu_shares drain_timeout_ms mem_limit mem_reservation memory "
        "memswap_limit milli_cpu_reservation scale shm_size stop_grace_period vcpu"
    ),
    "text, nothing": ("pid"),
    "true or false": ("init oom_kill_disable privileged read_only retain_ip start_on_create stdin_open tty"),
}
TAKEN_BY = {name: kinds for kinds, names in TAKEN.items() for name in names.split()}


@pytest.mark.parametrize(("name", "kinds"), TAKEN_BY.items())
def test_a_key_takes_the_kinds_of_values_that_its_schema_names(name: str, kinds: str) -> None:
    key, _, second = name.partition("/")
    service = "version: '2'\nservices: {{a: {{{}: {}}}}}" if second or key not in keys.V1 else "a: {{{}: {}}}"
    refused = {kind for kind, value in KINDS.items() if f"{kind} found where" in told(service.format(key, value))}
    assert ", ".join(kind for kind in KINDS if kind not in refused) == kinds


def test_every_key_that_rancher_compose_knows_is_judged() -> None:
    assert {name.partition("/")[0] for name in TAKEN_BY} == keys.V1 | keys.V2


@pytest.mark.parametrize(
    ("text", "is_meant"),
    [
        ("services: {a: {image: x}}", True),
        ("services: {a: ~}", True),
        ("services: {image: {a: b}}", True),
        ("services: {depends_on: {a: b}}", True),
        ("services: {labels: {a: b}}", False),
        ("services: {labels: {a: b}, metadata: {c: d}}", False),
        ("services: {labels: {a: b}, web: {image: x}}", True),
        ("services: {labels: {a: [b]}}", True),
        ("services: {image: x, labels: {a: b}}", False),
        ("services: {a: b}", False),
        ("services: {a: [b]}", False),
        ("services: {}", False),
        ("services: ~", False),
        ("services: [a]", False),
        ("version: ~\nservices: {a: {image: x}}", False),
        ("web: {image: x}", False),
        ("- services", False),
    ],
)
def test_a_file_without_a_version_may_be_meant_to_have_one(text: str, is_meant: bool) -> None:
    node = yamlio.parse_lenient(text, "d.yml").node
    found = services.services_without_version(node)
    assert (found is not None and found.value == "services") is is_meant
    assert services.services_without_version(None) is None


@pytest.mark.parametrize(
    ("key", "value", "second", "is_taken"),
    [
        ("image", "x", True, True),
        ("image", "[x]", True, False),
        ("nothing", "x", True, False),
        ("net", "x", False, True),
        ("net", "x", True, False),
        ("depends_on", "[a]", True, True),
        ("depends_on", "[a]", False, False),
        ("labels", "{a: 5}", True, True),
        ("health_check", "{port: '80'}", True, True),
        ("health_check", "{port: x}", True, False),
        ("metadata", "{a: .nan}", True, False),
        ("mem_reservation", "5 potatoes", False, True),
        ("mem_reservation", "5 potatoes", True, False),
        ("build", "{context: .}", True, True),
        ("build", "{context: .}", False, False),
    ],
)
def test_a_value_fits_a_key_of_one_form_of_compose(key: str, value: str, second: bool, is_taken: bool) -> None:
    node = yamlio.parse_lenient(value, "d.yml").node
    assert node is not None
    assert services.fits(key, node, second) is is_taken


ONE, OTHER = "version: '2'\nservices:\n  a:\n    image: x\n", "  b:\n    image: x\n"


@pytest.mark.parametrize(
    ("labels", "faults"),
    [
        ("{io.rancher.sidekicks: 'c'}", "5:37 CF405 the service 'a' names a sidekick 'c'"),
        ("{io.rancher.sidekicks: 'b, c'}", "5:40 CF405 the service 'a' names a sidekick 'c'"),
        ("{io.rancher.sidekicks: '${X}, c'}", "5:36 CF405 the service 'a' names a sidekick 'c'"),
        ("['io.rancher.sidekicks= c']", "5:14 CF405 the service 'a' names a sidekick 'c'"),
        ("[io.rancher.sidekicks]", "5:14 CF405 the service 'a' names a sidekick ''"),
        ("{io.rancher.sidekicks: b}", ""),
    ],
)  # fmt: skip
def test_a_sidekick_has_its_place_in_a_label_that_no_answer_varies(labels: str, faults: str) -> None:
    wanted = faults + " that does not exist\n  known here: a, b" * bool(faults)
    assert told(f"{ONE}    labels: {labels}\n{OTHER}", X="b") == wanted
