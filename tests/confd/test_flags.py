"""confd's command line is read as Go's flag package reads it, and judged for what comes of it."""

from __future__ import annotations

import random
import subprocess
from collections.abc import Sequence
from pathlib import Path

import pytest

from catalog_forge.confd.imitated.flags import WILD, CommandLine, mistakes, read
from catalog_forge.confd.imitated.releases import FLAGS, NEWEST
from tests.confd.test_readings import rows

WORDS = (
    *(
        "-backend",
        "rancher",
        "-watch",
        "--watch=true",
        "-watch=no",
        "-watch=T",
        "-watch=",
        "true",
        "-interval",
        "10",
        "-interval=0x1F",
    ),
    *(
        "10s",
        "-interval=-5",
        "--interval=1_0",
        "09",
        "99999999999999999999",
        "-prefix",
        "--prefix=/2016-07-29",
        "-prefix=",
        "",
        "-",
    ),
    *(
        "--",
        "---watch",
        "-=x",
        "--=",
        "-backend=",
        "-node",
        "rancher-metadata",
        "-log-level",
        "-onetime",
        "-sync-only=0",
        "-nosuch",
    ),
    *("-Watch", "-backend rancher", "-h", "--help", "-noop", "-keep-stage-file", "x", "-secret-keyring=/x", "-filter", "-file=a"),
)


def line(words: str | Sequence[str], release: int = 16) -> CommandLine:
    return read(words.split() if isinstance(words, str) else words, release, release)


def told(words: str | Sequence[str], *keys: str, prefix: str = "", release: int = 16, is_whole: bool = True) -> list[str]:
    found = mistakes(line(words, release), [(prefix, key) for key in keys], is_whole=is_whole)
    return [f"{each.effect} {each.word}: {each.message}" for each in found]


@pytest.mark.confd
def test_confd_takes_the_words_that_are_taken_here(confd: Path) -> None:
    chance = random.Random(5)
    wrong = []
    tried = [[word] for word in WORDS] + [chance.choices(WORDS, k=chance.randint(2, 5)) for _ in range(300)]
    for words in tried:
        # Once they are read, -version ends confd before it does anything.
        done = subprocess.run([confd, "-version", *words], capture_output=True, text=True, check=False)
        found = line(words).mistake
        refused = found is not None and found.effect == "ends"
        theirs = done.returncode == 2 or "Usage of" in done.stderr
        if refused != theirs or (found and refused and not _same(found.message, done.stderr)):
            wrong.append((words, found, done.stderr[:200]))
    assert not wrong


def _same(ours: str, theirs: str) -> bool:
    return ours in theirs or "prints its flags" in ours


@pytest.mark.confd
def test_the_flags_are_those_of_confd(confd: Path) -> None:
    usage = subprocess.run([confd, "-h"], capture_output=True, text=True, check=False).stderr
    theirs = {text.split()[0][1:] for text in usage.splitlines() if text.startswith("  -")}
    assert theirs == {name for name, flag in FLAGS.items() if flag.first <= 16 <= flag.last}


@pytest.mark.parametrize(
    ("words", "name", "value"),
    [
        ("-prefix /a --prefix=/b", "prefix", "/b"),
        ("-prefix -watch", "prefix", "-watch"),
        ("-watch", "watch", "true"),
        ("--watch=f -backend x", "backend", "x"),
        ("-prefix=a=b", "prefix", "a=b"),
        ("-prefix /a -- -prefix /b", "prefix", "/a"),
    ],
)
def test_the_last_of_equal_flags_counts(words: str, name: str, value: str) -> None:
    assert line(words).values[name] == value


def test_what_a_shell_puts_in_is_no_reason() -> None:
    for words in (
        [WILD],
        ["-backend", "rancher", WILD, "-nosuch"],
        [f"-{WILD}", "x"],
        ["-interval", WILD],
        [f"-interval={WILD}0"],
    ):
        assert told(words, "/self/service", is_whole=False) == []


