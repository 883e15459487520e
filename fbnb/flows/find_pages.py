"""Where is my Page? Four places to look, one after the other, and for a Page with no token, what may be the matter."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from enum import StrEnum
from itertools import product

from fbnb.answers import part
from fbnb.client import GraphClient
from fbnb.errors import GraphError, NotFound, PermissionMissing, RequestInvalid
from fbnb.flows.debug_token import debug_token
from fbnb.flows.page_tokens import get_page, list_pages
from fbnb.flows.system_user import Business, list_businesses
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


class Absence(StrEnum):
    """Why a Page has no token, as far as the answers allow to tell."""

    NOT_TICKED = "not ticked in the dialog"
    PERMISSION = "pages_show_list or business_management was not granted"
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
    causes: tuple[Absence, ...] = ()


def find_pages(client: GraphClient, token: AccessToken, *, expected: Iterable[str] | str = ()) -> list[Finding]:
    """Every Page that a person's or a system user's token leads to, each with its own token or with what may be the matter.

    expected: ids of Pages that should be there; those that nothing else leads to come last. A rung that is refused for want
    of a permission finds nothing.

    Raises TokenInvalid: the token itself is dead. WrongTokenKind: it is an app's, or another app's. RequestInvalid: it is a
    Page's. InputError: an expected id is not a number. Source: Meta, "/{user}/accounts", "debug_token", "owned_pages".
    """
    info, listed = debug_token(client, token), dict[str, Page]()
    with _may_be_refused():
        listed = {page.id: page for page in list_pages(client, token)}
    businesses = dict(_business_pages(client, token)) if BUSINESS in info.scopes else {}
    wanted = [expected] if isinstance(expected, str) else expected
    found = []
    for id in dict.fromkeys([*listed, *(ticked(info) or ()), *businesses, *wanted]):
        page = listed.get(id)
        node = page if page and page.token else _node(client, token, id)
        found.append(_Evidence(id, info, page, node, businesses.get(id)).finding())
    return found


def ticked(info: TokenInfo) -> tuple[str, ...] | None:
    """The ids of the Pages that were ticked in the dialog; None for all, and where no permission for Pages was granted."""
    found = [scope.target_ids for scope in info.granular_scopes if scope.scope.startswith("pages_")]
    return None if not found or None in found else tuple(dict.fromkeys(id for targets in found for id in targets or ()))


@contextmanager
def _may_be_refused() -> Iterator[None]:
    """Around a rung that a permission or a role may be missing for. A dead token is another matter, and raised."""
    try:
        yield
    except (NotFound, PermissionMissing) as refused:
        if refused.code == 190:
            raise


def _business_pages(client: GraphClient, token: AccessToken) -> Iterator[tuple[str, tuple[str, Rung]]]:
    businesses = list[Business]()
    with _may_be_refused():
        businesses = list_businesses(client, token)
    for business, rung in product(businesses, (Rung.OWNED, Rung.CLIENT)):
        with _may_be_refused():
            for row in client.items(f"{business.id}/{rung}", token, fields=["id", "name"]):
                yield part(row, "id", str), (str(row.get("name", "")), rung)


def _node(client: GraphClient, token: AccessToken, id: str) -> Page | GraphError:
    try:
        return get_page(client, id, token)
    except (NotFound, PermissionMissing, RequestInvalid) as refused:
        return refused


@dataclass(frozen=True, slots=True)
class _Evidence:
    """All that was answered about one Page. node: its own answer, or the refusal. known: its name, and by which business edge."""

    id: str
    info: TokenInfo
    listed: Page | None
    node: Page | GraphError
    known: tuple[str, Rung] | None

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

    def _causes(self) -> Iterator[Absence]:
        """Only what the answers leave open, likeliest first."""
        targets, seen = ticked(self.info), isinstance(self.node, Page)
        if self.listed and self.listed.tasks:
            yield Absence.TWO_FACTOR  # listed, with tasks, and yet without a token
            return
        if isinstance(self.node, NotFound | RequestInvalid) and not self.known:
            yield Absence.GONE
        if targets is not None and self.id not in targets:
            yield Absence.NOT_TICKED
        elif not seen and not {LIST, BUSINESS} <= set(self.info.scopes):
            yield Absence.PERMISSION
        yield Absence.ROLE  # nor does the dialog offer a Page that the person has no role on
        if seen:
            yield Absence.TWO_FACTOR
