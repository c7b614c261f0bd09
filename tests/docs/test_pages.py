"""The pages that need no engine: every command of them, and all that they show; and no command of any page is left out."""

from __future__ import annotations

import json
import re
import subprocess
from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path

import pytest
from click.testing import CliRunner

from catalog_forge.cli.main import root
from tests.docs.pages import ELSEWHERE, ROOT, Command, elsewhere, exempt, play, problems, session, updated
from tests.helpers import tree
from tests.live import test_pages as live

REDIS = """
mkdir catalog && cd catalog
catalog-forge new redis-conf --service redis:3.2.11 --config /usr/local/etc/redis/redis.conf --reload restart \
    --metadata maxmemory --metadata maxmemory-policy --no-build
catalog-forge spec add-key redis-conf appendonly --default "no"
catalog-forge spec set redis-conf metadata/maxmemory/default 64mb
catalog-forge spec set redis-conf metadata/maxmemory-policy/default noeviction
catalog-forge generate
"""
CHANGED = f"""{REDIS}
git init -q && git add -A && git commit -qm start
catalog-forge spec set redis-conf metadata/maxmemory/default 32mb
git commit -qam "Less memory"
"""
WEB = """
mkdir catalog && cd catalog
catalog-forge new web-conf --service nginx:1.27.3 --config /etc/nginx/nginx.conf --no-build
for revision in 1 2 3; do
    cp -r templates/web/0 templates/web/$revision
    sed -i "s/version: '0.1.0'/version: '0.1.$revision'/" templates/web/$revision/rancher-compose.yml
done
"""
SECRET = f"""{WEB}
question="- {{variable: AWS_SECRET_ACCESS_KEY, label: Secret key, type: string, required: true}}"
sed -i "s/^  minimum_rancher_version:.*/&\\n  questions:\\n  $question/" templates/web/3/rancher-compose.yml
"""
JUDGED = f"""{WEB}
rm templates/web/1/rancher-compose.yml
sed -i "0,/^    labels:/s//    ports: ['70000:80']\\n&/" templates/web/3/docker-compose.yml
"""
SEARCH = """
mkdir catalog && cd catalog
catalog-forge new elasticsearch-conf --no-input --no-build
cp -r specs/elasticsearch-conf/scenarios .
"""
BASE = f"""{REDIS}
printf 'defaults:\\n  image: {{base: "busybox:1.36.1"}}\\n' > catalog-forge.yml
catalog-forge spec set redis-conf version 1.0.0
catalog-forge generate
git init -q && git add -A && git commit -qm start
sed -i s/1.36.1/1.37.0/ catalog-forge.yml
"""
MINE = f"""{REDIS}
catalog-forge blueprints new mine --from specs/redis-conf.yml
catalog-forge new web-conf --blueprint blueprints/mine --no-input --no-build
"""
ANSWERS = """
cp -r images/redis-conf zookeeper-conf
cat > answers.yml <<'END'
2015-07-25:
  10.42.1.11: {self: {service: {name: zookeeper, metadata: {maxmemory: 1mb, maxmemory-policy: noeviction}}}}
END
"""
# The pages, and what is there before their first command.
PAGES = {
    "docs/blueprints.md": f"{REDIS}\ncatalog-forge spec set redis-conf service/scale 3",
    "docs/commands.md": REDIS,
    "docs/leaving.md": SEARCH,
    "docs/lint.md": SECRET,
    "docs/metadata.md": SEARCH,
    "docs/release.md": CHANGED,
    "docs/scenarios.md": f"{REDIS}\n{ANSWERS}",
    "docs/standards.md": BASE,
    "docs/up.md": "",
    "docs/update.md": MINE,
    "docs/explanation/judges.md": JUDGED,
    "docs/explanation/topologies.md": REDIS,
    "docs/reference/schemas.md": "mkdir catalog && cd catalog",
    "docs/howto/hand-template.md": "mkdir catalog && cd catalog",
    "docs/howto/link.md": "mkdir catalog && cd catalog",
    "docs/howto/offline.md": "mkdir catalog && cd catalog",
    "docs/howto/share.md": "mkdir catalog && cd catalog",
    "docs/howto/registry.md": "mkdir catalog && cd catalog",
    "docs/tutorials/team.md": "mkdir catalog && cd catalog",
}
ALL = ["README.md", *(path.relative_to(ROOT).as_posix() for path in sorted((ROOT / "docs").rglob("*.md")))]


@pytest.mark.parametrize("page", PAGES)
def test_a_page_is_what_happens(page: str, tmp_path: Path, request: pytest.FixtureRequest) -> None:
    text = (ROOT / page).read_text()
    steps = session(text)
    environment = {name: str(tmp_path / name) for name in ("XDG_STATE_HOME", "XDG_CACHE_HOME")}
    environment |= {f"GIT_{who}_{what}": "ann@example.org" for who in ("AUTHOR", "COMMITTER") for what in ("NAME", "EMAIL")}
    played = play(steps, tmp_path / "work", environment, PAGES[page])
    if request.config.getoption("--update-golden"):
        (ROOT / page).write_text(updated(text, played))
    assert problems(played, steps) == []


