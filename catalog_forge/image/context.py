"""The build context as the engine wants it: one tar, equal for equal plans on any machine."""

from __future__ import annotations

import io
import re
import tarfile

from catalog_forge.plan import Plan

_ESCAPE = re.compile(r"#\s*escape\s*=\s*([\\`])\s*", re.IGNORECASE)


def tar(plan: Plan) -> bytes:
    """Pack the files of `plan`: sorted, their modes kept, no times, no owners, no folders (the engine makes them)."""
    packed = io.BytesIO()
    with tarfile.open(fileobj=packed, mode="w", format=tarfile.PAX_FORMAT) as archive:
        for file in plan:
            entry = tarfile.TarInfo(file.path)  # the defaults: time 0, owner 0:0 without names
            entry.size, entry.mode = len(file.content), file.mode
            archive.addfile(entry, io.BytesIO(file.content))
    return packed.getvalue()


def instruction_lines(dockerfile: str) -> list[int]:
    """Return the line on which each instruction starts: item N-1 belongs to what the engine calls step N.

    Comments and blank lines are no instructions, not even between the lines of one (Dockerfile reference, "Format").
    """
    directive = _ESCAPE.match(dockerfile)
    escape = directive.group(1) if directive else "\\"
    starts: list[int] = []
    continued = False
    for number, line in enumerate(dockerfile.splitlines(), start=1):
        if not line.strip() or line.lstrip().startswith("#"):
            continue
        if not continued:
            starts.append(number)
        continued = line.rstrip().endswith(escape)
    return starts
