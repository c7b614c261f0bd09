"""What stands around a value in a text: where it may stand, and what it is there."""

from __future__ import annotations

import pytest

from catalog_forge.errors import ForgeError
from catalog_forge.formats import BY_NAME
from catalog_forge.formats.base import MARK
from tests.confd.harness import compiled, conf, spec_of


def placements(kind: str, text: str) -> list[str]:
    """Return the name of the escape of each `@` in a text; `+` when it brings its quotes."""
    return [placement.escape.name + "+" * placement.whole for placement in BY_NAME[kind].placements(text.replace("@", MARK))]


@pytest.mark.parametrize(
    ("kind", "text", "wanted"),
    [
        ("yaml", "a: @\n", ["yaml+"]),
        ("yaml", "a: @ # @\n", ["yaml+", "line"]),
        ("yaml", "a: x@\nb: @x\nc: '@'\nd: \"@\"\n", ["yaml-plain", "yaml-plain", "yaml-single", "yaml"]),
        ("yaml", "a: don't @\n", ["yaml-plain"]),
        ("yaml", "a: it's \"@\"\n", ["yaml-plain"]),
        ("yaml", "a: [@, '@', x@]\n", ["yaml+", "yaml-single", "yaml-plain"]),
        ("yaml", "- a: |\n    @\n  b: @\n", ["yaml-block", "yaml+"]),
        ("yaml", "@: 1\n? @\n: @\n", ["yaml-key+", "yaml-key+", "yaml+"]),
        ("yaml", "a: 'x''@'\nb: \"\\\"@\"\n", ["yaml-single", "yaml"]),
        ("json", '{"a": @, "b@": "x\\"@"}', ["json+", "json", "json"]),
        ("env", "A=@ B='@' C=\"@\" # @\n", ["env+", "env", "env-double", "line"]),
        ("env", "A=x'y'@'z'\"@\"\n", ["env+", "env-double"]),
        ("env", "A=don\\'t@\nB=x#@\n", ["env+", "env+"]),
        ("env", "A=\"${HOME}/@\" B='$(id)@'\n", ["env-double", "env"]),
        ("env", "# don't\nA=@\n", ["env+"]),
        ("properties", "a=@\n@=b\n# @\n ! @\na\\=@=1\n", ["properties", "properties-key", "line", "line", "properties-key"]),
        ("properties", "a=b,\\\n  @\n", ["properties"]),
        ("ini", "[@]\na = @\n@ = 1\n; @\n", ["word", "ini", "word", "line"]),
        ("space", "a @\n@ b\n# @\n", ["space", "word", "line"]),
        ("xml", "<a b='@' c=\"@\">@</a>", ["xml-attribute", "xml-attribute", "xml"]),
        ("xml", "<a>it's \"@\"</a><!-- ' --><b x='>@'/>@", ["xml", "xml-attribute", "xml"]),
        ("raw", "'@' \"@\" # @", ["line", "line", "line"]),
        ("toml", "a = @ # @\n[@.b]\n@ = '@'\n", ["toml+", "line", "toml+", "toml+", "toml-literal"]),
        ("toml", "a = \"\"\"x\"@\n#@\"\"\"\nb = '''it's @'''\n", ["toml", "toml", "toml-literal"]),
        ("toml", "c = {d=@,e=[@]}", ["toml+", "toml+"]),
        ("nginx", "a @ x@ @; b {@ '@' \"@\";}", ["nginx+", "nginx-word", "nginx+", "nginx+", "nginx-single", "nginx"]),
        ("nginx", "a # @ '\n@;", ["line", "nginx+"]),
        ("nginx", "a it's@ x#@ x\"@ \"#@\";", ["nginx-word", "nginx-word", "nginx-word", "nginx"]),
        ("nginx", "if ($a = @) { b (@); }", ["nginx+", "nginx-word"]),
        ("haproxy", "a @ x@ 'y@' \"@\"", ["haproxy+", "haproxy-word", "haproxy-single", "haproxy-double"]),
        ("haproxy", "a # @\nb@x", ["line", "haproxy-word"]),
        ("haproxy", "a\\'@ x#@\n@", ["haproxy-word", "line", "haproxy+"]),
    ],
)  # fmt: skip
def test_a_value_is_escaped_by_what_stands_around_it(kind: str, text: str, wanted: list[str]) -> None:
    assert placements(kind, text) == wanted


