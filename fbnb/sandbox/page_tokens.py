"""Twin of flows/page_tokens: the list of Pages a person can work on, and a Page with its token."""

from __future__ import annotations

from typing import Any

from fbnb.catalogue import roles
from fbnb.sandbox.callers import caller, current, user
from fbnb.sandbox.fields import node, paged, wanted
from fbnb.sandbox.judge import covers
from fbnb.sandbox.messages import Asked, Refusal
from fbnb.sandbox.world import TokenRecord, World
from fbnb.tokens import NEVER, TokenKind

_FIELDS = ("access_token", "category", "category_list", "name", "id", "tasks")
_NODE_FIELDS = ("access_token", "category", "category_list", "name", "id")
_LISTED_BY = "pages_show_list"


def list_pages(world: World, asked: Asked, person: str) -> dict[str, Any]:
    """`GET /{user}/accounts`: Pages ticked in the dialog on which the person has a role that counts."""
    token = _person_asking(world, asked, person)
    grant = world.grant(token.person, token.app)
    if _LISTED_BY not in grant.granted:
        if world.defaults.accounts_without_permission == "refuse":
            raise Refusal(200, f"(#200) Requires {_LISTED_BY} permission to manage the object")
        return {"data": []}
    fields = wanted(asked, _FIELDS, _FIELDS, "Page")
    ids = [page for page in world.pages if visible(world, token, page)]
    return paged(world, asked, ids, lambda page: _page(world, token, page, fields))


def _person_asking(world: World, asked: Asked, person: str) -> TokenRecord:
    token = current(world, asked) if person == "me" else user(world, asked)
    if token.kind is not TokenKind.USER:
        raise Refusal(100, "(#100) Tried accessing nonexisting field (accounts) on node type (Page)")
    if person not in {"me", world.scoped_id(token.person, token.app)}:
        raise Refusal(210, "User not visible")
    return token


def get_page(world: World, asked: Asked, page: str) -> dict[str, Any]:
    """`GET /{page}`: the fields asked for. `access_token` only for who may act as the Page, else silently absent."""
    token = caller(world, asked)
    fields = wanted(asked, _NODE_FIELDS, ("name", "id"), "Page")
    if token.page != page and (token.page or not reachable(world, token, page)):
        raise Refusal(
            10,
            "(#10) This endpoint requires the 'pages_read_engagement' permission or the 'Page Public Content Access' feature."
            " Refer to https://developers.facebook.com/docs/apps/review/login-permissions#manage-pages and"
            " https://developers.facebook.com/docs/apps/review/feature#reference-PAGES_ACCESS for details.",
        )
    return _page(world, token, page, fields)


def reachable(world: World, token: TokenRecord, page: str) -> bool:
    """Whether the token's person has any role on the Page and gave this app access to it by now."""
    grant = world.grant(token.person, token.app)
    through_business = world.pages[page].through_business and "business_management" not in grant.granted
    return world.page_exists(page) and bool(world.role(token.person, page)) and covers(grant, page) and not through_business


def visible(world: World, token: TokenRecord, page: str) -> bool:
    """Whether the person can also act there: a live contributor's role does not count."""
    return reachable(world, token, page) and bool(tasks(world, token.person, page))


def tasks(world: World, person: str, page: str) -> tuple[str, ...]:
    """What the person may do on the Page by now; a live contributor's role counts for nothing here."""
    return roles().get(world.role(person, page), ())


def _page(world: World, token: TokenRecord, page: str, fields: list[str]) -> dict[str, Any]:
    seed = world.pages[page]
    return node(
        fields,
        {
            "access_token": lambda: page_token(world, token, page).value if token.page or visible(world, token, page) else None,
            "category": lambda: seed.category.name,
            "category_list": lambda: [{"id": seed.category.id, "name": seed.category.name}],
            "name": lambda: seed.name,
            "id": lambda: page,
            "tasks": lambda: list(tasks(world, token.person, page)),
        },
    )


def page_token(world: World, token: TokenRecord, page: str) -> TokenRecord:
    """The Page token that goes with a user token: made once, ending when a short-lived parent does, never with a long-lived."""
    if token.page:
        return token
    name = f"{token.value}/{page}"
    return world.named_token(TokenKind.PAGE, name) or world.issue(
        TokenKind.PAGE,
        token.app,
        name=name,
        person=token.person,
        page=page,
        parent=token.value,
        long_lived=token.long_lived,
        expires_at=NEVER if token.long_lived else token.expires_at,
        call="GET /me/accounts or /{page}",
    )
