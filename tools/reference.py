"""Print docs/spec.md, made from the model: python tools/reference.py > docs/spec.md"""

from catalog_forge.spec.described.examples import examples
from catalog_forge.spec.described.reference import markdown

if __name__ == "__main__":
    print(markdown(examples()), end="")
