"""A flow as steps that are taken one at a time. No widgets: what a click does is here, and tested without a browser."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from fbnb.client import GraphClient
from fbnb.errors import FbnbError, InputError
from fbnb.flows.debug_token import compose_app_token, debug_token
from fbnb.flows.login import code_from_redirect, exchange_code, login_url
from fbnb.flows.long_lived import extend_user_token
from fbnb.flows.page_tokens import list_pages
from fbnb.redact import Secret
from fbnb.tokens import AccessToken, TokenInfo
from fbnb.wire import Exchange

Held = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Step:
    """One step: what it does in words, the name of what it yields, and how, given the client and what is held so far."""

    title: str
    yields: str
    take: Callable[[GraphClient, Held], Any]


@dataclass
class Walk:
    """A walk through steps. held: what they yielded, by name. error: why the last one did not, None if it did.

    exchanges: what the last step sent and was answered. A step that fails leaves the walk where it was, to try again.
    """

    client: GraphClient
    title: str
    steps: Sequence[Step]
    position: int = 0
    held: dict[str, Any] = field(default_factory=dict)
    error: FbnbError | None = None
    exchanges: list[Exchange] = field(default_factory=list)

    @property
    def done(self) -> bool:
        return self.position == len(self.steps)

    @property
    def where(self) -> str:
        """`Next is step 2 of 4: exchange the code.`"""
        if self.done:
            return f"Done: all {len(self.steps)} steps of {self.title}."
        return f"Next is step {self.position + 1} of {len(self.steps)}: {self.steps[self.position].title}."

    def next(self) -> None:
        """Take the next step; a refusal is kept in `error`. Raises InputError at the end."""
        if self.done:
            raise InputError("There is no further step.", remedy="Start over.")
        step, before = self.steps[self.position], self.client.wire.count
        self.error = None
        try:
            self.held[step.yields] = step.take(self.client, self.held)
            self.position += 1
        except FbnbError as refused:
            self.error = refused
        finally:
            self.exchanges = self.client.wire.since(before)

    def start_over(self) -> None:
        """Back to the first step, with nothing in hand; what was done at Graph stays done."""
        self.position, self.held, self.error, self.exchanges = 0, {}, None, []


def _code(client: GraphClient, held: Held) -> Secret:
    return code_from_redirect(held["redirect"], state=held["state"], redirect_uri=client.settings.redirect_uri)


def walk_login(client: GraphClient, scopes: Sequence[str] = ("pages_show_list",)) -> Walk:
    """State, dialog, redirect, code, token."""
    steps = (
        Step("make a state", "state", lambda client, held: client.nonce()),
        Step("build the dialog's address", "url", lambda client, held: login_url(client, scopes, state=held["state"])),
        Step("the person answers the dialog", "redirect", lambda client, held: client.open_dialog(held["url"])),
        Step("check the state, take the code", "code", _code),
        Step("exchange the code", "user token", lambda client, held: exchange_code(client, held["code"])),
    )
    return Walk(client, "the login", steps)


def walk_debug_token(client: GraphClient, token: AccessToken) -> Walk:
    """An app token, and what it may ask about: `token`, and itself."""
    steps = (
        Step("compose the app token", "app token", lambda client, held: compose_app_token(client.settings)),
        Step("ask about the token", "its info", lambda client, held: debug_token(client, token, using=held["app token"])),
        Step(
            "let the app token ask about itself",
            "the app token's info",
            lambda client, held: debug_token(client, held["app token"], using=held["app token"]),
        ),
    )
    return Walk(client, "debug_token", steps)


def walk_long_lived(client: GraphClient, token: AccessToken) -> Walk:
    """A user token extended, then both strings asked about."""
    steps = (
        Step("extend it, with the app secret", "long-lived token", lambda client, held: extend_user_token(client, token)),
        Step("ask when the new one ends", "its info", lambda client, held: debug_token(client, held["long-lived token"])),
        Step("ask whether the old one still lives", "the old one's info", lambda client, held: debug_token(client, token)),
    )
    return Walk(client, "the extension", steps)


def walk_page_tokens(client: GraphClient, token: AccessToken) -> Walk:
    """Extend first, then list: Page tokens without an end."""
    steps = (
        Step("extend the user token", "long-lived token", lambda client, held: extend_user_token(client, token)),
        Step("list the Pages", "pages", lambda client, held: list_pages(client, held["long-lived token"])),
        Step("ask about the first Page's token", "its info", _first_page),
    )
    return Walk(client, "the Page tokens", steps)


def _first_page(client: GraphClient, held: Held) -> TokenInfo:
    found = [page.token for page in held["pages"] if page.token]
    if not found:
        raise InputError("There is no Page token to ask about.", remedy="Log in as someone with a Page, and tick it.")
    return debug_token(client, found[0])
