"""The login dialog without its page: what it puts before a person of the world, and their answer. A Visitor is a consent."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import parse_qsl, urlsplit

from fbnb.errors import DialogRefused
from fbnb.sandbox.consent import Choice, Offer
from fbnb.sandbox.core import answer
from fbnb.sandbox.login import question
from fbnb.sandbox.messages import Answer, Asked, ask
from fbnb.sandbox.pages import said
from fbnb.sandbox.world import World


@dataclass(frozen=True)
class Visitor:
    """A person of the world in front of the dialog, and what they will do there: a consent for a client."""

    world: World
    choice: Choice

    def __call__(self, url: str) -> str:
        """Answer the dialog at a URL; returns where it redirects. Raises DialogRefused: it shows an error page instead."""
        choice = self.choice
        sent = {"_person": choice.person, "_decline": ",".join(sorted(choice.decline))}
        sent |= {"_pages": ",".join(sorted(choice.pages))} if choice.pages is not None else {}
        return answer_at(self.world, url, sent | ({"_cancel": "true"} if choice.cancel else {}))


def offer_at(world: World, url: str, person: str) -> Offer | str:
    """What the login dialog at a URL puts before a person, or where it redirects instead; a look is no request.

    url: as `login_url` makes it, without a config_id. Raises DialogRefused: it shows an error page.
    """
    with world.still():  # what is due by now has happened
        put = question(world, _asked("GET", url, {"_person": person}))
    return put if isinstance(put, Offer) else _led(put)


def answer_at(world: World, url: str, sent: Mapping[str, str]) -> str:
    """Answer the login dialog at a URL; returns where it redirects.

    sent: the fields of its form, see `consent.chosen`. Raises DialogRefused: it shows an error page.
    """
    return _led(answer(world, _asked("POST", url, sent)))


def _asked(method: str, url: str, sent: Mapping[str, str]) -> Asked:
    parts = urlsplit(url)
    return ask(method, parts.netloc, parts.path, {**dict(parse_qsl(parts.query)), **sent})


def _led(told: Answer) -> str:
    if "location" not in told.headers:
        refused = told.body["error"]["message"] if isinstance(told.body, dict) else f"The dialog shows {said(told.body)}"
        raise DialogRefused(refused)
    return told.headers["location"]
