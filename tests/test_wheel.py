"""The wheel, as it would be installed: it carries the blueprints, and works without the repository around it."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import sysconfig
import tarfile
import zipfile
from pathlib import Path

import pytest

HERE = Path(__file__).parents[1]


def _run(*words: str | Path, cwd: Path, **environment: str) -> str:
    command = [sys.executable, "-m", *map(str, words)]
    done = subprocess.run(command, cwd=cwd, env=os.environ | environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


@pytest.fixture(scope="module")
def sdist(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The sdist, built from a copy of the sources."""
    source, out = tmp_path_factory.mktemp("source"), tmp_path_factory.mktemp("sdist")
    for name in ("catalog_forge", "blueprints", "examples"):
        shutil.copytree(HERE / name, source / name, ignore=shutil.ignore_patterns("__pycache__"))
    for name in ("pyproject.toml", "README.md", "CHANGELOG.md", "LICENSE"):
        shutil.copy(HERE / name, source / name)
    _run("hatchling", "build", "--target", "sdist", "--directory", out, cwd=source)
    (made,) = out.glob("*.tar.gz")
    return made


@pytest.fixture(scope="module")
def wheel(sdist: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The wheel, built from the sdist, as pip and pipx do it."""
    out = tmp_path_factory.mktemp("wheel")
    _run("pip", "wheel", "--quiet", "--no-deps", "--no-build-isolation", "--no-index", "--wheel-dir", out, sdist, cwd=out)
    (made,) = out.glob("*.whl")
    return made


def test_the_wheel_holds_every_file_that_is_not_code(wheel: Path) -> None:
    wanted = {path.relative_to(HERE).as_posix() for path in (HERE / "catalog_forge").rglob("files/*") if path.is_file()}
    for name in ("blueprints", "examples"):
        wanted |= {f"catalog_forge/_{path.relative_to(HERE).as_posix()}" for path in (HERE / name).rglob("*") if path.is_file()}
    with zipfile.ZipFile(wheel) as archive:
        assert wanted <= set(archive.namelist())


def test_the_wheel_is_small(wheel: Path) -> None:
    assert wheel.stat().st_size < 1_500_000


def test_an_installed_wheel_makes_a_catalog_from_its_own_blueprint(wheel: Path, tmp_path: Path) -> None:
    installed, catalog = tmp_path / "installed", tmp_path / "catalog"
    catalog.mkdir()
    _run("pip", "install", "--quiet", "--no-deps", "--no-index", "--target", installed, wheel, cwd=tmp_path)
    # The blueprint says that it is the one of the wheel: nothing else can have said so.
    (spec,) = (installed / "catalog_forge/_blueprints/elasticsearch-conf").rglob("specs/*.yml")
    spec.write_text(spec.read_text() + "# from the wheel\n")
    _run("catalog_forge", "new", "elasticsearch-conf", "--no-input", "--no-build", cwd=catalog, PYTHONPATH=str(installed))
    assert (catalog / "specs/elasticsearch-conf.yml").read_text().endswith("# from the wheel\n")
    assert (catalog / "images/elasticsearch-conf/Dockerfile").is_file()
    assert (catalog / "templates/elasticsearch/0/rancher-compose.yml").is_file()
    words = ("new", "haproxy-conf", "--blueprint", "example:haproxy-conf", "--no-input", "--no-build")
    _run("catalog_forge", *words, cwd=catalog, PYTHONPATH=str(installed))
    assert (catalog / "specs/haproxy-conf/scenarios/serves.yml").is_file()


def test_a_fresh_environment_as_pipx_makes_one_has_the_command_and_the_examples(wheel: Path, tmp_path: Path) -> None:
    fresh, catalog = tmp_path / "fresh", tmp_path / "catalog"
    _run("venv", "--without-pip", fresh, cwd=tmp_path)
    _run("pip", "--python", fresh / "bin/python", "install", "--quiet", "--no-deps", "--no-index", wheel, cwd=tmp_path)
    # What it depends on is not fetched: a folder in a .pth brings the packages of this machine, but not this checkout.
    (folder,) = fresh.glob("lib/python*/site-packages")
    (folder / "dependencies.pth").write_text("\n".join({sysconfig.get_path("purelib"), sysconfig.get_path("platlib")}) + "\n")
    catalog.mkdir()

    def tool(*words: str) -> str:
        environment = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}
        done = subprocess.run(
            [fresh / "bin/catalog-forge", *words], cwd=catalog, env=environment, capture_output=True, text=True, check=False
        )
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout

    where = "import catalog_forge; print(catalog_forge.__file__)"
    told = subprocess.run([fresh / "bin/python", "-c", where], cwd=catalog, capture_output=True, text=True, check=True)
    assert told.stdout.startswith(str(fresh))
    assert "redis-conf" in tool("blueprints") and "haproxy-conf" in tool("blueprints")
    tool("new", "redis-conf", "--no-input", "--no-build")
    tool("new", "mine-conf", "--blueprint", "example:haproxy-conf", "--no-input", "--no-build")
    assert "passed" in tool("test")


def test_the_sdist_is_what_the_wheel_needs_and_no_more(sdist: Path) -> None:
    with tarfile.open(sdist) as archive:
        tops = {name.split("/")[1] for name in archive.getnames()}
    assert tops - {".gitignore"} == {"PKG-INFO", "pyproject.toml", "README.md", "CHANGELOG.md", "LICENSE", "catalog_forge", *DATA}


DATA = ("blueprints", "examples")
