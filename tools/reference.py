"""Print docs/spec.md, made from the model: python tools/reference.py > docs/spec.md"""

from pathlib import Path

from catalog_forge import yamlio
from catalog_forge.spec.described.reference import markdown

EXAMPLES = Path(__file__).with_suffix(".yml")

if __name__ == "__main__":
    print(markdown(yamlio.load(EXAMPLES.read_text(encoding="utf-8"), EXAMPLES.name)), end="")
