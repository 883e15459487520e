"""Where is my Page? Four places to look, one after the other, and for a Page with no token, what may be the matter."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from enum import StrEnum

from fbnb.answers import part
from fbnb.client import GraphClient
from fbnb.errors import GraphError, NotFound, PermissionMissing
from fbnb.flows.debug_token import debug_token
from fbnb.flows.page_tokens import get_page, list_pages
from fbnb.flows.system_user import list_businesses
from fbnb.tokens import AccessToken, Page, TokenInfo

LIST = "pages_show_list"
BUSINESS = "business_management"


class Rung(StrEnum):
    """Where a Page was found, in the order of looking."""

    ACCOUNTS = "me/accounts"
    TARGETS = "debug_token's targets"
    NODE = "the Page's node"
    OWNED = "owned_pages"
    CLIENT = "client_pages"


class Cause(StrEnum):
    """Why a Page has no token, as far as the answers allow to tell."""

    NOT_TICKED = "not ticked in the dialog"
    PERMISSION = "a permission is missing"
    ROLE = "no role that counts on the Page"
    TWO_FACTOR = "the business demands two-factor authentication"
    GONE = "the Page is deleted, or the id is wrong"


@dataclass(frozen=True, slots=True)
class Finding:
    """One Page. rungs: where it was found; empty if nowhere. causes: why there is no token, likeliest first."""

    page_id: str
    name: str = ""
    rungs: tuple[Rung, ...] = ()
    token: AccessToken | None = field(default=None, repr=False)
    causes: tuple[Cause, ...] = ()


def find_pages(client: GraphClient, token: AccessToken, *, expected: Iterable[str] = ()) -> list[Finding]:
    """Every Page that the user token leads to, each with its token or with what may be the matter.

    expected: ids of Pages that should be there. Those that are found nowhere come last.

    Raises TokenInvalid: the token itself is dead. Source: Meta, "/{user}/accounts", "debug_token", "owned_pages".
    """
    info = debug_token(client, token)
    listed = {page.id: page for page in list_pages(client, token)}
    businesses = dict(_business_pages(client, token)) if BUSINESS in info.scopes else {}
    ids = dict.fromkeys([*listed, *(ticked(info) or ()), *businesses, *expected])
    return [_Evidence.of(client, token, info, id, listed.get(id), businesses.get(id)).finding() for id in ids]


def ticked(info: TokenInfo) -> tuple[str, ...] | None:
    """The ids of the Pages that were ticked in the dialog, None for all."""
    found = [scope.target_ids for scope in info.granular_scopes if scope.scope == LIST]
    return None if not found or None in found else tuple(id for targets in found for id in targets or ())


def _business_pages(client: GraphClient, token: AccessToken) -> Iterator[tuple[str, tuple[str, Rung]]]:
    for business in list_businesses(client, token):
        for rung in (Rung.OWNED, Rung.CLIENT):
            for row in client.items(f"{business.id}/{rung}", token, fields=["id", "name"]):
                yield part(row, "id", str), (str(row.get("name", "")), rung)


@dataclass(frozen=True, slots=True)
class _Evidence:
    """All that was answered about one Page. node: its own answer, or the refusal. known: its name, and by which business edge."""

    id: str
    info: TokenInfo
    listed: Page | None
    node: Page | GraphError
    known: tuple[str, Rung] | None

    @classmethod
    def of(
        cls,
        client: GraphClient,
        token: AccessToken,
        info: TokenInfo,
        id: str,
        listed: Page | None,
        known: tuple[str, Rung] | None,
    ) -> _Evidence:
        node: Page | GraphError
        try:
            node = listed if listed and listed.token else get_page(client, id, token)
        except (NotFound, PermissionMissing) as refused:
            node = refused
        return cls(id, info, listed, node, known)

    def finding(self) -> Finding:
        page = self.node if isinstance(self.node, Page) else self.listed
        name = page.name if page else self.known[0] if self.known else ""
        token = page.token if page else None
        return Finding(self.id, name, tuple(self._rungs()), token, () if token else tuple(self._causes()))

    def _rungs(self) -> Iterator[Rung]:
        if self.listed:
            yield Rung.ACCOUNTS
        if self.id in (ticked(self.info) or ()):
            yield Rung.TARGETS
        if isinstance(self.node, Page) and self.node is not self.listed:
            yield Rung.NODE
        if self.known:
            yield self.known[1]

    def _causes(self) -> Iterator[Cause]:
        """Only what the answers leave open, likeliest first."""
        targets, scopes, seen = ticked(self.info), self.info.scopes, isinstance(self.node, Page)
        if self.listed and self.listed.tasks:
            yield Cause.TWO_FACTOR  # listed, with tasks, and yet without a token
        elif isinstance(self.node, NotFound) and not self.known:
            yield Cause.GONE
        elif targets is not None and self.id not in targets:
            yield Cause.NOT_TICKED
        else:
            if not seen and not {LIST, BUSINESS} <= set(scopes):
                yield Cause.PERMISSION
            yield Cause.ROLE
            if seen:
                yield Cause.TWO_FACTOR
