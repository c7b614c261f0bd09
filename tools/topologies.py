"""Draw one service in each topology, from the same spec: docs/explanation/topologies/TOPOLOGY.svg.

python tools/topologies.py
"""

from __future__ import annotations

from pathlib import Path

from catalog_forge.preview import topology
from catalog_forge.preview.drawing import draw
from catalog_forge.spec import reader
from catalog_forge.spec.model.service import TOPOLOGIES

FOLDER = Path(__file__).parent.parent / "docs/explanation/topologies"
SPEC = """\
forge: 1
name: redis-conf
service:
  name: redis
  image: redis:3.2.11
  scale: 2
  topology: {topology}
  ports: ["6379:6379"]
  volumes: [data:/data]
files:
- dest: /usr/local/etc/redis/redis.conf
  body: [{body}]
{rest}launch: {{exec: [docker-entrypoint.sh, redis-server, /usr/local/etc/redis/redis.conf]}}
"""
VALUES = 'set: {maxmemory: "@{metadata/maxmemory}"}'
# In the topology `scripts`, the conf container writes the file only once, so the file contains a constant.
CONSTANT = "set: {maxmemory: 64mb}"
READ = "  reload: restart\nmetadata: {maxmemory: {default: 64mb}}\n"


def drawings() -> dict[str, str]:
    """Return the drawing of each topology, by its file name."""
    texts = {
        each: SPEC.format(topology=each, body=CONSTANT if each == "scripts" else VALUES, rest="" if each == "scripts" else READ)
        for each in TOPOLOGIES
    }
    return {f"{name}.svg": draw(topology.of_spec(reader.read(text, "redis-conf.yml"))) for name, text in texts.items()}


if __name__ == "__main__":
    FOLDER.mkdir(exist_ok=True)
    for name, text in drawings().items():
        (FOLDER / name).write_text(text)
