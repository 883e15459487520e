"""The pages a person sees: the login dialog, the device page, what stands in their place, the way back. Plain HTML, no script."""

from __future__ import annotations

from functools import cache
from html import unescape
from typing import TYPE_CHECKING, Any

from fbnb.sandbox.consent import Offer
from fbnb.sandbox.messages import Answer, Asked
from fbnb.sandbox.world import World

if TYPE_CHECKING:
    from jinja2 import Environment

_HEADERS = {
    "content-type": "text/html; charset=utf-8",
    "cache-control": "no-store",
    # What was typed into the address must run nothing here, and no other site may put the dialog into a frame of its own.
    "content-security-policy": "default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'none'; base-uri 'none'",
    "referrer-policy": "same-origin",
    "x-content-type-options": "nosniff",
}


def page(template: str, **facts: Any) -> Answer:
    """A page made from `templates/`; every fact in it is escaped."""
    return Answer(200, _templates().get_template(f"{template}.html").render(facts), _HEADERS)


def message(title: str, words: str) -> Answer:
    """A page that says one thing, such as why a login cannot go on."""
    return page("message", title=title, words=words)


def said(html: str) -> str:
    """What a page says, as one line: its heading, then its words."""
    heading, _, rest = html.partition("<h1>")[2].partition("</h1>")
    return unescape(f"{heading}: {rest.partition('<p>')[2].partition('</p>')[0]}")


def ask_for_consent(world: World, asked: Asked, offered: Offer, back_to: str) -> Answer:
    """The page on which a person says what an app gets. back_to: where they are led afterwards."""
    told = {name: value for name, value in asked.params.items() if name != "_person"}
    people = [(person, world.app_role(person.id, offered.app)) for person in world.people.values()]
    return page("consent", offer=offered, people=people, told=told, back_to=back_to, now=world.now())


@cache
def _templates() -> Environment:
    # Loaded with the first page: whoever only calls Graph needs no templates, and starts sooner.
    from jinja2 import Environment, PackageLoader, StrictUndefined

    return Environment(
        loader=PackageLoader("fbnb.sandbox"), autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True
    )
