"""Lists the start commands of well-known images, and how to name the configuration file on the command line.

The data comes from the ENTRYPOINT and CMD in the public Dockerfiles of the images. For images without a slash in
their names, https://github.com/docker-library/official-images lists the Dockerfiles; for other images, the repository that builds
the image has the Dockerfile. A spec with an image that is not in the table must define `launch.exec`.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from fnmatch import fnmatchcase

from catalog_forge import yamlio

CONFIG = "CONFIG_PATH"
_LIBRARY = re.compile(r"(index\.|registry-1\.)?docker\.io/")


@dataclass(frozen=True, slots=True)
class Program:
    """The start command of an image: `exec`, followed by `told` if the configuration file must be named on the command line.

    `files`: patterns of the configuration file's name. `own`: patterns of paths that the program reads by default.
    `default`: the path to use if no file of the spec matches. `since`: the first major version with this command.
    """

    images: tuple[str, ...]
    exec: tuple[str, ...]
    told: tuple[str, ...] = ()
    files: tuple[str, ...] = ()
    own: tuple[str, ...] = ()
    default: str = ""
    since: int = 0


def _row(images: str, exec_: str, told: str = "", files: str = "", own: str = "", default: str = "", since: int = 0) -> Program:
    """Return a row of the table. Each text is split at spaces into words, because no image needs a word with a space."""
    return Program(
        tuple(images.split()), tuple(exec_.split()), tuple(told.split()), tuple(files.split()), tuple(own.split()), default, since
    )


# If several rows match an image, the row with the highest `since` applies.
PROGRAMS = (
    # Databases and caches
    _row("redis valkey/valkey", "docker-entrypoint.sh redis-server", CONFIG, "*.conf"),
    _row("memcached", "docker-entrypoint.sh memcached"),
    _row("mariadb", "docker-entrypoint.sh mysqld", f"--defaults-extra-file={CONFIG}", "*.cnf", "/etc/mysql/* /etc/my.cnf*"),
    _row("mariadb", "docker-entrypoint.sh mariadbd", f"--defaults-extra-file={CONFIG}", "*.cnf", "/etc/mysql/*", since=11),
    _row("mysql", "docker-entrypoint.sh mysqld", f"--defaults-extra-file={CONFIG}", "*.cnf", "/etc/mysql/* /etc/my.cnf*"),
    _row("percona", "/docker-entrypoint.sh mysqld", f"--defaults-extra-file={CONFIG}", "*.cnf", "/etc/mysql/* /etc/my.cnf*"),
    _row(
        "postgres", "docker-entrypoint.sh postgres", f"-c config_file={CONFIG}", "postgresql*.conf",
        "/var/lib/postgresql/data/postgresql.conf",
    ),
    _row("mongo", "docker-entrypoint.sh mongod", f"--config {CONFIG}", "*.conf *.yml *.yaml"),
    _row("cassandra", "docker-entrypoint.sh cassandra -f"),
    _row("couchdb", "/docker-entrypoint.sh couchdb", since=1),
    _row("couchdb", "/docker-entrypoint.sh /opt/couchdb/bin/couchdb", since=2),
    _row("rethinkdb", "rethinkdb --bind all", f"--config-file {CONFIG}", "*.conf"),
    _row("influxdb", "/entrypoint.sh influxd", f"-config {CONFIG}", "*.conf", "/etc/influxdb/influxdb.conf"),
    # Search and logs
    _row("elasticsearch", "/docker-entrypoint.sh elasticsearch"),
    _row("elasticsearch docker.elastic.co/elasticsearch/elasticsearch", "docker-entrypoint.sh elasticsearch", since=6),
    _row("logstash", "/docker-entrypoint.sh logstash", f"-f {CONFIG}", "*.conf", "/usr/share/logstash/pipeline/*"),
    _row(
        "logstash docker.elastic.co/logstash/logstash", "/usr/local/bin/docker-entrypoint logstash", f"-f {CONFIG}", "*.conf",
        "/usr/share/logstash/pipeline/*", since=6,
    ),
    _row(
        "kibana", "/docker-entrypoint.sh kibana", f"-c {CONFIG}", "*.yml",
        "/opt/kibana/config/kibana.yml /etc/kibana/kibana.yml /usr/share/kibana/config/kibana.yml",
    ),
    _row("kibana docker.elastic.co/kibana/kibana", "/usr/local/bin/kibana-docker", since=6),
    _row("solr", "docker-entrypoint.sh solr-foreground"),
    _row("fluent/fluentd", "fluentd", f"-c {CONFIG}", "*.conf", default="/fluentd/etc/fluent.conf"),
    _row("telegraf", "/entrypoint.sh telegraf", f"--config {CONFIG}", "*.conf", "/etc/telegraf/telegraf.conf"),
    # Coordination
    _row("zookeeper", "/docker-entrypoint.sh zkServer.sh start-foreground", CONFIG, "*.cfg", "/conf/zoo.cfg"),
    _row("consul hashicorp/consul", "docker-entrypoint.sh agent", f"-config-file={CONFIG}", "*.json *.hcl", "/consul/config/*"),
    _row("vault hashicorp/vault", "docker-entrypoint.sh server", f"-config={CONFIG}", "*.json *.hcl", "/vault/config/*"),
    _row("quay.io/coreos/etcd gcr.io/etcd-development/etcd", "/usr/local/bin/etcd", f"--config-file {CONFIG}", "*.yml *.yaml"),
    # Messages
    _row("rabbitmq", "docker-entrypoint.sh rabbitmq-server"),
    _row("nats", "docker-entrypoint.sh nats-server", f"--config {CONFIG}", "*.conf", since=2),
    _row(
        "eclipse-mosquitto", "/docker-entrypoint.sh mosquitto", f"-c {CONFIG}", "*.conf",
        default="/mosquitto/config/mosquitto.conf",
    ),
    _row(
        "wurstmeister/kafka bitnami/kafka", "kafka-server-start.sh", CONFIG, "*.properties",
        default="/opt/kafka/config/server.properties",
    ),
    _row(
        "apache/kafka", "/opt/kafka/bin/kafka-server-start.sh", CONFIG, "*.properties",
        default="/opt/kafka/config/server.properties",
    ),
    _row("confluentinc/cp-kafka", "kafka-server-start", CONFIG, "*.properties", default="/etc/kafka/server.properties"),
    # Proxies and web servers
    Program(
        ("nginx", "nginxinc/nginx-unprivileged"), ("nginx", "-g", "daemon off;"), ("-c", CONFIG), ("nginx.conf",),
        ("/etc/nginx/nginx.conf",),
    ),
    _row("haproxy", "docker-entrypoint.sh haproxy", f"-f {CONFIG}", "*.cfg", default="/usr/local/etc/haproxy/haproxy.cfg"),
    _row("httpd", "httpd-foreground", f"-f {CONFIG}", "httpd.conf", "/usr/local/apache2/conf/httpd.conf"),
    _row("traefik", "/entrypoint.sh traefik", f"--configFile={CONFIG}", "*.toml *.yml *.yaml", "/etc/traefik/traefik.*"),
    _row("caddy", "caddy run", f"--config {CONFIG}", "Caddyfile *.json", default="/etc/caddy/Caddyfile"),
    _row("varnish", "varnishd -F", f"-f {CONFIG}", "*.vcl", default="/etc/varnish/default.vcl"),
    _row("tomcat", "catalina.sh run"),
    # Monitoring and other software
    _row(
        "prom/prometheus quay.io/prometheus/prometheus", "/bin/prometheus -storage.local.path=/prometheus",
        f"-config.file={CONFIG}", "prometheus*.yml prometheus*.yaml", default="/etc/prometheus/prometheus.yml",
    ),
    _row(
        "prom/prometheus quay.io/prometheus/prometheus", "/bin/prometheus --storage.tsdb.path=/prometheus",
        f"--config.file={CONFIG}", "prometheus*.yml prometheus*.yaml", default="/etc/prometheus/prometheus.yml", since=2,
    ),
    _row(
        "prom/alertmanager quay.io/prometheus/alertmanager", "/bin/alertmanager --storage.path=/alertmanager",
        f"--config.file={CONFIG}", "*.yml *.yaml", default="/etc/alertmanager/alertmanager.yml",
    ),
    _row("grafana/grafana", "/run.sh", f"--config={CONFIG}", "*.ini", "/etc/grafana/grafana.ini"),
    _row("jenkins jenkins/jenkins", "/usr/local/bin/jenkins.sh"),
    _row("registry", "/entrypoint.sh", CONFIG, "*.yml *.yaml", default="/etc/docker/registry/config.yml", since=2),
)  # fmt: skip


def start_of(image: str, dests: Sequence[str]) -> tuple[str, ...]:
    """Return the start command of an image, or () if the image is unknown. The command may name one of the files `dests`."""
    row = known(image)
    if row is None:
        return ()
    config = next((dest for dest in dests if any(fnmatchcase(dest.rpartition("/")[2], name) for name in row.files)), row.default)
    if not config or any(fnmatchcase(config, path) for path in row.own):
        return row.exec
    return (*row.exec, *(word.replace(CONFIG, config) for word in row.told))


def line(words: Sequence[str]) -> str:
    """Return the line of a spec that defines the start command."""
    return f"launch: {{exec: [{', '.join(map(yamlio.dump_json_like, words))}]}}"


def known(image: str) -> Program | None:
    """Return the row for the repository of an image and the major version of the image's tag (without a tag, the newest row)."""
    name, major = _parted(image)
    rows = [row for row in PROGRAMS if name in row.images]
    fitting = [row for row in rows if major is None or row.since <= major]
    return max(fitting, key=lambda row: row.since, default=None)


