"""The answers of containers on an engine that loses some of them."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, cast

import pytest

from catalog_forge.errors import Where
from catalog_forge.image.containers import Container
from catalog_forge.stack.model import Launch, Service
from catalog_forge.stack.reconcile import Seen
from catalog_forge.verify.answering import Asker
from catalog_forge.verify.asking import Asking, Command, Words
from catalog_forge.verify.on_stack_scenario import Place

WEB = Launch("web", "i")
PLACES = {"web-1": Place(Service(WEB), WEB, 1)}
SEEN = [Seen("w1", "s-web-1", "web", "web", 1, 1, "d", "10.0.0.1", "running")]


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (Words(equals="yes\n"), "yes\n"),
        (Words(contains=("yes",)), "yes\n"),
        (Words(), ""),
        (Words(equals=""), ""),
        (Words(lacks=("no",)), ""),
    ],
)
def test_a_command_whose_output_the_engine_loses_is_run_again(words: Words, said: str, monkeypatch: pytest.MonkeyPatch) -> None:
    outputs: Iterator[str] = iter(["", "", "yes\n"])
    monkeypatch.setattr(Container, "run", lambda *_: (0, next(outputs)))
    asking = Asking((Command("web-1", ("cat", "x"), Where("s.yml"), words=words),))
    (answer,) = Asker(cast(Any, None), PLACES, SEEN).asked(asking, lambda _: "").commands
    assert (answer.status, answer.text) == (0, said)
