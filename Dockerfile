# catalog-forge itself in an image, made of wheels alone: no network is needed while it is built.
#
#   pip wheel --wheel-dir wheels . pip
#   docker build -t catalog-forge .
#   docker run --rm --user "$(id -u):$(id -g)" -v "$PWD:/catalog" catalog-forge lint
#
# Commands that need an engine ask the one whose socket they are given: -v /var/run/docker.sock:/var/run/docker.sock. `up` does not work
# so: containers would ask for the metadata at the address of this container.
ARG BASE=python:3.11-slim-bookworm
FROM ${BASE}

COPY wheels/ /tmp/wheels/
# pip is run from its wheel: a base needs Python 3.11 or later, and no more.
RUN python3 -m venv --without-pip /opt/catalog-forge \
    && pip=$(echo /tmp/wheels/pip-*.whl) \
    && /opt/catalog-forge/bin/python "$pip/pip" install --no-cache-dir --no-index --find-links /tmp/wheels catalog-forge \
    && rm -r /tmp/wheels

ENV PATH=/opt/catalog-forge/bin:$PATH HOME=/tmp
WORKDIR /catalog
USER 1000:1000
ENTRYPOINT ["catalog-forge"]
CMD ["--help"]