def test_the_drawings_of_topologies_are_current() -> None:
    path = ROOT / "tools/topologies.py"
    loaded = spec_from_file_location("topologies", path)
    assert loaded and loaded.loader
    tool = module_from_spec(loaded)
    loaded.loader.exec_module(tool)
    assert {file.name: file.read_text() for file in tool.FOLDER.iterdir()} == tool.drawings(), f"run {path}"


def test_the_json_of_lint_has_the_keys_that_its_page_shows(tmp_path: Path) -> None:
    page = (ROOT / "docs/lint.md").read_text()
    shown = re.search(r'^```text\n(\{"format".*?)^```', page, re.MULTILINE | re.DOTALL)
    assert shown
    tree(tmp_path, {"templates/web/config.yml": "name: web\nversion: '1'\n  x: 1\n"})
    data = json.loads(CliRunner().invoke(root, ["lint", str(tmp_path), "--format", "json"]).stdout)
    keys = {key for each in (data, data["tool"], data["summary"], data["findings"][0]) for key in each}
    assert set(re.findall(r'"(\w+)":', shown[1])) == keys | {"reason"}


def test_targets_of_make_are_there() -> None:
    pages = "\n".join((ROOT / page).read_text() for page in ALL)
    targets = set(re.findall(r"^    make (\w+)", pages, re.MULTILINE)) | set(re.findall(r"`make (\w+)[`\s]", pages))
    assert targets >= {"try", "test", "docs"}
    for target in targets:
        subprocess.run(["make", "-n", target], cwd=ROOT, check=True, capture_output=True)


# Pages whose commands other tests run.
OTHERS = {
    "docs/tutorials/without-rancher.md": "tests/live/test_backends_tutorial.py",
    "docs/adopt.md": "tests/adopt/test_adopt.py",
}


def test_no_command_of_a_page_is_left_out() -> None:
    assert all(Path(page).name in (ROOT / test).read_text() for page, test in OTHERS.items())
    played = PAGES.keys() | live.PAGES.keys() | OTHERS.keys()
    left = {page: [step.text for step in session((ROOT / page).read_text()) if isinstance(step, Command)] for page in ALL}
    assert {page: texts for page, texts in left.items() if texts and page not in played} == {}


def test_what_another_test_runs_is_run_by_one_that_exists() -> None:
    pages = "\n".join((ROOT / page).read_text() for page in ALL)
    for command in (each for page in ALL for each in exempt((ROOT / page).read_text()) if " catalog-forge " in f" {each}"):
        test = (ROOT / ELSEWHERE[elsewhere(command)].partition("::")[0]).read_text()
        options = re.findall(r" (--?[a-z][\w-]*)", command.rpartition("catalog-forge ")[2])
        assert [each for each in options if f'"{each}"' not in test] == [], f"no test runs {command}"
    for start, where in ELSEWHERE.items():
        file, _, name = where.partition("::")
        assert f"def {name}(" in (ROOT / file).read_text(), where
        assert re.search(rf"^ {{4,}}(\$ )?{re.escape(start)}", pages, re.MULTILINE), f"no page has {start}"
    assert elsewhere("pip install . --quiet") == "pip install ."


def test_a_page_that_is_wrong_is_seen(tmp_path: Path) -> None:
    page = "```console\n$ echo one; echo two\none\n...\n$ echo 3 s   # exit 1\n4 s\n```\n"
    steps = session(page)
    first, second = steps
    assert isinstance(first, Command) and first.shown == ("one", "...")
    assert isinstance(second, Command) and second.status == 1
    found = problems(play(steps, tmp_path / "a/work", {}), steps)
    assert len(found) == 1 and found[0].startswith("line 5: $ echo 3 s\nended with 0, not 1")
    right = session(page.replace("   # exit 1", ""))
    assert problems(play(right, tmp_path / "b/work", {}), right) == []
    wrong = session(page.replace("\none\n", "\nother\n").replace("   # exit 1", ""))
    assert len(problems(play(wrong, tmp_path / "c/work", {}), wrong)) == 1


# Messages of other programs that the page about messages explains.
THEIRS = {
    *("ADD failed", "no such host", "pull access denied", "manifest unknown"),
    *("exec: PROGRAM: not found", "port is already allocated"),
}


def test_the_messages_that_are_explained_are_said() -> None:
    page = (ROOT / "docs/howto/troubleshooting.md").read_text()
    bold = " ".join(re.findall(r"\*\*(.*?)\*\*", page))
    messages = set(re.findall("`([^`]+)`", bold)) - THEIRS
    said = "\n".join(path.read_text() for path in (ROOT / "catalog_forge").rglob("*") if path.suffix in (".py", ".sh"))
    pieces = {piece.strip(" '") for message in messages for piece in re.split(r"\b[A-Z]{2,}\b|\.\.\.", message)}
    assert len(messages) > 10
    assert {piece for piece in pieces if piece not in said} == set()