def likely(image: str, dests: Sequence[str]) -> tuple[str, ...]:
    """Return the start command of the image whose name is the last part of `image` (redis for mirror/redis); () if unknown."""
    return start_of(image.partition("@")[0].rpartition("/")[2], dests)


def _parted(image: str) -> tuple[str, int | None]:
    """Split an image into its repository (in the shortest form, such as redis) and the major version of its tag."""
    folder, slash, rest = image.partition("@")[0].rpartition("/")
    last, _, tag = rest.partition(":")
    name = _LIBRARY.sub("", f"{folder}{slash}", count=1).removeprefix("library/") + last
    found = re.match(r"v?([0-9]{1,9})(?![0-9])", tag)
    return name, int(found[1]) if found else None


@dataclass(frozen=True, slots=True)
class Software:
    """Suitable settings for well-known software: the path of its configuration file, the reload and the health check.

    The data comes from the manual of the software (`source`). The command `new` uses the data in place of missing flags,
    and docs/spec.md shows the data as a table.
    """

    name: str
    images: tuple[str, ...]
    config: str
    reload: str
    port: int
    request: str
    source: str


def _suits(name: str, images: str, config: str, reload: str, port: int, request: str, source: str) -> Software:
    return Software(name, tuple(images.split()), config, reload, port, request and f"GET {request} HTTP/1.0", source)


