"""Print docs/spec.md, made from the model: python tools/reference.py > docs/spec.md"""

from catalog_forge.spec.reference import markdown

print(markdown(), end="")
