"""Pack the build context for the engine: a tar archive that is identical for equal plans on any machine."""

from __future__ import annotations

import io
import tarfile

from catalog_forge.plan import Plan


def tar(plan: Plan) -> bytes:
    """Pack the files of `plan`: sorted, with modes, but without times, owners or folders. The engine creates the folders."""
    packed = io.BytesIO()
    with tarfile.open(fileobj=packed, mode="w", format=tarfile.PAX_FORMAT) as archive:
        for file in plan:
            entry = tarfile.TarInfo(file.path)  # the defaults: time 0, owner 0:0 without names
            entry.size, entry.mode = len(file.content), file.mode
            archive.addfile(entry, io.BytesIO(file.content))
    return packed.getvalue()
