"""One container's view of the metadata service at one moment."""

from __future__ import annotations

from dataclasses import dataclass
from urllib.parse import quote

from catalog_forge.metadata.scenarios.answers_of import answers_of
from catalog_forge.metadata.scenarios.steps import Moment, Trouble
from catalog_forge.metadata.service import routes
from catalog_forge.metadata.service.answers import DEFAULT, Answers
from catalog_forge.metadata.service.wire import Request

_NOT_FOUND = b'{"code":404,"message":"Not found","type":"error"}\n'


@dataclass(frozen=True)
class View:
    """The answers of the metadata service, the client that asks, and the current fault of the service."""

    answers: Answers
    client: str = DEFAULT
    trouble: Trouble = Trouble()

    def fetch(self, path: str) -> bytes:
        """Return the body of `GET path` as JSON. The status is ignored, because confd looks only at the body."""
        if self.trouble.kind == "missing":
            return _NOT_FOUND
        sent = quote(path.lstrip("/"), safe="/%+:@!$&'()*,;=~")
        request = Request("GET", f"/{sent}", "", {"accept": (routes.JSON,)}, self.client)
        return routes.respond(self.answers, request).body

    def for_everybody(self) -> Answers:
        """Return answers in which every client gets what `client` gets, because the real container may have any address."""
        versions = self.answers.versions
        return Answers({version: {DEFAULT: self.answers.entry(version, self.client) or {}} for version in versions})


def of_moment(moment: Moment, number: int, version: str = "") -> View:
    """Return the view at a moment. `number` determines the value of the key `version`; `version` selects the API version."""
    return View(answers_of(moment.environment, str(number + 1), only=version), moment.client, moment.fault)