_ELASTIC = "docker.elastic.co"
SOFTWARE = (
    _suits("Traefik", "traefik", "/etc/traefik/traefik.toml", "restart", 8080, "/ping",
         "doc.traefik.io: Traefik reads the static configuration at startup; ping must be enabled"),
    _suits("Prometheus", "prom/prometheus quay.io/prometheus/prometheus", "/etc/prometheus/prometheus.yml",
         "http POST http://127.0.0.1:9090/-/reload", 9090, "/-/healthy",
         "prometheus.io, Management API; since 2.0, --web.enable-lifecycle must be set"),
    _suits("Alertmanager", "prom/alertmanager quay.io/prometheus/alertmanager", "/etc/alertmanager/alertmanager.yml",
         "http POST http://127.0.0.1:9093/-/reload", 9093, "/-/healthy", "prometheus.io, Alertmanager, Management API"),
    _suits("Consul", "consul hashicorp/consul", "/consul/config/consul.json", "signal HUP", 8500, "/v1/status/leader",
         "developer.hashicorp.com, consul reload: Consul reads some keys only at startup"),
    _suits("nginx", "nginx nginxinc/nginx-unprivileged", "/etc/nginx/nginx.conf", "signal HUP", 80, "",
         "nginx.org, Controlling nginx"),
    _suits("ZooKeeper", "zookeeper", "/conf/zoo.cfg", "restart", 2181, "", "zookeeper.apache.org, Administrator's Guide"),
    _suits("Kafka", "wurstmeister/kafka bitnami/kafka apache/kafka", "/opt/kafka/config/server.properties", "restart", 9092, "",
         "kafka.apache.org, Broker Configs: Kafka reads most keys only at startup"),
    _suits("Elasticsearch", f"elasticsearch {_ELASTIC}/elasticsearch/elasticsearch",
         "/usr/share/elasticsearch/config/elasticsearch.yml", "restart", 9200, "/",
         "elastic.co, Configuring Elasticsearch: the program reads the file only at startup"),
    _suits("Logstash", f"logstash {_ELASTIC}/logstash/logstash", "/usr/share/logstash/pipeline/logstash.conf", "signal HUP", 9600,
         "/", "elastic.co, Reloading the Config File; the health check needs the API of 5.0 or later"),
    _suits("Kibana", f"kibana {_ELASTIC}/kibana/kibana", "/usr/share/kibana/config/kibana.yml", "restart", 5601, "/api/status",
         "elastic.co, Configure Kibana"),
    _suits("MongoDB", "mongo", "/etc/mongo/mongod.conf", "restart", 27017, "", "mongodb.com, Configuration File Options"),
    _suits("HAProxy", "haproxy", "/usr/local/etc/haproxy/haproxy.cfg", "signal USR2", 80, "",
         "docs.haproxy.org, Management Guide, 3: the master process (-W) reloads the file"),
    _suits("Redis", "redis valkey/valkey", "/usr/local/etc/redis/redis.conf", "restart", 6379, "", "redis.io, Configuration"),
    _suits("Redis Sentinel", "", "/usr/local/etc/redis/sentinel.conf", "restart", 26379, "",
         "redis.io, Sentinel: the program rewrites its own file"),
    _suits("RabbitMQ", "rabbitmq", "/etc/rabbitmq/rabbitmq.conf", "restart", 5672, "", "rabbitmq.com, Configuration"),
    _suits("MariaDB Galera", "mariadb", "/etc/mysql/conf.d/galera.cnf", "restart", 3306, "",
         "mariadb.com, Option Files: the server reads them only at startup"),
    _suits("Jenkins", "jenkins jenkins/jenkins", "/var/jenkins_home/init/jenkins.xml", "restart", 8080, "/login",
         "jenkins.io, Administration: Jenkins reads its XML files only at startup"),
    _suits("etcd", "quay.io/coreos/etcd gcr.io/etcd-development/etcd", "/etc/etcd/etcd.yml", "restart", 2379, "/health",
         "etcd.io, Configuration options; Monitoring"),
    _suits("Hadoop", "apache/hadoop", "/etc/hadoop/core-site.xml", "restart", 9870, "",
         "hadoop.apache.org, Cluster Setup: since Hadoop 3.0, the port of the NameNode is 9870 instead of 50070"),
)  # fmt: skip


def known_software(image: str) -> Software | None:
    """Return the row for the repository of an image; None if the repository is unknown."""
    name = _parted(image)[0]
    return next((row for row in SOFTWARE if name in row.images), None)
