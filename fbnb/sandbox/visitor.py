"""A person of the world in front of the login dialog, as a consent for a client: no page, no browser."""

from __future__ import annotations

from dataclasses import dataclass
from urllib.parse import parse_qsl, urlsplit

from fbnb.errors import DialogRefused
from fbnb.sandbox.consent import Choice
from fbnb.sandbox.core import answer
from fbnb.sandbox.messages import ask
from fbnb.sandbox.pages import said
from fbnb.sandbox.world import World


@dataclass(frozen=True)
class Visitor:
    """A person of the world in front of the dialog, and what they will do there: a consent for a client."""

    world: World
    choice: Choice

    def __call__(self, url: str) -> str:
        """Answer the dialog at a URL; returns where it redirects. Raises DialogRefused: it shows an error page instead."""
        parts, choice = urlsplit(url), self.choice
        params = dict(parse_qsl(parts.query)) | {"_person": choice.person, "_decline": ",".join(sorted(choice.decline))}
        params |= {"_pages": ",".join(sorted(choice.pages))} if choice.pages is not None else {}
        params |= {"_cancel": "true"} if choice.cancel else {}
        told = answer(self.world, ask("POST", parts.netloc, parts.path, params))
        if "location" not in told.headers:
            refused = told.body["error"]["message"] if isinstance(told.body, dict) else f"The dialog shows {said(told.body)}"
            raise DialogRefused(refused)
        return told.headers["location"]
