"""Write docs/rules/, made from the rules of lint: python tools/rules.py"""

from pathlib import Path

from catalog_forge.lint.output.reference import pages
from catalog_forge.lint.runner import registry

FOLDER = Path(__file__).resolve().parents[1] / "docs/rules"

FOLDER.mkdir(exist_ok=True)
made = pages(registry.rules())
for path in FOLDER.glob("*.md"):
    if path.name not in made:
        path.unlink()
for name, text in made.items():
    (FOLDER / name).write_text(text)
