"""A small sound catalog in which no rule finds anything. The examples of the rules replace parts of this catalog.

The sound catalog is read from files/sound.txt, in the format of the examples: `-- PATH --` before each file.
"""

from __future__ import annotations

import re
from importlib.resources import files

_, *_PARTS = re.split(r"(?m)^-- (\S+) --\n", files("catalog_forge.lint").joinpath("files/sound.txt").read_text(encoding="utf-8"))

SOUND: dict[str, str] = dict(zip(_PARTS[::2], _PARTS[1::2], strict=True))
