"""Print docs/rules.md, made from the rules of lint: python tools/rules.py > docs/rules.md"""

from catalog_forge.lint import registry
from catalog_forge.lint.output.reference import markdown

print(markdown(registry.rules()), end="")
