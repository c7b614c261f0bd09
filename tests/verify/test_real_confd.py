"""The confd engine: the real program, and what the embedded one gives beside it."""

from __future__ import annotations

from pathlib import Path

import pytest

from catalog_forge.errors import ForgeError
from catalog_forge.repository import Repository
from catalog_forge.verify import play
from catalog_forge.verify.embedded import Embedded
from catalog_forge.verify.observation import Seen
from catalog_forge.verify.real_confd import Confd
from catalog_forge.verify.subject import of_files
from catalog_forge.verify.view import of_moment
from tests.verify.specs import case_of

WRITTEN = Repository(Path(__file__).parents[1] / "written")


def moments(engine: Embedded | Confd, steps: str, head: str = "") -> list[Seen]:
    result = play.play(case_of(f"{head}then:\n{steps}"), engine)
    assert result.broken is None, result.broken
    return [step.seen for step in result.steps]


def test_both_engines_see_the_same_in_every_step(confd: Path) -> None:
    steps = (
        "- scale: 5\n- replace: [1, 2]\n- set: {extra: {a: 1}}\n- unset: cluster.name\n- {set: {cluster.name: x}, self: app-2}\n"
        "- {fault: missing, scale: 2}\n- {}\n"
    )
    embedded, real = moments(Embedded(), steps), moments(Confd(confd), steps)
    assert [seen.files for seen in embedded] == [seen.files for seen in real]
    assert [seen.reloads for seen in embedded] == [seen.reloads for seen in real]
    assert [bool(seen.errors) for seen in embedded] == [bool(seen.errors) for seen in real]
    assert "cluster.name" in embedded[4].errors[0]
    assert "cluster.name" in real[4].errors[0]


def test_what_is_wrong_for_a_while_is_over_in_the_end(confd: Path) -> None:
    seen = moments(
        Confd(confd),
        "- {fault: {down: 1s}, scale: 4}\n- {fault: {slow: 100ms}, scale: 5}\n- {fault: flapping, scale: 6}\n",
        head="fault: {late: 500ms}\n",
    )
    assert [len(each.files["/etc/app/peers"].text.split()) for each in seen] == [3, 4, 5, 6]
    assert not any(each.errors for each in seen)


@pytest.mark.parametrize("name", WRITTEN.names())
def test_the_scenarios_of_the_examples_pass_in_both_engines(name: str, confd: Path) -> None:
    source = WRITTEN.source(name)
    cases = play.cases(source.spec(), source.folder)
    assert cases
    for case in cases:
        for engine in (Embedded(), Confd(confd)):
            result = play.play(case, engine)
            assert result.passed, (engine.name, result.broken, [step.failures for step in result.steps])
            assert sum(step.checked for step in result.steps)


def test_no_command_of_an_image_runs_and_no_file_lands_outside(confd: Path, tmp_path: Path) -> None:
    bait, outside = tmp_path / "bait", tmp_path / "outside"
    commands = f'check_cmd = "touch {bait}"\nreload_cmd = "touch {bait}"\n'
    toml = f'[template]\nsrc = "a.tmpl"\ndest = "../../../../../..{outside}"\n{commands}'
    subject = of_files({"conf.d/a.toml": toml.encode(), "templates/a.tmpl": b'{{getenv "HOME"}}|{{getenv "A"}}\n'}, "image")
    view = of_moment(case_of().scenario.moments[0], 0)
    (seen,) = Confd(confd).play(subject, [view])
    assert [file.text for file in seen.files.values()] == ["|\n"]
    assert not bait.exists()
    assert not outside.exists()


def test_a_program_that_is_no_confd_is_refused(tmp_path: Path) -> None:
    fake = tmp_path / "confd"
    fake.write_text("#!/bin/sh\necho hello\n")
    fake.chmod(0o755)
    with pytest.raises(ForgeError, match="is not confd: `-version` says 'hello'"):
        Confd(fake)
    fake.chmod(0o644)
    with pytest.raises(ForgeError, match=f"cannot run {fake}: Permission denied\n  hint: chmod \\+x {fake}"):
        Confd(fake)
    with pytest.raises(ForgeError, match=f"cannot run {tmp_path}/nope: No such file"):
        Confd(tmp_path / "nope")