SOUND = "-backend rancher -prefix /2016-07-29"


@pytest.mark.parametrize(
    "words", [SOUND, f"{SOUND} -watch", f"{SOUND} -interval 10", f"{SOUND} -onetime", f"{SOUND}/self -onetime"]
)
def test_sound_command_lines(words: str) -> None:
    assert told(words, "/service" if "/self" in words else "/self/service") == []


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ("-backend rancher -prefix", "ends 2: flag needs an argument: -prefix"),
        ("-bakend rancher", "ends 0: flag provided but not defined: -bakend"),
        (f"{SOUND} -interval 10s", 'ends 4: invalid value "10s" for flag -interval'),
        (f"{SOUND} -watch=on", 'ends 4: invalid boolean value "on" for -watch'),
        ("-backend Rancher -prefix /latest", "ends 0: confd has no backend 'Rancher'"),
        (f"{SOUND} -log-level verbose", "ends 4: confd has no log level 'verbose'"),
        (
            f"{SOUND} -node http://rancher-metadata",
            "ends 4: confd sends its requests to http://http://rancher-metadata, and never reaches Rancher's metadata",
        ),
        (f"{SOUND} -node a,b", "ends 4: confd sends its requests to http://a,b, and never reaches Rancher's metadata"),
        (
            "-backend rancher",
            "never -1: confd requests /self/service, which does not begin with a version of the metadata, and treats "
            "the 404 as data",
        ),
        (
            f"{SOUND}/self -watch",
            "never 2: -watch requests /2016-07-29/self/version, which does not exist, so confd never notices a change",
        ),
        ("-backend env -prefix /2016-07-29", "never 0: confd reads the back end env, but all keys are in Rancher's metadata"),
        ("-prefix /2016-07-29 -watch", "never -1: confd reads the back end etcd, but all keys are in Rancher's metadata"),
        (f"{SOUND} -noop", "never 4: with -noop confd writes no file"),
        (
            "-watch true -backend rancher",
            "never 1: confd reads no flags after 'true': -backend and everything after it are ignored",
        ),
        (f"{SOUND} -watch now", "lost 5: confd takes no arguments: 'now' is ignored"),
        (f"{SOUND} -watch -interval 9", "lost 5: -interval has no effect together with -watch"),
        (f"{SOUND} -onetime -watch", "lost 5: -watch has no effect together with -onetime"),
        (f"{SOUND} -interval 0", "lost 4: with this interval, confd does not wait between two passes"),
        (f"{SOUND} -node a -node b", "lost 6: confd uses only the first of several nodes: a"),
    ],
)
def test_what_comes_of_the_flags(words: str, said: str) -> None:
    assert said in told(words, "/self/service")


@pytest.mark.parametrize(
    ("words", "prefix", "key"),
    [
        ("-backend rancher -onetime", "", "/2015-07-25/self/service"),
        ("-backend rancher -onetime", "/latest", "/self/service"),
        ("-backend rancher -node rancher-metadata/2016-07-29 -watch", "", "/self/service"),
        ("-backend rancher -prefix latest/ -watch", "", "self/service"),
        ("-backend etcd", "", "/app/name"),
    ],
)
def test_the_version_may_stand_elsewhere(words: str, prefix: str, key: str) -> None:
    assert told(words, key, prefix=prefix) == []


def test_a_flag_belongs_to_releases() -> None:
    assert told("-sync-only", release=11) == ["ends 0: confd 0.11 has no flag -sync-only"]
    assert told("-secret-keyring x", release=NEWEST) == ["ends 0: confd 0.17 has no flag -secret-keyring any more"]
    assert read(["-separator", "x"], 14, 16).mistake is None


