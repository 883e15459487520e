"""Page tokens: which Pages, with what, until when."""

from __future__ import annotations

import pytest

from fbnb.client import GraphClient
from fbnb.errors import InputError, NotFound, PermissionMissing, TokenInvalid, TokenRevoked
from fbnb.flows.debug_token import debug_token
from fbnb.flows.login import log_in
from fbnb.flows.long_lived import extend_user_token
from fbnb.flows.page_tokens import get_page, list_pages
from fbnb.sandbox import Sandbox
from fbnb.tokens import NEVER, AccessToken

NAMES = ["Harbour Bakery", "Lighthouse Books", "Ferry Timetable", "Sail & Rope", "Tide Museum", "Dockside Jobs", "Fish Market"]


def names(client: GraphClient, token: AccessToken) -> list[str]:
    return [page.name for page in list_pages(client, token)]


@pytest.mark.parametrize(("limit", "requests"), [(None, 1), (3, 3), (8, 1), (7, 2), (1, 8)])
def test_the_list_is_the_same_over_any_number_of_answers(
    limit: int | None, requests: int, client: GraphClient, short: AccessToken
) -> None:
    before = client.wire.count
    pages = list_pages(client, short, limit=limit)
    assert [page.name for page in pages] == [*NAMES, "Regatta 2026"]
    assert client.wire.count - before == requests


def test_a_page_comes_with_tasks_category_and_token(client: GraphClient, short: AccessToken) -> None:
    bakery = list_pages(client, short)[0]
    assert bakery.tasks == ("ANALYZE", "ADVERTISE", "MESSAGING", "MODERATE", "CREATE_CONTENT", "MANAGE")
    assert (bakery.id, bakery.category) == ("3000000000001", "Bakery")
    assert bakery.token
    assert (bakery.token.label, bakery.token.subject, bakery.token.expires_at) == ("Harbour Bakery", bakery.id, None)


def test_the_expiry_is_inherited(client: GraphClient, short: AccessToken) -> None:
    ends = []
    for parent in (short, extend_user_token(client, short)):
        token = list_pages(client, parent)[0].token
        assert token
        ends.append(debug_token(client, token).expires_at)
    assert ends == [short.expires_at, NEVER]


def test_fields_are_absent_unless_asked(client: GraphClient, short: AccessToken) -> None:
    page = list_pages(client, short, fields=["name"])[0]
    assert (page.name, page.category, page.tasks, page.token) == ("Harbour Bakery", "", None, None)
    assert get_page(client, page.id, short, fields=["name"]).token is None
    assert get_page(client, page.id, short).token == list_pages(client, short)[0].token


def test_a_page_not_ticked_is_absent_and_its_older_token_dead(client: GraphClient, sandbox: Sandbox, short: AccessToken) -> None:
    older = list_pages(client, extend_user_token(client, short))
    picky = client.acting_as(sandbox.person(pages=["Harbour Bakery"]))
    assert names(client, log_in(picky, ["pages_show_list"])) == ["Harbour Bakery"]
    bakery, books = older[0].token, older[1].token
    assert bakery
    assert books
    assert client.get("me", bakery)["name"] == "Harbour Bakery"
    with pytest.raises(PermissionMissing, match="impersonating"):
        client.get("me", books)


def test_without_the_permission_the_list_is_empty(client: GraphClient) -> None:
    assert list_pages(client, log_in(client, ["email"])) == []


def test_a_page_through_a_business_needs_business_management(client: GraphClient) -> None:
    assert "Harbour Street Holdings" in names(client, log_in(client, ["pages_show_list", "business_management"]))


def test_a_lost_role_kills_the_page_token(client: GraphClient, sandbox: Sandbox, short: AccessToken) -> None:
    token = list_pages(client, short)[0].token
    assert token
    sandbox.change_role("Mara Quay", "Harbour Bakery")
    with pytest.raises(TokenRevoked, match="492"):
        client.get("me", token)
    sandbox.change_role("Mara Quay", "Harbour Bakery", "analyst")
    assert client.get("me", token)["name"] == "Harbour Bakery", "a role given back counts again"


def test_one_page_by_id(client: GraphClient, short: AccessToken) -> None:
    with pytest.raises(InputError, match="id is a number, not 'harbourbakery'"):
        get_page(client, "harbourbakery", short)
    with pytest.raises(NotFound, match="3999999999999"):
        get_page(client, "3999999999999", short)
    assert get_page(client, "3000000000007", short).token is None, "a live contributor may look, not act"
    with pytest.raises(PermissionMissing, match="pages_read_engagement"):
        get_page(client, "3000000000009", short)


def test_a_page_token_opens_its_own_page_only(client: GraphClient, short: AccessToken) -> None:
    bakery, books = list_pages(client, short)[:2]
    assert bakery.token
    assert get_page(client, bakery.id, bakery.token).token == bakery.token
    with pytest.raises(PermissionMissing):
        get_page(client, books.id, bakery.token)


def test_an_unreadable_token_lists_nothing(client: GraphClient, short: AccessToken) -> None:
    with pytest.raises(TokenInvalid):
        list_pages(client, AccessToken.of("EAA_SANDBOX_half"))