@pytest.mark.parametrize(
    ("kind", "text", "wanted"),
    [
        ("yaml", "a: !@{self.name} x\n", "not well-formed YAML"),
        ("yaml", "a: &@{self.name} x\n", "not well-formed YAML"),
        ("yaml", "a@{self.name}: x\n", "in part of a key"),
        ("yaml", "a: *@{self.name}\n", "not well-formed YAML"),
        ("yaml", "a: !x@{self.name} y\n", "not well-formed YAML"),
        ("yaml", 'a: "\\@{self.name}"\n', "not well-formed YAML"),
        ("json", '{"a": "\\@{self.name}"}', "after a backslash"),
        ("properties", "a=\\@{self.name}\n", "after a backslash"),
        ("ini", "a = C:\\@{self.name}\n", "after a backslash"),
        ("env", "A=\\@{self.name}\n", "after a backslash"),
        ("env", "A=$@{self.name}\n", r"after a \$"),
        ("env", 'A="$@{self.name}"\n', r"after a \$"),
        ("env", 'A="$(echo @{self.name})"\n', "command substitution"),
        ("env", "A=`echo @{self.name}`\n", "command substitution"),
        ("env", 'A="${B:-@{self.name}}"\n', "command substitution"),
        ("env", "cat <<END\n@{self.name}\nEND\n", "here-document"),
        ("toml", "a = x@{self.name}\n", "within a bare word"),
        ("toml", 'a = "\\@{self.name}"\n', "after a backslash"),
        ("nginx", "a \\@{self.name};", "after a backslash"),
        ("nginx", "a '\\@{self.name}';", "after a backslash"),
        ("nginx", "a $@{self.name};", "after a variable"),
        ("nginx", "a '${b@{self.name}}';", "after a variable"),
        ("haproxy", 'a "$b@{self.name}"', "after a variable"),
        ("haproxy", "a \\@{self.name}", "after a backslash"),
        ("xml", "<!-- @{self.name} -->", "in an XML comment"),
        ("xml", "<![CDATA[ @{self.name} ]]>", "in a CDATA section"),
        ("xml", "<a b=@{self.name}/>", "outside of quotes"),
        ("xml", "<@{self.name}/>", "outside of quotes"),
        ("xml", "<a>&@{self.name};</a>", "after an &"),
        ("xml", "<?@{self.name}?>", "in a declaration"),
    ],
)
def test_where_no_value_may_stand_the_compiler_says_so(kind: str, text: str, wanted: str) -> None:
    spec = spec_of(conf({"text": text}, kind=kind))
    with pytest.raises(ForgeError, match=wanted) as caught:
        compiled(spec)
    assert caught.value.problems[0].where


@pytest.mark.parametrize(
    ("kind", "body"),
    [
        ("env", [{"text": "A="}, {"when": {"env": "V"}, "then": [{"text": "'"}]}, {"text": "@{self.name}'\n"}]),
        ("env", [{"text": "A="}, {"list": {"of": "peers", "item": "'", "sep": ""}}, {"text": "@{self.name}'\n"}]),
        ("env", [{"text": "A="}, {"list": {"of": "peers", "item": "'@{it.ip}", "sep": ""}}, {"text": "\n"}]),
        ("env", [{"text": "A='"}, {"set": {"B": "@{self.name}"}}, {"text": "'\n"}]),
        ("yaml", [{"text": "a: '\n"}, {"set": {"b": "@{self.name}"}}, {"text": "'\n"}]),
        ("xml", [{"text": "<c><!--"}, {"set": {"b": "@{self.name}"}}, {"text": "--></c>"}]),
    ],
)
def test_quotes_that_depend_on_a_condition_or_swallow_pairs_are_refused(kind: str, body: list[dict[str, object]]) -> None:
    spec = spec_of(conf(*body, kind=kind), vars={"V": ""})
    with pytest.raises(ForgeError, match="depends on a condition|leaves a quote"):
        compiled(spec)
