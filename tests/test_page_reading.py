"""Reading a Page and its posts: what it takes, and what it refuses."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from capture import Capture

from fbnb.client import Call, GraphClient
from fbnb.errors import (
    InputError,
    NotFound,
    PermissionMissing,
    RequestInvalid,
    TokenExpired,
    TokenMalformed,
    TokenRevoked,
    UnreadableAnswer,
    WrongTokenKind,
)
from fbnb.flows.app_tokens import compose_app_token
from fbnb.flows.login import log_in
from fbnb.flows.page_reading import PAGE_FIELDS, Post, list_posts, read_page
from fbnb.flows.page_tokens import list_pages
from fbnb.redact import Secret
from fbnb.sandbox import Sandbox
from fbnb.tables import post_table
from fbnb.tokens import AccessToken
from fbnb.walks import walk_page_reading

BAKERY, BOOKS, SAIL, MUSEUM, FISH = (f"300000000000{number}" for number in (1, 2, 4, 5, 8))
READ = ["pages_show_list", "pages_read_engagement"]
OWN = ["Back tomorrow at five, with pumpkin bread.", "We are closed on Sunday.", "Rye loaves are out of the oven until noon."]


@pytest.fixture
def user(client: GraphClient) -> AccessToken:
    return log_in(client, READ)


def of(client: GraphClient, user: AccessToken, page_id: str = BAKERY) -> AccessToken:
    (token,) = (page.token for page in list_pages(client, user) if page.id == page_id)
    assert token
    return token


def texts(posts: list[Post]) -> list[str]:
    return [post.text for post in posts]


def test_a_page_with_its_own_token_and_with_the_persons(client: GraphClient, user: AccessToken) -> None:
    page = read_page(client, BAKERY, of(client, user))
    assert tuple(page) == PAGE_FIELDS
    assert (page["name"], page["fan_count"]) == ("Harbour Bakery", 1842)
    assert read_page(client, BAKERY, user) == page
    assert read_page(client, "me", of(client, user)) == page


def test_what_the_page_has_not_filled_in_is_absent(client: GraphClient, user: AccessToken) -> None:
    assert "about" not in read_page(client, BOOKS, user)


def test_posts_newest_first_without_the_visitors(client: GraphClient, user: AccessToken) -> None:
    posts = list_posts(client, BAKERY, of(client, user))
    assert texts(posts) == OWN
    assert posts[0].id == f"{BAKERY}_7004"
    assert posts[0].link == f"https://www.facebook.com/{BAKERY}/posts/7004"


def test_times_are_aware_utc(client: GraphClient, user: AccessToken) -> None:
    created = list_posts(client, BAKERY, user)[0].created
    assert created == datetime(2026, 11, 1, 18, tzinfo=UTC)
    assert created.utcoffset() == timedelta(0)


def test_visitors_are_in_the_feed_only(client: GraphClient, user: AccessToken) -> None:
    token = of(client, user)
    with pytest.raises(PermissionMissing, match=r"10.*pages_read_user_content"):
        list_posts(client, BAKERY, token, edge="feed")
    log_in(client, [*READ, "pages_read_user_content"])
    assert texts(list_posts(client, BAKERY, token, edge="feed")) == [OWN[0], "Best cinnamon buns on the quay!", *OWN[1:]]


@pytest.mark.parametrize(("most", "told"), [(1, 1), (2, 2), (3, 3), (100, 3), (1000, 3)])
def test_as_many_as_asked_for(most: int, told: int, client: GraphClient, user: AccessToken) -> None:
    before = client.wire.count
    assert texts(list_posts(client, BAKERY, user, most=most)) == OWN[:told]
    assert client.wire.count - before == 1


@pytest.mark.parametrize("most", [0, -1])
def test_none_is_not_a_number_of_posts(most: int, client: GraphClient, user: AccessToken) -> None:
    with pytest.raises(InputError, match="at least one"):
        list_posts(client, BAKERY, user, most=most)


def test_a_small_limit_is_followed_to_the_end(client: GraphClient, user: AccessToken) -> None:
    before = client.wire.count
    assert [row["message"] for row in client.items(f"{BAKERY}/posts", user, limit=1)] == OWN
    assert client.wire.count - before == 3


def test_without_the_permission(client: GraphClient, short: AccessToken) -> None:
    token = of(client, short)
    for call in (read_page, list_posts):
        with pytest.raises(PermissionMissing, match=r"10.*pages_read_engagement"):
            call(client, BAKERY, token)
    assert read_page(client, BAKERY, token, fields=["name"])["name"] == "Harbour Bakery"


@pytest.mark.parametrize("page", [SAIL, MUSEUM])
def test_without_the_task(page: str, client: GraphClient, user: AccessToken) -> None:
    for token in (user, of(client, user, page)):
        with pytest.raises(PermissionMissing, match=r"200.*administrative permission"):
            list_posts(client, page, token)


@pytest.mark.parametrize("role", ["moderator", "editor", "admin", "full_control"])
def test_with_one_of_the_tasks(role: str, client: GraphClient, sandbox: Sandbox, user: AccessToken) -> None:
    sandbox.change_role("Mara Quay", "Tide Museum", role)
    assert texts(list_posts(client, MUSEUM, user)) == ["Free entry at low tide."]


def test_a_page_of_the_newer_sort(client: GraphClient, user: AccessToken) -> None:
    assert list_posts(client, FISH, user) == []


def test_another_pages_token_does_not_open_it(client: GraphClient, user: AccessToken) -> None:
    token = of(client, user)
    for call in (read_page, list_posts):
        with pytest.raises(PermissionMissing, match="pages_read_engagement"):
            call(client, BOOKS, token)


def test_an_unknown_field(client: GraphClient, user: AccessToken) -> None:
    with pytest.raises(RequestInvalid, match=r"nonexisting field \(likes_count\) on node type \(Page\)"):
        read_page(client, BAKERY, user, fields=["name", "about", "likes_count"])


def test_a_deleted_page(client: GraphClient, sandbox: Sandbox, user: AccessToken) -> None:
    token = of(client, user)
    sandbox.delete_page("Harbour Bakery")
    for call in (read_page, list_posts):
        with pytest.raises(TokenRevoked, match="belongs to a Page that has been deleted"):
            call(client, BAKERY, token)
        with pytest.raises(NotFound):
            call(client, BAKERY, user)


def test_no_such_page(client: GraphClient, user: AccessToken) -> None:
    for call in (read_page, list_posts):
        with pytest.raises(NotFound, match="3999999999999"):
            call(client, "3999999999999", user)


def test_other_tokens(client: GraphClient, sandbox: Sandbox, user: AccessToken) -> None:
    with pytest.raises(WrongTokenKind):
        read_page(client, BAKERY, compose_app_token(client.settings))
    with pytest.raises(PermissionMissing):
        list_posts(client, BAKERY, compose_app_token(client.settings))
    for call in (read_page, list_posts):
        with pytest.raises(TokenMalformed):
            call(client, BAKERY, AccessToken(Secret("rubbish")))
    pier = sandbox.world.apps["1000000000002"]
    other = replace(
        client,
        settings=replace(client.settings, app_id=pier.id, app_secret=Secret(pier.secret), redirect_uri=pier.redirect_uris[0]),
    )
    foreign = log_in(other.acting_as(sandbox.person("Ines Voss")), READ)
    with pytest.raises(PermissionMissing):
        list_posts(other, BAKERY, foreign)


def test_until_the_second_it_expires(client: GraphClient, sandbox: Sandbox, user: AccessToken) -> None:
    token = of(client, user)
    sandbox.clock.advance(hours=1, minutes=59, seconds=59)
    assert texts(list_posts(client, BAKERY, token)) == OWN
    sandbox.clock.advance(seconds=1)
    for call in (read_page, list_posts):
        with pytest.raises(TokenExpired):
            call(client, BAKERY, token)


def test_two_pages_in_one_request_are_two_calls(client: GraphClient, sandbox: Sandbox, user: AccessToken) -> None:
    for ask in (
        lambda: client.get("posts", user, ids=[BAKERY, BOOKS])[BOOKS],
        lambda: client.batch(user, [Call(f"{id}/posts") for id in (BAKERY, BOOKS)])[1],
    ):
        calls, requests = sandbox.calls, client.wire.count
        told = ask()
        assert isinstance(told, dict)
        assert told["data"][0]["message"] == "Reading on Thursday at seven."
        assert (sandbox.calls - calls, client.wire.count - requests) == (2, 1)


@pytest.mark.parametrize("created", ["yesterday", None, "2026-11-01T18:00:00"])
def test_a_time_that_cannot_be_read(created: object, client: GraphClient, user: AccessToken) -> None:
    odd = {"data": [{"id": "1_2", "created_time": created}]}
    with pytest.raises(UnreadableAnswer):
        list_posts(replace(client, transport=Capture([odd])), "1", user)


def test_a_story_stands_in_for_a_message_and_any_zone_becomes_utc(client: GraphClient, user: AccessToken) -> None:
    row = {"id": "1_2", "created_time": "2026-11-01T18:00:00+0100", "story": "The Page changed its picture."}
    (post,) = list_posts(replace(client, transport=Capture([{"data": [row]}])), "1", user)
    assert (post.text, post.created.hour, post.created.tzinfo) == (row["story"], 17, UTC)


def test_the_table(client: GraphClient, user: AccessToken) -> None:
    table = post_table(list_posts(client, BAKERY, user))
    assert list(table["text"]) == OWN
    assert str(table["created"].dtype) == str(post_table([])["created"].dtype) == "datetime64[s, UTC]"
    assert table["created"].is_monotonic_decreasing


def test_the_walk_reads_both(client: GraphClient, user: AccessToken) -> None:
    walk = walk_page_reading(client, BAKERY, of(client, user))
    walk.next()
    walk.next()
    assert walk.held["page"]["name"] == "Harbour Bakery"
    assert texts(walk.held["posts"]) == OWN
