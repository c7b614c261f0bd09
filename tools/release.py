"""Prepare a release of catalog-forge: python tools/release.py VERSION [--date DAY]

Move the lines under "Unreleased" in CHANGELOG.md below a heading for the version, write the version to pyproject.toml and
catalog_forge/__init__.py, and print the commands that commit and tag the release. `--notes [VERSION]` prints the release notes of
a version.
"""

from __future__ import annotations

import argparse
import datetime
import re
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
UNRELEASED = "## Unreleased"
VERSIONED = ("pyproject.toml", r'^version = "(.*)"$'), ("catalog_forge/__init__.py", r'^__version__ = "(.*)"$')


def parts(version: str) -> tuple[int, ...]:
    """Return the numbers of a version such as 1.2.3. Ends the program if the text has another form."""
    if not re.fullmatch(r"\d+\.\d+\.\d+", version):
        sys.exit(f"release: {version!r} must be three numbers, such as 0.2.0")
    return tuple(map(int, version.split(".")))


def sections(changelog: str) -> dict[str, str]:
    """Map the heading of each version, without its date, to the changes below it; this includes `Unreleased`."""
    found = re.findall(r"^## (\S+).*\n((?:(?!## ).*\n?)*)", changelog, re.MULTILINE)
    return {name: text.strip() for name, text in found}


def released(changelog: str, version: str, day: str) -> str:
    """Return the changelog with a section for this version, and an empty section for later changes."""
    known = sections(changelog)
    if version in known:
        sys.exit(f"release: {version} is already in CHANGELOG.md")
    if not known.get("Unreleased"):
        sys.exit(f"release: there is nothing under {UNRELEASED!r} in CHANGELOG.md")
    return changelog.replace(f"{UNRELEASED}\n", f"{UNRELEASED}\n\n## {version} ({day})\n", 1)


def notes(changelog: str, version: str) -> str:
    """Return the notes of a release: the lines of this version. Ends the program if there are none."""
    found = sections(changelog).get(version)
    if not found:
        sys.exit(f"release: CHANGELOG.md has no changes for {version}")
    return found


def bumped(text: str, pattern: str, version: str) -> str:
    """Return the content of a file with the new version. Ends the program unless the new version is greater than the old one."""
    found = re.search(pattern, text, re.MULTILINE)
    assert found, pattern
    if parts(version) < parts(found[1]):
        sys.exit(f"release: {version} is less than {found[1]}")
    return text[: found.start(1)] + version + text[found.end(1) :]


def main(arguments: list[str], root: Path = ROOT) -> None:
    """Write the version, or print notes."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("version", nargs="?", default="")
    parser.add_argument(
        "--date", default=datetime.datetime.now(tz=datetime.UTC).date().isoformat(), help="the day of the release"
    )
    parser.add_argument("--notes", action="store_true", help="print the notes of VERSION (default: the unreleased changes)")
    given = parser.parse_args(arguments)
    changelog = root / "CHANGELOG.md"
    if given.notes:
        print(notes(changelog.read_text(), given.version or "Unreleased"))
        return
    parts(given.version)
    texts = {root / name: bumped((root / name).read_text(), pattern, given.version) for name, pattern in VERSIONED}
    texts[changelog] = released(changelog.read_text(), given.version, given.date)
    for path, text in texts.items():
        path.write_text(text)
    print(f"git commit -am 'Release {given.version}'")
    print(f"python tools/release.py --notes {given.version} | git tag --annotate --cleanup=verbatim --file=- v{given.version}")


if __name__ == "__main__":
    main(sys.argv[1:])
