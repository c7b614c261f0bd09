"""Find the images that a catalog names: in Dockerfiles, in compose files, and through options of questions."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from itertools import islice, product

from catalog_forge.errors import ForgeError, Problem, Where
from catalog_forge.image.dockerfile import Dockerfile
from catalog_forge.rancher import composition
from catalog_forge.rancher.composition import Composition, substituted
from catalog_forge.rancher.entries import Revision
from catalog_forge.rancher.keys import ROLES
from catalog_forge.rancher.questions import Question, defaults
from catalog_forge.rancher.tree import File, is_template
from catalog_forge.rancher.variables import dollars
from catalog_forge.registry import reference
from catalog_forge.yamlio import Text

MOST_WAYS = 256
"""The maximum number of combinations of answers that are tried, to find the images that they select."""
_SCRATCH = "scratch"


@dataclass
class Named:
    """The images that were found, each with the first place that names it, and the invalid references."""

    images: dict[str, Where] = field(default_factory=dict)
    unknown: list[Problem] = field(default_factory=list)

    def add(self, text: str, where: Where) -> None:
        """Add the text of an image reference."""
        if text in self.images or text in ROLES:
            return
        try:
            reference.parse(text)
        except ForgeError as error:
            self.unknown += [Problem(each.message, where, each.hint) for each in error.problems]
        else:
            self.images[text] = where

    def of_dockerfile(self, file: File, build: Dockerfile) -> None:
        """Add the base images of a Dockerfile's stages, and the images from which the stages copy files."""
        stages = {stage.name for stage in build.stages if stage.name}
        for each in build.instructions:
            words = each.words[:1] if each.keyword == "FROM" else [each.flags["from"]] if "from" in each.flags else []
            for image in words:
                if image.lower() not in {*stages, _SCRATCH} and not image.isdigit():
                    self.add(image, file.offset(each.start))

    def of_revision(self, revision: Revision) -> None:
        """Add the images of a revision's services, for every option that users of the revision can choose."""
        for found in _compositions(revision):
            self._of_services(found, revision.asked)

    def of_compose(self, file: File) -> None:
        """Add the images of a compose file that has no questions."""
        self._of_services(composition.read(composition.sources(file, None, {})), {})

    def _of_services(self, found: Composition, asked: dict[str, Question]) -> None:
        for service in found.services.values():
            node = service.get("image")
            if isinstance(node, Text):
                for text in _answered(node, asked):
                    self.add(text, found.at(node.where))


def _compositions(revision: Revision) -> Iterator[Composition]:
    """Yield the composition of a revision with the default answers.

    If the compose files are templates, also yield the composition for each option that is not a default.
    """
    yield revision.composition
    if not any(is_template(file.text) for file in revision.compose_files):
        return
    known = defaults(revision.questions)
    others = ((name, choice) for name, each in revision.asked.items() for choice in _choices(each) if choice != each.default)
    for name, choice in islice(others, MOST_WAYS):
        yield composition.read(composition.sources(revision.docker, revision.rancher, {**known, name: choice}))


def _answered(node: Text, asked: dict[str, Question]) -> Iterator[str]:
    """Yield each value that a string with variables can have: one for each combination of answers that the questions offer."""
    names = [*dict.fromkeys(each.name for each in dollars(node.value) if each.name)]
    choices: Iterable[tuple[str, ...]] = product(*(_choices(asked[name]) if name in asked else ("",) for name in names))
    for chosen in islice(choices, MOST_WAYS):
        yield substituted(node, dict(zip(names, chosen, strict=True)))


def _choices(question: Question) -> list[str]:
    """Return the answers that a question offers: its options, both values of a boolean, or only its default."""
    offered = question.options if question.type == "enum" else ["true", "false"] if question.type == "boolean" else []
    return [*dict.fromkeys((question.default, *offered))] if question.default or not offered else offered