def test_confd_toml_counts_before_the_flags_from_0_16_on() -> None:
    config = {"prefix": "/latest", "nodes": ["a", "b"], "watch": True, "log_level": "debug", "unknown": 1}
    flags = line("-prefix /x -node c")
    new, old = flags.with_config(config, wins=True), flags.with_config(config, wins=False)
    assert (new.values["prefix"], new.nodes, new.is_on("watch")) == ("/latest", ["a", "b"], True)
    assert (old.values["prefix"], old.nodes, old.is_on("watch")) == ("/x", ["c"], True)


# A command line (`?` is what nobody knows), the keys behind a bar, and below them what comes of it, with its word and what helps.
TOLD = """
-backend rancher -prefix /2016-07-29 | /self
-backend rancher | /self
    never @-1 confd requests /self, which does not begin with a version of the metadata, and treats the 404 as data
      write -prefix /2016-07-29
-backend rancher -prefix /2016-07-29/self | /service
-backend rancher -prefix /2016-07-29 -watch | /self
-backend rancher -prefix /2016-07-29/self -watch | /x
    never @2 -watch requests /2016-07-29/self/version, which does not exist, so confd never notices a change
      the prefix must be just the version, such as -prefix /2016-07-29
-watch -backend rancher -prefix /latest -onetime | /self
    lost @0 -watch has no effect together with -onetime
      leave out one of -onetime and -watch
-backend etcdd |
    ends @0 confd has no backend 'etcdd'
      did you mean 'etcd'?
-log-level loud |
    ends @0 confd has no log level 'loud'
      known here: debug, error, fatal, info, panic, warn, warning
-log-level WARN -backend rancher -prefix /latest |
-version |
-version -backend Rancher -noop -watch -interval 3 | /self/a
-h |
    ends @0 with -h, confd only prints its flags and exits
      leave it out
--help |
    ends @0 with -help, confd only prints its flags and exits
      leave it out
-backend rancher -node http://a -prefix /latest |
    ends @2 confd sends its requests to http://http://a, and never reaches Rancher's metadata
      write HOST or HOST:PORT, such as -node rancher-metadata
    never @4 confd requests /a/latest, which does not begin with a version of the metadata, and treats the 404 as data
      write -prefix /2016-07-29
-backend rancher -node https:/b -prefix /latest |
    ends @2 confd sends its requests to http://https:/b, and never reaches Rancher's metadata
      write HOST or HOST:PORT, such as -node rancher-metadata
    never @4 confd requests /b/latest, which does not begin with a version of the metadata, and treats the 404 as data
      write -prefix /2016-07-29
-backend rancher -node a -node b -prefix /latest |
    lost @4 confd uses only the first of several nodes: a
      keep one -node
-node a -node b |
-backend rancher -node 'x -prefix /latest |
    ends @2 confd sends its requests to http://'x, and never reaches Rancher's metadata
      write HOST or HOST:PORT, such as -node rancher-metadata
-backend |
    ends @0 flag needs an argument: -backend
      write -backend VALUE
-watch true |
    lost @1 confd takes no arguments: 'true' is ignored
      leave it out
-watch=x |
    ends @0 invalid boolean value "x" for -watch
      it must be true or false
-interval x |
    ends @0 invalid value "x" for flag -interval
      it must be a whole number of seconds
-interval=9223372036854775808 |
    ends @0 invalid value "9223372036854775808" for flag -interval
      it must be a whole number of seconds
-interval 0x1F |
-interval 0 |
    lost @0 with this interval, confd does not wait between two passes
      write an interval, such as -interval 30
-interval -1 |
    lost @0 with this interval, confd does not wait between two passes
      write an interval, such as -interval 30
-interval 0 -watch |
    lost @0 -interval has no effect together with -watch
      leave out one of -watch and -interval
-interval 5 -onetime |
    lost @0 -interval has no effect together with -onetime
      leave out one of -onetime and -interval
-watch -onetime -interval 3 |
    lost @0 -watch has no effect together with -onetime
      leave out one of -onetime and -watch
    lost @2 -interval has no effect together with -onetime
      leave out one of -onetime and -interval
-watch -interval 5 |
    lost @1 -interval has no effect together with -watch
      leave out one of -watch and -interval
---x |
    ends @0 bad flag syntax: ---x
      write -FLAG or --FLAG
-=x |
    ends @0 bad flag syntax: -=x
      write -FLAG or --FLAG
-- |
- |
    lost @0 confd takes no arguments: '-' is ignored
      leave it out
x |
    lost @0 confd takes no arguments: 'x' is ignored
      leave it out
x y |
    lost @0 confd takes no arguments: 'x' is ignored
      leave it out
x -watch |
    never @0 confd reads no flags after 'x': -watch and everything after it are ignored
      a flag such as -watch takes a value only with =, as in -watch=true
-- -watch |
    never @0 confd reads no flags after '--': -watch and everything after it are ignored
      a flag such as -watch takes a value only with =, as in -watch=true
-- x |
-prefx /a |
    ends @0 flag provided but not defined: -prefx
      did you mean 'prefix'?
-noop -backend rancher -prefix /latest | /self
    never @0 with -noop confd writes no file
      leave it out
-backend env | /self/service /self/x
    never @0 confd reads the back end env, but all keys are in Rancher's metadata
      write -backend rancher
-backend env | /self /other
-backend env |
-backend rancher -prefix /latest? | /self
? | /self
-prefix ? -backend rancher | /self
-backend ? -prefix x | /self
-?=x |
-node a/2016-07-29 -backend rancher | /self
-node a/2016-07-29/ -backend rancher -watch | /self
-keep-stage-file |
-sync-only=0 |
-interval 1_0 |
-log-level |
    ends @0 flag needs an argument: -log-level
      write -log-level VALUE
-backend= |
-prefix /2016-07-29x -backend rancher | /a
    never @0 confd requests /2016-07-29x/a, which does not begin with a version of the metadata, and treats the 404 as data
      write -prefix /2016-07-29
-prefix latest -backend rancher | /a
-prefix //latest/ -backend rancher |
"""


