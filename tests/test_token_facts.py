"""A token in words: every field of debug_token, and the whole of it at a glance."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from capture import Capture

from fbnb.client import GraphClient
from fbnb.errors import TokenInvalid
from fbnb.flows.app_tokens import compose_app_token, compose_client_token, get_app_token
from fbnb.flows.debug_token import debug_token
from fbnb.flows.login import log_in
from fbnb.flows.long_lived import extend_user_token
from fbnb.flows.page_tokens import list_pages
from fbnb.flows.session_info import get_session_info_token
from fbnb.redact import Secret
from fbnb.sandbox import Sandbox
from fbnb.settings import Settings
from fbnb.token_facts import card, in_words, standing, unlocks, why_not_extended
from fbnb.tokens import NEVER, AccessToken, Expiry, GranularScope, TokenFault, TokenInfo, TokenKind

NOW = datetime(2026, 11, 2, 9, tzinfo=UTC)
DAYS = timedelta(days=1)
CANARY = "EAA" + "CanaryUser" * 6


def test_every_field_of_a_user_token(client: GraphClient, short: AccessToken) -> None:
    assert in_words(debug_token(client, short), client.now()) == [
        ("valid", "yes"),
        ("kind", "USER: it acts for a person in your app"),
        ("app", "Harbour Notes (1000000000001)"),
        ("user id", "2100000000001"),
        ("issued", "not told: Graph tells it of long-lived tokens only"),
        ("expires", "2026-11-02 11:00 UTC, 2 hours left"),
        ("data access until", "2027-01-31 09:00 UTC, 90 days left"),
        ("scope pages_show_list", "the list of Pages the person can work on; not limited"),
        ("scope public_profile", "name and id of the person"),
    ]


def test_a_page_token_names_its_page_and_its_limits(client: GraphClient, sandbox: Sandbox) -> None:
    ticked = client.acting_as(sandbox.person(pages=["Harbour Bakery"]))
    page = list_pages(client, extend_user_token(client, log_in(ticked, ["pages_show_list"])))[0].token
    assert page
    told = dict(in_words(debug_token(client, page), client.now()))
    assert told["Page id"] == "3000000000001"
    assert (told["issued"], told["expires"]) == ("2026-11-02 09:00 UTC", "never")
    assert told["scope pages_show_list"] == "the list of Pages the person can work on; only for 3000000000001"


def test_a_token_without_scopes_says_how_long_it_lives(client: GraphClient) -> None:
    for token, lives in (
        (compose_app_token(client.settings), "until the app secret is reset"),
        (compose_client_token(client.settings), "until the client token is reset"),
    ):
        info = debug_token(client, token)
        told = dict(in_words(info, NOW))
        assert (told["expires"], told["scopes"]) == (f"not told; it lives {lives}", "none")
        glance = dict(card(token, info, NOW))
        assert glance["by the clocks"] == "it does not end"
        assert "can call" in glance
    assert glance["can call"] == "a device login, and little else"


def test_a_dead_token_has_its_error_explained(client: GraphClient, sandbox: Sandbox, short: AccessToken) -> None:
    sandbox.change_password("Mara Quay")
    info = debug_token(client, short)
    told = dict(in_words(info, client.now()))
    assert told["valid"].startswith("no. The person changed the password")
    assert told["error"].startswith("190/460: ")
    assert told["cause"].startswith("password_changed. ")
    assert told["what to do"]
    glance = dict(card(short, info, client.now()))
    assert glance["state"].startswith("Dead. The person changed the password")
    assert told["what to do"] in glance["state"]
    assert not {"can call", "dies when", "by the clocks"} & set(glance), "what is dead does not die"


def test_what_is_no_token_is_told_in_few_words(client: GraphClient) -> None:
    told = dict(in_words(debug_token(client, AccessToken(Secret("rubbish"))), NOW))
    assert set(told) == {"valid", "error", "cause", "what to do"}
    assert "Copy it again, whole" in told["what to do"]


def test_an_error_that_is_not_told_is_said_to_be_so() -> None:
    info = TokenInfo(is_valid=False, kind=TokenKind.USER)
    assert ("valid", "no. Graph does not say why.") in in_words(info, NOW)
    assert standing(AccessToken(Secret("x")), info, NOW) == "Dead. Graph does not say why. Get a new token through login."


def test_limits_and_metadata() -> None:
    ids = tuple(map(str, range(7)))
    info = TokenInfo(
        is_valid=True,
        kind=TokenKind.USER,
        scopes=("pages_show_list", "from_next_year"),
        granular_scopes=(
            GranularScope("pages_show_list", ids[:3]),
            GranularScope("pages_show_list", ids[3:]),
            GranularScope("ads_read", ()),
            GranularScope("read_insights", ("1",)),
            GranularScope("read_insights"),
        ),
        metadata={"auth_type": "rerequest", "odd": 5},
    )
    told = dict(in_words(info, NOW))
    assert told["scope pages_show_list"].endswith("only for 0, 1, 2, 3, 4 and 2 more")
    assert told["scope from_next_year"] == "unknown to this kit"
    assert told["scope ads_read"].endswith("only for nothing")
    assert told["scope read_insights"].endswith("; not limited")
    assert told["metadata auth_type"] == "what the dialog was told to ask: rerequest"
    assert told["metadata odd"] == "not explained: 5"
    assert "from_next_year" in dict(card(AccessToken(Secret("x")), info, NOW))["can call"]


def test_a_token_at_a_glance(client: GraphClient, short: AccessToken) -> None:
    assert card(short, debug_token(client, short), client.now()) == [
        ("state", "Live."),
        ("token", f"USER {short.hint}, from login"),
        ("acts for", "a person in your app"),
        ("expires", "2026-11-02 11:00 UTC, 2 hours left"),
        ("data access until", "2027-01-31 09:00 UTC, 90 days left"),
        ("can call", "the list of Pages the person can work on (pages_show_list); name and id of the person (public_profile)"),
        ("dies when", "its time runs out; the person changes the password, logs out or removes the app"),
        ("by the clocks", "first comes its own end, in 2 hours"),
    ]


def test_data_access_ends_before_a_token_without_end(client: GraphClient, sandbox: Sandbox) -> None:
    scopes = ["pages_show_list", "pages_read_engagement", "read_page_mailboxes", "email"]
    user = extend_user_token(client, log_in(client, scopes))
    page = list_pages(client, user)[0].token
    assert page
    glance = dict(card(page, debug_token(client, page), client.now()))
    assert glance["by the clocks"] == "first comes the end of access to the person's data, which the token outlives, in 90 days"
    sandbox.clock.advance(days=91)
    glance = dict(card(page, debug_token(client, page), client.now()))
    assert glance["state"] == "Live, but access to the person's data is over. For that the person logs in again."
    assert glance["data access until"] == "2027-01-31 09:00 UTC, over since 24 hours"
    content = "a Page's content, followers and metadata (pages_read_engagement)"
    assert glance["can call"] == f"{content}; as far as the person's tasks on the Page allow"
    assert glance["no longer"] == "a Page's mailboxes (read_page_mailboxes)"
    assert glance["by the clocks"] == "it does not end"


def test_of_a_person_nothing_can_be_read_once_data_access_is_over(client: GraphClient, sandbox: Sandbox) -> None:
    user = log_in(client)
    assert dict(card(user, debug_token(client, user), client.now()))["state"] == "Live."
    sandbox.end_data_access("Mara Quay")
    with pytest.raises(TokenInvalid):
        client.get("me", user, fields="id,name")
    glance = dict(card(user, debug_token(client, user), client.now()))
    assert glance["state"] == "Live, but access to the person's data is over. For that the person logs in again."
    assert (glance["can call"], glance["no longer"]) == ("nothing", "name and id of the person (public_profile)")


def test_a_page_token_reads_its_page_and_neither_lists_pages_nor_reads_the_person(client: GraphClient) -> None:
    user = log_in(client, ["pages_show_list", "email"])
    page = list_pages(client, user)[0].token
    assert page
    assert dict(card(page, debug_token(client, page), client.now()))["can call"] == "name and id of the Page, and no more"
    assert client.get("me", page, fields="name")["name"] == "Harbour Bakery"


def test_what_lasts_is_not_said_to_be_over(client: GraphClient, sandbox: Sandbox, short: AccessToken) -> None:
    page = list_pages(client, extend_user_token(client, short))[0].token
    assert page
    sandbox.clock.advance(days=91)
    glance = dict(card(page, debug_token(client, page), client.now()))
    assert glance["state"] == "Live."
    assert "no longer" not in glance


@pytest.mark.parametrize(
    ("expires", "access", "words"),
    [
        (NOW + DAYS, NOW + 3 * DAYS, "first comes its own end, in 24 hours"),
        (
            NOW + 9 * DAYS,
            NOW + 3 * DAYS,
            "first comes the end of access to the person's data, which the token outlives, in 3 days",
        ),
        (NOW + 9 * DAYS, NOW - DAYS, "first comes its own end, in 9 days"),
        (NEVER, NEVER, "it does not end"),
        (NEVER, None, "it does not end"),
        (None, None, "no end is told"),
    ],
)
def test_which_clock_comes_first(expires: Expiry, access: Expiry, words: str) -> None:
    token = AccessToken(Secret("x"), expires_at=expires, data_access_until=access)
    assert dict(card(token, None, NOW))["by the clocks"] == words


def test_graphs_zero_for_data_access_is_without_end() -> None:
    info = TokenInfo(is_valid=True, kind=TokenKind.SYSTEM_USER, expires_at=NEVER, data_access_expires_at=NEVER)
    for told in (in_words(info, NOW), card(AccessToken(Secret("x")), info, NOW)):
        assert (dict(told)["expires"], dict(told)["data access until"]) == ("never", "without end")


def test_what_has_no_end_does_not_die_of_time() -> None:
    for expires, dies in (
        (NEVER, "it is revoked or the system user is removed"),
        (NOW + 60 * DAYS, "it is revoked, its 60 days pass or the system user is removed"),
    ):
        info = TokenInfo(is_valid=True, kind=TokenKind.SYSTEM_USER, expires_at=expires)
        assert dict(card(AccessToken(Secret("x")), info, NOW))["dies when"] == dies
    never = dict(card(AccessToken(Secret("x"), expires_at=NEVER), None, NOW))["dies when"]
    assert never == "the person changes the password, logs out or removes the app"


@pytest.mark.parametrize("compose", [compose_app_token, compose_client_token])
def test_what_an_app_can_call_is_not_known_where_graph_refused(
    client: GraphClient, compose: Callable[[Settings], AccessToken]
) -> None:
    assert dict(card(compose(client.settings), None, NOW))["can call"] == "not known without asking"


def test_an_app_token_that_died_where_it_was_made_is_dead(client: GraphClient, sandbox: Sandbox) -> None:
    token = get_app_token(client)
    sandbox.reset_secret()
    now = client.with_secret(Secret(sandbox.world.secret(client.settings.app_id)))
    assert standing(token, debug_token(now, token), now.now()).startswith("Dead. ")
    assert standing(token, None, now.now() - DAYS).startswith("Not made yet")


def test_without_asking_only_the_clock_is_known(short: AccessToken) -> None:
    glance = dict(card(short, None, NOW))
    assert glance["state"] == "By its own clock alone: live."
    assert glance["can call"] == "not known without asking"
    later = dict(card(short, None, NOW + timedelta(hours=3)))
    assert later["state"].startswith("By its own clock alone: expired. Log in again")
    assert not {"can call", "dies when", "by the clocks"} & set(later)
    assert standing(AccessToken(Secret("x")), None, NOW) == "By its own clock alone: not told."


def test_a_token_of_the_future_is_not_called_dead(client: GraphClient, sandbox: Sandbox) -> None:
    before = sandbox.checkpoint()
    token = log_in(client)
    assert standing(token, debug_token(client, token), client.now()) == "Live."
    assert standing(token, None, client.now()) == "By its own clock alone: live."
    sandbox.rewind(before)
    unread = debug_token(client, token)
    assert standing(token, unread, client.now()).startswith("Not made yet"), "of the same moment, and not there"
    assert standing(token, None, client.now() - DAYS).startswith("Not made yet")
    assert "dies when" not in dict(card(token, unread, client.now()))


def test_what_cannot_be_extended_says_what_to_do(client: GraphClient, sandbox: Sandbox, short: AccessToken) -> None:
    page = list_pages(client, short)[0].token
    assert page
    for token, problem, remedy in (
        (page, "A Page token is not extended.", "Extend the user token"),
        (compose_app_token(client.settings), "An app token has no end", "until the app secret is reset"),
        (compose_client_token(client.settings), "A client token has no end", "until the client token is reset"),
    ):
        refusal = why_not_extended(token, debug_token(client, token))
        assert refusal
        assert (problem in refusal.problem, remedy in refusal.remedy) == (True, True)
    robot = why_not_extended(AccessToken(Secret("x")), TokenInfo(is_valid=True, kind=TokenKind.SYSTEM_USER))
    assert robot
    assert "refresh_system_user_token" in robot.remedy
    assert why_not_extended(short, debug_token(client, short)) is None
    assert why_not_extended(short) is None
    sandbox.clock.advance(hours=3)
    late = why_not_extended(short, debug_token(client, short))
    assert late
    assert str(late).startswith("A dead token is not extended. The token's time ran out. Log in again")


def test_what_a_permission_unlocks() -> None:
    assert unlocks("ads_read") == "ads insights, to read"
    assert unlocks("no_such") == ""


def test_no_secret_that_graph_echoes_is_told(client: GraphClient) -> None:
    odd = "no-token-shape-at-all-canary"
    for secret in (CANARY, odd):
        told = {"code": 190, "message": f"Malformed access token {secret}"}
        data = {"type": "USER", "application": secret, "scopes": [secret], "metadata": {"x": secret}, "error": told}
        token = AccessToken(Secret(secret))
        info = debug_token(replace(client, transport=Capture([{"data": {**data, "is_valid": False}}])), token)
        assert secret not in f"{in_words(info, NOW)}{card(token, info, NOW)}"
        assert dict(in_words(info, NOW))["error"].startswith("190: Malformed access token ")
        alive = replace(info, is_valid=True)
        assert secret not in f"{in_words(alive, NOW)}{card(token.labelled(CANARY), alive, NOW)}"
    plain = TokenInfo(is_valid=False, scopes=(CANARY,), application=CANARY, error=TokenFault(190, CANARY))
    assert CANARY not in f"{in_words(plain, NOW)}{card(token, plain, NOW)}"


def test_a_session_info_token_can_call_nothing(client: GraphClient, short: AccessToken) -> None:
    weakened = get_session_info_token(client, short)
    told = dict(card(weakened, debug_token(client, weakened), client.now()))
    assert told["can call"] == "nothing: it can only be asked about, with debug_token"
    assert told["state"] == "Live."
    assert dict(card(weakened, None, client.now()))["can call"] == told["can call"]
    info = debug_token(client, weakened)
    assert dict(in_words(info, client.now(), weakened))["can call"] == told["can call"]
    assert "can call" not in dict(in_words(info, client.now(), short))
    refusal = why_not_extended(weakened)
    assert refusal
    assert "Extend the token that it was made from" in refusal.remedy
