"""Compiles a JSON file that consists of pairs. Its braces and commas are correct, whichever pairs are left out."""

from __future__ import annotations

from catalog_forge.confd import copies, go
from catalog_forge.confd.copies import Writer
from catalog_forge.errors import ForgeError
from catalog_forge.spec.model import Block, CopyBlock, EachBlock, SetBlock, WhenBlock


def write(body: Writer, blocks: tuple[Block, ...]) -> str:
    """Return the code of the object. The first pair has no comma before it, so a pair that is always written comes first.

    Raises ForgeError if every pair may be left out, unless the file consists of one `copy` block.
    """
    always = [pair for block in blocks if isinstance(block, SetBlock) for pair in _pairs(body, block) if not pair[2]]
    if not always:
        if len(blocks) == 1 and isinstance(blocks[0], CopyBlock):
            refusal, loop = _copy(body, blocks[0], "{{if $i}},{{end}}")
            return refusal + go.literal("{") + loop + "\n}\n"
        raise ForgeError(
            "json: each pair of this file may be left out, so it is unknown where commas belong",
            body.file.at("body"),
            "outside of any `when`, add a pair that reads no optional key",
        )
    first = ",".join(f"\n  {line}" for _, line, _ in always)
    return "{" + first + _rest(body, blocks, top=True) + "\n}\n"


def _rest(body: Writer, blocks: tuple[Block, ...], top: bool) -> str:
    """Return the code of the pairs that may be left out, each after a comma."""
    code = ""
    for block in blocks:
        if isinstance(block, SetBlock):
            for _, line, condition in _pairs(body, block):
                if condition or not top:
                    code += _under(condition, f",\n  {line}")
        elif isinstance(block, CopyBlock):
            code += "".join(_copy(body, block, ","))
        elif isinstance(block, EachBlock):
            code += body.repeated(block, lambda inner: _rest(body, inner, top=False))
        elif isinstance(block, WhenBlock):
            then, otherwise = _rest(body, block.then, top=False), _rest(body, block.otherwise, top=False)
            code += _under(body.condition(block.when), then + (f"{{{{else}}}}{otherwise}" if otherwise else ""))
    return code


def _pairs(body: Writer, block: SetBlock) -> list[tuple[str, str, str]]:
    """Return each pair of a block: its key, its code, and the condition under which it is written."""
    return [
        (name, f"{body.key(block, name)}: {body.value(block, name, value)}", body.pair_condition(value))
        for name, value in block.set.items()
    ]


def _copy(body: Writer, block: CopyBlock, comma: str) -> tuple[str, str]:
    """Return two parts of the code of a `copy` block: a check that refuses nested values, and a loop that writes the pairs.

    Each pair comes after `comma`.
    """
    pairs = copies.pairs(body, block)
    line = _under(pairs.keep, f"{comma}\n  {pairs.line}")
    return pairs.refusal.replace("{{end -}}\n", "{{end}}"), f"{{{{range $i, $p := {pairs.source}}}}}{line}{{{{end}}}}"


def _under(condition: str, code: str) -> str:
    return f"{{{{if {condition}}}}}{code}{{{{end}}}}" if condition else code
