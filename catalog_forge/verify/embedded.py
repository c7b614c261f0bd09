"""The embedded engine: an imitation of confd in this process. The engine runs no commands and needs no other program."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from catalog_forge.confd.imitated import embedded
from catalog_forge.verify.observation import Disk, Seen, Written
from catalog_forge.verify.stores import source
from catalog_forge.verify.subject import Subject
from catalog_forge.verify.view import View


class Embedded:
    """Renders like confd. Only the fault `missing` has an effect, because all others end within the moment."""

    name = "embedded"

    def play(self, subject: Subject, views: Iterable[View]) -> Iterator[Seen]:
        """Yield the result of one pass for each view."""
        disk = Disk(subject)
        for view in views:
            outcome = embedded.run(
                subject.image, source(subject, view), prefix=subject.prefix, variables=subject.variables, dialect=subject.dialect
            )
            written = {dest: Written(file.content, file.resource.mode) for dest, file in outcome.files.items()}
            yield disk.after(written, [f"{name}: {message}" for name, message in outcome.errors.items()])

    def interrupt(self) -> None:
        """Do nothing, because a play takes only milliseconds."""
