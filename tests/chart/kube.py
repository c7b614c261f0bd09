"""A real API server of Kubernetes, with Debian's etcd behind it: it takes objects, and runs none."""

from __future__ import annotations

import json
import os
import subprocess
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.helpers import eventually, free_port
from tests.stores.servers import tool

TOKEN = "test-token"


@contextmanager
def api_server(folder: Path) -> Iterator[Path]:
    """Run the API server; yields the path of a kubeconfig for it. Raises Missing where a program cannot be had."""
    program = tool("kube_apiserver.sh")
    tool("stores.sh")
    folder.mkdir(parents=True, exist_ok=True)
    client, peer, port = free_port(), free_port(), free_port()
    subprocess.run(["openssl", "genrsa", "-out", folder / "sa.key", "2048"], check=True, capture_output=True)
    (folder / "tokens.csv").write_text(f"{TOKEN},admin,admin,system:masters\n")
    etcd = [
        *("etcd", "--data-dir", folder / "etcd", "--listen-client-urls", f"http://127.0.0.1:{client}"),
        *("--advertise-client-urls", f"http://127.0.0.1:{client}", "--listen-peer-urls", f"http://127.0.0.1:{peer}"),
    ]
    server = [
        *(program, f"--etcd-servers=http://127.0.0.1:{client}", f"--secure-port={port}", "--bind-address=127.0.0.1"),
        *(f"--cert-dir={folder / 'certs'}", "--service-cluster-ip-range=10.0.0.0/24", "--authorization-mode=RBAC"),
        *("--service-account-issuer=https://127.0.0.1", f"--service-account-key-file={folder / 'sa.key'}"),
        *(f"--service-account-signing-key-file={folder / 'sa.key'}", f"--token-auth-file={folder / 'tokens.csv'}"),
        "--disable-admission-plugins=ServiceAccount",
    ]
    with (folder / "log").open("wb") as log:
        running = [subprocess.Popen(command, stdout=log, stderr=log, env={**os.environ}) for command in (etcd, server)]
    try:
        config = folder / "kubeconfig"
        config.write_text(json.dumps(kubeconfig(port)))
        assert eventually(lambda: is_ready(config) or any(each.poll() is not None for each in running))
        assert all(each.poll() is None for each in running), (folder / "log").read_text()[-3000:]
        yield config
    finally:
        for each in reversed(running):
            each.kill()
            each.wait()


def kubeconfig(port: int) -> dict[str, object]:
    cluster = {"server": f"https://127.0.0.1:{port}", "insecure-skip-tls-verify": True}
    return {
        "apiVersion": "v1",
        "kind": "Config",
        "current-context": "test",
        "clusters": [{"name": "test", "cluster": cluster}],
        "users": [{"name": "test", "user": {"token": TOKEN}}],
        "contexts": [{"name": "test", "context": {"cluster": "test", "user": "test"}}],
    }


def get(config: Path, path: str) -> bytes:
    """What the API server answers. Raises OSError."""
    import ssl

    address = json.loads(config.read_text())["clusters"][0]["cluster"]["server"]
    request = urllib.request.Request(f"{address}{path}", headers={"Authorization": f"Bearer {TOKEN}"})
    with urllib.request.urlopen(request, timeout=5, context=ssl._create_unverified_context()) as answer:
        found: bytes = answer.read()
    return found


def is_ready(config: Path) -> bool:
    """Whether it takes objects, the namespace `default` among them."""
    try:
        return get(config, "/readyz") == b"ok" and bool(get(config, "/api/v1/namespaces/default"))
    except (urllib.error.URLError, OSError):
        return False
