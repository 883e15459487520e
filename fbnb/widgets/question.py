"""The login dialog's question in words, and its answer as the fields of a form. No widgets."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from html import escape

from fbnb.redact import redact
from fbnb.sandbox.consent import Offer
from fbnb.sandbox.seed import PageSeed

SHOWN = 50
"""How many Pages are shown. Those beyond are shared, or not, as the dialog has them ticked."""


def asks(put: Offer) -> str:
    """Who asks whom, and what the person should know, as HTML."""
    app = _outside(put.app.name)
    told = [f"<strong>{app} asks {_outside(put.person.name)}</strong>"]
    if not put.asks:
        told.append(f"You have logged in to {app} before, and it asks for nothing new.")
    elif put.optional or put.pages:
        told.append(f"Untick what {app} should not get.")
    told += map(_outside, put.notes)
    return f'<div role="status" aria-live="polite">{"".join(f"<p>{line}</p>" for line in told)}</div>'


def gets(put: Offer) -> str:
    """The title above the permissions, and those that cannot be unticked, as HTML."""
    always = [asked for asked in put.asks if asked not in put.optional]
    listed = "".join(f"<li>{asked.name}: {escape(asked.unlocks)}; always part of a login</li>" for asked in always)
    return f"<p><strong>{_outside(put.app.name)} would get</strong></p>" + (f"<ul>{listed}</ul>" if listed else "")


def pages_title(put: Offer) -> str:
    """The title above the Pages, and how many are not shown, as HTML."""
    more = f" The first {SHOWN} of {len(put.pages)}; the others stay as they are." if len(put.pages) > SHOWN else ""
    return f"<p><strong>Pages it may work on, and your role there.</strong>{more}</p>"


def page_label(page: PageSeed, role: str) -> str:
    """A Page and what the person is there, as text."""
    return redact(f"{page.name} ({role.replace('_', ' ')})")


def already(put: Offer, now: datetime) -> str:
    """What was granted and declined before, and the time in the dialog's world, as HTML."""
    told = [f"{_outside(put.app.name)} has already: {', '.join(put.kept)}."] if put.kept else []
    if put.withheld:
        again = "An app asks again with <code>auth_type=rerequest</code>."
        told.append(f"Not asked again, for you declined it before: {', '.join(put.withheld)}. {again}")
    return "".join(f"<p>{line}</p>" for line in [*told, f"It is {now:%d %B %Y, %H:%M} UTC here."])


def form(put: Offer, ticked: Mapping[str, bool]) -> dict[str, str]:
    """The fields that the dialog's page would send. ticked: by permission or Page id; what is not told stays as it was put."""
    asked, pages = [one.name for one in put.optional], {page.id: on for page, _, on in put.pages}
    boxes = {f"_grant_{name}": ticked.get(name, True) for name in asked}
    boxes |= {f"_page_{id}": ticked.get(id, on) for id, on in pages.items()}
    sent = {"_person": put.person.id, "_asked": ",".join(asked), "_listed": ",".join(pages)}
    return sent | {name: "on" for name, on in boxes.items() if on}


def outcome(before: Offer | None, after: Offer | None) -> str:
    """What an answer granted and what not, as text; "" where that is not known. after: what is put before the person since."""
    if before is None or after is None:
        return ""
    declined = sorted({asked.name for asked in before.asks}.union(before.withheld).difference(after.kept))
    return f" Granted: {', '.join(after.kept)}." + (f" Declined: {', '.join(declined)}." if declined else "")


def _outside(words: str) -> str:
    return escape(redact(words))
