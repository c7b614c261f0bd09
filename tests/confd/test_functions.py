"""Template functions where the corpus cannot look: what is not asked of the world, fixed time, and the releases that have them.

Everything else about them is held against the real confd in test_corpus.py and test_pairs.py.
"""

from __future__ import annotations

import pytest

from catalog_forge.confd import embedded
from catalog_forge.confd.functions import DIALECTS, Dialect, functions_of
from tests.confd.real import image_of


def render(source: str, *, variables: dict[str, str] | None = None, dialect: Dialect = "0.16", now: float = embedded.NOW) -> str:
    image = image_of({"a.tmpl": source.encode()})
    outcome = embedded.run(image, lambda _: b"{}", variables=variables or {}, dialect=dialect, now=now)
    assert not outcome.errors, outcome.errors
    return outcome.files["/a.tmpl"].content.decode("utf-8", "surrogateescape")


def error(source: str, dialect: Dialect = "0.16") -> str:
    outcome = embedded.run(image_of({"a.tmpl": source.encode()}), lambda _: b"{}", dialect=dialect)
    return outcome.errors["a.tmpl"]


def test_getenv_sees_the_given_variables_only(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SECRET", "of this process")
    assert render('{{getenv "SECRET" "unset"}} {{getenv "A"}}', variables={"A": "given"}) == "unset given"


def test_no_name_is_looked_up() -> None:
    assert render('{{lookupIP "localhost"}}{{lookupIPV4 "rancher-metadata"}}{{len (lookupSRV "x" "tcp" "localhost")}}') == "[][]0"


def test_an_address_needs_no_look_up() -> None:
    assert render('{{lookupIP "10.42.0.1"}} {{lookupIPV6 "::1"}} {{lookupIPV4 "::1"}}') == "[10.42.0.1] [::1] []"


def test_no_file_exists() -> None:
    assert render('{{fileExists "/"}} {{fileExists "/etc/passwd"}}') == "false false"


@pytest.mark.parametrize(
    ("layout", "text"),
    [
        ("2006-01-02T15:04:05Z07:00", "2001-09-09T01:46:40Z"),
        ("Mon Jan _2 15:04:05 MST 2006", "Sun Sep  9 01:46:40 UTC 2001"),
        ("Monday, 02-Jan-06 3:04PM -0700", "Sunday, 09-Sep-01 1:46AM +0000"),
        ("January 2 1 002 pm 03 4 5 .000 .999", "September 9 9 252 am 01 46 40 .500 .5"),
    ],
)
def test_datetime_is_fixed_and_follows_a_layout(layout: str, text: str) -> None:
    assert render(f'{{{{datetime.Format "{layout}"}}}}', now=1_000_000_000.5) == text


def test_datetime_prints_as_in_go() -> None:
    assert render("{{datetime}}") == "2001-09-09 01:46:40 +0000 UTC"
    assert render("{{datetime.Unix}} {{datetime.Year}} {{(datetime.UTC).YearDay}}") == "1000000000 2001 252"


@pytest.mark.parametrize("name", ["atoi", "parseBool", "lookupIPV4", "lookupIPV6"])
def test_0_14_lacks_what_came_with_0_16(name: str) -> None:
    assert f"function '{name}' not defined" in error(f'{{{{{name} "1"}}}}', "0.14").replace('"', "'")
    assert name in functions_of("0.16")
    assert name in functions_of("HEAD")


@pytest.mark.parametrize("dialect", DIALECTS)
def test_decrypting_functions_need_a_keyring_which_there_is_not(dialect: Dialect) -> None:
    assert "not defined" in error('{{cgetv "/x"}}', dialect)


def test_sorting_by_length_keeps_the_order_of_equals() -> None:
    names = ",".join(f"c{number}" for number in range(10, 40))
    assert render(f'{{{{join (sortByLength (split "{names},x" ",")) ","}}}}') == f"x,{names}"


def test_strings_are_bytes() -> None:
    assert (
        render('{{len "日本"}} {{index "é" 0}} {{slice "é" 0 1 | printf "%q"}} {{"\\xff" | printf "%q"}}')
        == '6 195 "\\xc3" "\\xff"'
    )
    assert render('{{base64Decode "/w=="}}') == "\udcff"
