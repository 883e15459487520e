"""Twin of flows/page_tokens: the list of Pages a person can work on, and a Page with its token."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from fbnb.catalogue import roles
from fbnb.sandbox.callers import caller, themselves
from fbnb.sandbox.expansion import inner
from fbnb.sandbox.fields import node, paged, wanted
from fbnb.sandbox.judge import covers, demanded
from fbnb.sandbox.messages import Asked, Refusal
from fbnb.sandbox.picture import described
from fbnb.sandbox.records import TokenRecord
from fbnb.sandbox.system_user import administered
from fbnb.sandbox.world import World
from fbnb.tokens import NEVER, TokenKind

_FIELDS = ("access_token", "category", "category_list", "name", "id", "tasks")
NODE_FIELDS = ("access_token", "category", "category_list", "name", "id", "picture")
READ_FIELDS = ("link", "fan_count", "followers_count", "about")  # for who may read the Page
# Graph knows these too, and leaves them out where a Page has nothing to say under them, as every Page of this world.
UNTOLD = tuple(
    "bio connected_instagram_account contact_address cover description description_html display_subtext emails engagement"
    " global_brand_page_name global_brand_root_id has_whatsapp_number hours instagram_business_account is_published"
    " is_webhooks_subscribed location overall_star_rating phone rating_count single_line_address talking_about_count username"
    " verification_status website whatsapp_number".split()
)
_LISTED_BY, READS = "pages_show_list", "pages_read_engagement"


def list_pages(world: World, asked: Asked, person: str) -> dict[str, Any]:
    """`GET /{user}/accounts`: Pages ticked in the dialog on which the person has a role that counts."""
    token = themselves(world, asked, person, "accounts")
    if _LISTED_BY not in world.allowed(token).granted:
        if world.defaults.accounts_without_permission == "refuse":
            raise Refusal(200, f"(#200) Requires {_LISTED_BY} permission to manage the object")
        return {"data": []}
    fields = _listed(world, asked, token, _FIELDS)
    ids = [page for page in world.pages if visible(world, token, page)]
    if not ids and token.kind is TokenKind.SYSTEM_USER and "access_token" in fields:
        raise Refusal(200, "(#200) Permissions error")
    return paged(world, asked, ids, lambda page: node(fields, values(world, asked, token, page)))


def _listed(world: World, asked: Asked, token: TokenRecord, default: Sequence[str]) -> list[str]:
    """The fields to tell of each Page in a list; those of a Page's own only where the app may read them."""
    fields = wanted(asked, (*_FIELDS, *NODE_FIELDS, *READ_FIELDS, *UNTOLD), default, "Page")
    reads = READS in world.allowed(token).granted
    return [name for name in fields if reads or name not in READ_FIELDS]


def list_business_pages(world: World, asked: Asked, business: str, edge: str) -> dict[str, Any]:
    """`GET /{business}/owned_pages` and `/client_pages`: for who administers the business."""
    token = administered(world, asked, business)
    fields = _listed(world, asked, token, ("name", "id"))
    names = getattr(world.businesses[business], edge)
    ids = [page.id for page in world.seed.pages if page.name in names and world.page_exists(page.id)]
    return paged(world, asked, ids, lambda page: node(fields, values(world, asked, token, page)))


def get_page(world: World, asked: Asked, page: str) -> dict[str, Any]:
    """`GET /{page}`: the fields asked for. `access_token` only for who may act as the Page, else silently absent."""
    token = caller(world, asked)
    fields = wanted(asked, (*NODE_FIELDS, *UNTOLD), ("name", "id"), "Page")
    reach(world, token, page)
    return node(fields, values(world, asked, token, page))


def reach(world: World, token: TokenRecord, page: str, needs: str = "") -> None:
    """Let only who may see the Page go on, and only with the permission it `needs`. Raises Refusal 10."""
    if (token.page == page or (not token.page and reachable(world, token, page))) and (
        not needs or needs in world.allowed(token).granted
    ):
        return
    raise Refusal(
        10,
        f"(#10) This endpoint requires the '{needs or READS}' permission or the 'Page Public Content Access'"
        " feature. Refer to https://developers.facebook.com/docs/apps/review/login-permissions#manage-pages and"
        " https://developers.facebook.com/docs/apps/review/feature#reference-PAGES_ACCESS for details.",
    )


def reachable(world: World, token: TokenRecord, page: str) -> bool:
    """Whether the token's person has any role on the Page and gave this app access to it by now."""
    if not token.person:
        return False
    grant = world.allowed(token)
    through_business = world.pages[page].through_business and "business_management" not in grant.granted
    return world.page_exists(page) and bool(world.role(token.person, page)) and covers(grant, page) and not through_business


def visible(world: World, token: TokenRecord, page: str) -> bool:
    """Whether the person can also act there: a live contributor's role does not count."""
    return reachable(world, token, page) and bool(tasks(world, token.person, page))


def tasks(world: World, person: str, page: str) -> tuple[str, ...]:
    """What the person may do on the Page by now; a live contributor's role counts for nothing here."""
    return roles().get(world.role(person, page), ())


def values(world: World, asked: Asked, token: TokenRecord, page: str) -> Mapping[str, Callable[[], Any]]:
    """How each field of a Page is worked out for this caller."""
    seed = world.pages[page]
    return {
        "access_token": lambda: _token_for(world, token, page),
        "category": lambda: seed.category.name,
        "category_list": lambda: [{"id": seed.category.id, "name": seed.category.name}],
        "name": lambda: seed.name,
        "id": lambda: page,
        "picture": lambda: described(inner(asked, "picture", f"{page}/picture"), page),
        "link": lambda: f"https://www.facebook.com/{page}",
        "fan_count": lambda: seed.followers,
        "followers_count": lambda: seed.followers,
        "about": lambda: seed.about or None,
        "tasks": lambda: list(tasks(world, token.person, page)),
    }


def _token_for(world: World, token: TokenRecord, page: str) -> str | None:
    if token.page:
        return token.value
    if not visible(world, token, page) or demanded(world, token.person, page):
        return None
    return page_token(world, token, page).value


def page_token(world: World, token: TokenRecord, page: str) -> TokenRecord:
    """The Page token that goes with a user token: made once, ending when a short-lived parent does, never with a long-lived."""
    name = f"{token.value}/{page}"
    return world.named_token(TokenKind.PAGE, name) or world.issue(
        TokenKind.PAGE,
        token.app,
        name=name,
        person=token.person,
        page=page,
        parent=token.value,
        long_lived=token.long_lived,
        scopes=token.scopes,
        expires_at=NEVER if token.long_lived and token.kind is TokenKind.USER else token.expires_at,
        call="GET /me/accounts or /{page}",
    )