@pytest.mark.parametrize(("row", "said"), rows(TOLD))
def test_what_comes_of_the_flags_is_said_with_what_helps(row: str, said: str) -> None:
    words, _, keys = row.partition(" |")
    found = mistakes(line(words.replace("?", WILD)), [("", key) for key in keys.split()])
    lines = [f"{each.effect} @{each.word} {each.message}" + (f"\n  {each.hint}" if each.hint else "") for each in found]
    assert "\n".join(lines) == said


@pytest.mark.parametrize(
    ("release", "flag", "why"),
    [
        (11, "sync-only", "confd 0.11 has no flag -sync-only (the first release with this flag is 0.12)"),
        (12, "sync-only", ""),
        (15, "separator", "confd 0.15 has no flag -separator (the first release with this flag is 0.16)"),
        (16, "separator", ""),
        (16, "secret-keyring", ""),
        (17, "secret-keyring", "confd 0.17 has no flag -secret-keyring any more (the last release with this flag was 0.16)"),
    ],
)
def test_a_flag_that_came_or_went_with_a_release_says_so(release: int, flag: str, why: str) -> None:
    found = line(f"-{flag}=1", release).mistake
    assert (f"{found.message} ({found.hint})" if found else "") == why


def test_a_flag_and_its_value_in_one_word_are_told_apart() -> None:
    found = line(["-backend rancher"]).mistake
    assert found is not None
    assert (found.message, found.hint) == (
        "flag provided but not defined: -backend rancher", "write the flag and its value as two separate words",
    )  # fmt: skip


def test_confd_toml_may_say_what_the_flags_do_not() -> None:
    assert told("-backend rancher", "/self", is_whole=False) == []
    assert told("", "/self", is_whole=False) == []
    assert told("-backend rancher", "/self", prefix="/latest") == []
    assert line("").get("prefix", "/x") == "/x"
    assert line([WILD]).get("prefix", "/x") == WILD
