"""Conf images as people write them by hand, in words of our own."""

from __future__ import annotations

DOCKERFILE = """FROM alpine:3.19
ADD https://github.com/kelseyhightower/confd/releases/download/v{confd}/confd-{confd}-linux-amd64 /confd
RUN chmod +x /confd
COPY conf.d /etc/confd/conf.d
COPY templates /etc/confd/templates
VOLUME /etc/app
ENTRYPOINT ["/confd"]
CMD ["--backend", "rancher", "--prefix", "/{version}"]
"""


def toml(src: str, dest: str, *more: str, keys: str = '"/self"') -> str:
    """A resource."""
    return "\n".join(["[template]", f'src = "{src}"', f'dest = "{dest}"', f"keys = [{keys}]", *more, ""])


def image(templates: dict[str, str], confd: str = "0.16.0", version: str = "2016-07-29", **more: str) -> dict[str, str]:
    """An image with a resource for each template, which goes to /etc/app."""
    files = {"Dockerfile": DOCKERFILE.format(confd=confd, version=version)}
    for name, text in templates.items():
        files[f"templates/{name}.tmpl"] = text
        files[f"conf.d/{name}.toml"] = toml(f"{name}.tmpl", f"/etc/app/{name}")
    return {**files, **more}


SOUND = image(
    {
        "app.conf": "# settings\n"
        "port = 80\n"
        '{{if exists "/self/service/metadata/level"}}level = {{getv "/self/service/metadata/level"}}\n{{end}}'
        '{{range ls "/self/service/containers"}}peer {{getv (printf "/self/service/containers/%s/primary_ip" .)}}\n{{end}}',
        "log.xml": "<log><level>info</level></log>\n",
    }
)
