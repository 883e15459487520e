"""Ensure: a token that works now, renewed if it is due, or the login that gives one, with the reason in words."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterator
from contextlib import closing
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import httpx
import pytest
from forms import Seen
from visitors import web_app

from fbnb.assurance import ensure
from fbnb.client import GraphClient
from fbnb.clock import ManualClock
from fbnb.errors import AppRestricted, LoginNeeded, ScopeUnknown, StateMismatch
from fbnb.flows.login import code_from_redirect, exchange_code, log_in
from fbnb.flows.long_lived import extend_user_token
from fbnb.flows.page_tokens import list_pages
from fbnb.pytest_plugin import GraphServer
from fbnb.sandbox import Sandbox
from fbnb.store import KeySource, StoredToken, TokenState, TokenStore
from fbnb.tokens import AccessToken
from fbnb.verdicts import Next

MARA = "Mara Quay"
DAY = timedelta(days=1)


@pytest.fixture
def store(client: GraphClient, tmp_path: Path) -> Iterator[TokenStore]:
    with closing(TokenStore(tmp_path / "tokens.db", client=client, key=KeySource.FILE)) as store:
        yield store


@pytest.fixture
def mara(store: TokenStore, client: GraphClient) -> StoredToken:
    return store.admit(extend_user_token(client, log_in(client, ["email", "user_likes"])).labelled(MARA))


def needed(client: GraphClient, store: TokenStore, subject: str, scopes: str = "email") -> LoginNeeded:
    with pytest.raises(LoginNeeded) as caught:
        ensure(client, store, subject, scopes)
    return caught.value


def asked(error: LoginNeeded) -> dict[str, str]:
    """What the dialog's address says."""
    return {name: values[0] for name, values in parse_qs(urlsplit(error.url).query).items()}


# A token is there


def test_a_stored_token_that_works_is_handed_out(store: TokenStore, client: GraphClient, mara: StoredToken) -> None:
    token = ensure(client, store, mara.subject, ["email"])
    assert token == store.get(mara) == ensure(client, store, mara, ["email"])
    assert client.get("me", token)["name"] == MARA


def test_a_row_that_cannot_be_read_keeps_no_good_token_back(store: TokenStore, client: GraphClient, mara: StoredToken) -> None:
    spoilt = store.put(log_in(client, "email"))
    store.note(spoilt, subject=mara.subject)
    with store.vault.writing() as connection:
        store.change(connection, spoilt.fingerprint, kind="nonsense")
    assert ensure(client, store, mara.subject, "email") == store.get(mara)
    store.forget(mara)
    assert "is not what was stored" in needed(client, store, mara.subject).problem


def test_graph_is_asked_each_time_unless_a_younger_answer_will_do(
    store: TokenStore, client: GraphClient, sandbox: Sandbox, mara: StoredToken
) -> None:
    for within, advance, calls in ((timedelta(0), 0, 1), (DAY, 0, 0), (DAY, 23, 0), (DAY, 1, 1)):
        sandbox.clock.advance(hours=advance)
        before = sandbox.calls
        ensure(client, store, mara.subject, "email", within=within)
        assert sandbox.calls == before + calls, (within, advance)
        assert store.find(mara).last_checked is not None


def test_an_answer_from_a_time_that_is_yet_to_come_is_not_believed(
    store: TokenStore, client: GraphClient, sandbox: Sandbox, mara: StoredToken
) -> None:
    sandbox.change_password(MARA)
    set_back = replace(client, clock=ManualClock(client.now() - timedelta(hours=1)))
    for within in (timedelta(0), DAY):
        with pytest.raises(LoginNeeded, match="changed the password"):
            ensure(set_back, store, mara.subject, "email", within=within)


def test_a_token_that_is_due_is_renewed_on_the_way(
    store: TokenStore, client: GraphClient, sandbox: Sandbox, mara: StoredToken
) -> None:
    sandbox.clock.advance(days=56)
    token = ensure(client, store, mara.subject, "email")
    assert token.expires_at == client.now() + timedelta(days=60)
    assert store.find(mara).successor == token.fingerprint


@pytest.mark.parametrize("what", [2, 4, "timeout", "html"])
def test_a_renewal_that_fails_for_now_is_no_reason_to_ask_anyone(
    what: int | str, store: TokenStore, client: GraphClient, sandbox: Sandbox, mara: StoredToken
) -> None:
    sandbox.clock.advance(days=56)
    sandbox.fail(what, path="oauth/access_token")
    assert ensure(client, store, mara.subject, "email") == store.get(mara)


@pytest.mark.parametrize("code", [101, 190, 200])
def test_a_renewal_that_is_refused_keeps_no_good_token_back(
    code: int, store: TokenStore, client: GraphClient, sandbox: Sandbox, mara: StoredToken
) -> None:
    sandbox.clock.advance(days=56)
    sandbox.fail(code, path="oauth/access_token")
    assert ensure(client, store, mara.subject, "email") == store.get(mara)


def test_without_the_secret_that_a_renewal_takes_a_token_is_good_till_its_end(
    store: TokenStore, client: GraphClient, sandbox: Sandbox, mara: StoredToken
) -> None:
    sandbox.clock.advance(days=56)
    assert ensure(client.without_secret(), store, mara.subject, "email") == store.get(mara)


def test_a_page_token_is_good_though_the_one_it_was_made_with_is_damaged(store: TokenStore, client: GraphClient) -> None:
    short = store.admit(log_in(client, "pages_show_list"))
    page = list_pages(client, store.get(short))[0]
    assert page.token
    store.admit(page.token, parent=short)
    with store.vault.writing() as connection:
        store.change(connection, short.fingerprint, kind="nonsense")
    assert ensure(client, store, page.id, "pages_show_list") == store.get(page.token)


@pytest.mark.parametrize("what", [2, 4, "timeout", "html", "reset"])
def test_while_graph_cannot_be_asked_what_is_stored_is_believed(
    what: int | str, store: TokenStore, client: GraphClient, sandbox: Sandbox, mara: StoredToken
) -> None:
    sandbox.fail(what)
    assert ensure(client, store, mara.subject, "email") == store.get(mara)
    sandbox.clock.advance(days=61)
    assert needed(client, store, mara.subject).reason.startswith("It expire")


def test_of_several_the_one_that_can_do_it_is_taken(store: TokenStore, client: GraphClient, sandbox: Sandbox) -> None:
    likes = store.admit(log_in(client, "user_likes"))
    photos = store.admit(log_in(client, "user_photos"))
    token = ensure(client, store, photos.subject, "user_photos")
    assert "user_photos" in store.find(token).scopes
    assert likes.subject == photos.subject


def test_of_several_the_dead_are_passed_over(store: TokenStore, client: GraphClient, sandbox: Sandbox) -> None:
    first, last = (store.put(_a_day_apart(client, sandbox)) for _ in range(2))
    for one in (first, last):
        store.note(one, subject="2000000000001")
    sandbox.expire(store.get(last))
    assert ensure(client, store, "2000000000001", "email") == store.get(first)
    assert store.find(last).state is TokenState.DEAD


def _a_day_apart(client: GraphClient, sandbox: Sandbox) -> AccessToken:
    sandbox.clock.advance(days=1)
    return extend_user_token(client, log_in(client, "email"))


def test_a_page_acts_by_its_own_token(store: TokenStore, client: GraphClient) -> None:
    page = list_pages(client, log_in(client, "pages_show_list"))[0]
    assert page.token
    store.admit(page.token)
    assert client.get("me", ensure(client, store, page.id, "pages_show_list"))["name"] == page.name


def test_a_token_that_was_stored_unasked_is_asked_about_before_it_is_said_to_lack_anything(
    store: TokenStore, client: GraphClient
) -> None:
    page = list_pages(client, log_in(client, "pages_show_list"))[0]
    assert page.token
    store.put(page.token)
    assert ensure(client, store, page.id, "pages_show_list") == store.get(page.token)


def test_an_app_on_a_phone_lets_the_token_tell_about_itself(store: TokenStore, client: GraphClient, mara: StoredToken) -> None:
    assert ensure(client.without_secret(), store, mara.subject, "email") == store.get(mara)


# A login is needed


def test_of_whom_nothing_is_stored_a_login_is_needed(store: TokenStore, client: GraphClient, mara: StoredToken) -> None:
    error = needed(client, store, "2000000000099", "email,user_likes")
    told = asked(error)
    assert error.reason == "No token of theirs is stored."
    assert (told["scope"], told["state"]) == ("email,user_likes", error.state)
    assert "auth_type" not in told
    assert str(error).startswith(f"{error.reason} Send the person to its url")


def test_each_login_has_a_state_of_its_own(store: TokenStore, client: GraphClient) -> None:
    errors = [needed(client, store, "1") for _ in range(20)]
    assert len({error.state for error in errors}) == 20


def test_the_login_that_is_named_gives_a_token_that_will_do(
    store: TokenStore, client: GraphClient, sandbox: Sandbox, mara: StoredToken
) -> None:
    sandbox.change_password(MARA)
    error = needed(client, store, mara.subject)
    redirect = client.open_dialog(error.url)
    store.admit(exchange_code(client, code_from_redirect(redirect, state=error.state)))
    assert client.get("me", ensure(client, store, mara.subject, "email"))["name"] == MARA


DEATHS = [
    ("change_password", "The person changed the password"),
    ("log_out", "The session behind the token is over"),
    ("remove_app", "The person removed the app"),
    ("question", "Facebook holds the account back"),
]


@pytest.mark.parametrize(("event", "reason"), DEATHS)
def test_the_reason_is_in_words(
    event: str, reason: str, store: TokenStore, client: GraphClient, sandbox: Sandbox, mara: StoredToken
) -> None:
    getattr(sandbox, event)(MARA)
    error = needed(client, store, mara.subject)
    assert error.reason.startswith(reason)
    assert "auth_type" not in asked(error)
    assert store.find(mara).state is TokenState.DEAD


def test_what_was_never_asked_for_is_asked_for_again(store: TokenStore, client: GraphClient, mara: StoredToken) -> None:
    error = needed(client, store, mara.subject, "email,user_photos")
    assert error.reason == "Their token lacks user_photos."
    assert (asked(error)["auth_type"], asked(error)["scope"]) == ("rerequest", "email,user_photos")


def test_a_permission_that_was_taken_back_is_noticed_at_once(
    store: TokenStore, client: GraphClient, sandbox: Sandbox, mara: StoredToken
) -> None:
    sandbox.remove_permission(MARA, "", "email")
    error = needed(client, store, mara.subject)
    assert error.reason == "Their token lacks email."
    assert asked(error)["auth_type"] == "rerequest"
    assert ensure(client, store, mara.subject, "user_likes") == store.get(mara)


def test_a_permission_that_was_granted_meanwhile_is_noticed_at_once(
    store: TokenStore, client: GraphClient, mara: StoredToken
) -> None:
    log_in(client, "user_photos")
    assert ensure(client, store, mara.subject, "user_photos") == store.get(mara)


@pytest.mark.parametrize("days", [37, 51])
def test_when_data_access_is_over_it_is_to_be_renewed_however_long_the_token_lives(
    days: int, store: TokenStore, client: GraphClient, sandbox: Sandbox, mara: StoredToken
) -> None:
    sandbox.clock.advance(days=56)
    ensure(client, store, mara.subject, "email")
    sandbox.clock.advance(days=days)
    error = needed(client, store, mara.subject)
    assert error.reason == "Access to their data is over."
    assert asked(error)["auth_type"] == "reauthorize"


@pytest.mark.parametrize(
    ("scopes", "enough"), [("pages_show_list", True), ("pages_show_list,public_profile", True), ("email", False), ("", False)]
)
def test_when_data_access_is_over_a_token_is_good_for_what_outlives_it(
    scopes: str, enough: bool, store: TokenStore, client: GraphClient, sandbox: Sandbox
) -> None:
    page = list_pages(client, extend_user_token(client, log_in(client, "email,pages_show_list")))[0]
    assert page.token
    stored = store.admit(page.token)
    sandbox.clock.advance(days=91)
    if enough:
        assert ensure(client, store, page.id, scopes) == store.get(stored)
    else:
        assert needed(client, store, page.id, scopes).reason == "Access to their data is over."


def test_a_misspelt_scope_is_no_reason_to_log_in(store: TokenStore, client: GraphClient, mara: StoredToken) -> None:
    with pytest.raises(ScopeUnknown):
        ensure(client, store, mara.subject, "emial")


def test_what_the_app_is_refused_is_nobodys_login(
    store: TokenStore, client: GraphClient, sandbox: Sandbox, mara: StoredToken
) -> None:
    sandbox.block_app()
    with pytest.raises(AppRestricted, match="API access blocked"):
        ensure(client, store, mara.subject, "email")
    assert store.find(mara) == mara


def test_no_token_and_no_hint_of_one_is_in_the_error(
    store: TokenStore, client: GraphClient, sandbox: Sandbox, mara: StoredToken
) -> None:
    token = store.get(mara)
    sandbox.change_password(MARA)
    error = needed(client, store, mara.subject)
    for text in (str(error), repr(error), error.url, error.reason):
        assert token.value.reveal() not in text
        assert token.hint not in text


# In a web app: tests/visitors.py

Visit = Callable[[httpx.AsyncClient], Awaitable[object]]


async def logs_in(browser: httpx.AsyncClient, dialog: str, server: GraphServer, button: str = "Continue") -> httpx.Response:
    """What a person does with the dialog; returns what the app shows them then."""
    async with httpx.AsyncClient(verify=False) as facebook:
        shown = await facebook.get(dialog.replace("https://www.facebook.com", server.url))
        led = await facebook.post(shown.url, data=Seen(shown.text).asks.pressed(button))
    return await browser.get(led.headers["location"], follow_redirects=True)


def test_a_visitor_with_a_dead_token_is_sent_through_the_dialog_and_comes_back_with_a_good_one(
    graph_server: GraphServer, store_url: str
) -> None:
    client, sandbox = graph_server.client, graph_server.sandbox

    async def visit(browser: httpx.AsyncClient, store: TokenStore) -> None:
        first = await browser.get("/")
        assert first.status_code == 307
        greeted = await logs_in(browser, first.headers["location"], graph_server)
        assert greeted.text == f"Hello, {MARA}"
        [dead] = list(store)
        sandbox.change_password(MARA)
        again = await browser.get("/")
        assert again.status_code == 307
        greeted = await logs_in(browser, again.headers["location"], graph_server)
        assert greeted.text == f"Hello, {MARA}"
        [good] = list(store)
        assert good.fingerprint != dead.fingerprint
        assert (good.state, good.label) == (TokenState.LIVE, dead.label)
        assert (await browser.get("/")).text == f"Hello, {MARA}"

    _visited(client, store_url, visit)


def test_an_answer_to_a_login_that_is_not_the_visitors_gets_in_nobody(graph_server: GraphServer, store_url: str) -> None:
    async def visit(browser: httpx.AsyncClient, store: TokenStore) -> None:
        first = await browser.get("/")
        browser.cookies.clear()
        with pytest.raises(StateMismatch):
            await logs_in(browser, first.headers["location"], graph_server)
        assert len(store) == 0

    _visited(graph_server.client, store_url, visit)


def _visited(client: GraphClient, url: str, visit: Callable[[httpx.AsyncClient, TokenStore], Awaitable[None]]) -> None:
    async def run(store: TokenStore) -> None:
        home = client.settings.redirect_uri.removesuffix("/callback")
        transport = httpx.ASGITransport(web_app(client, store))
        async with httpx.AsyncClient(transport=transport, base_url=home) as browser:
            await visit(browser, store)

    with closing(TokenStore(url, client=client, key=KeySource.FILE)) as store:
        asyncio.run(run(store))


def test_the_readmes_example_of_a_store_runs(root: Path) -> None:
    kept = (root / "README.md").read_text().partition("## Keep tokens")[2]
    code = kept.partition("```python\n")[2].partition("```")[0]
    told: dict[str, Any] = {}
    exec(code, told)
    assert [verdict.do for verdict in told["verdicts"]] == [Next.FINE]
    assert told["token"].hint == told["verdicts"][0].token.hint
    told["store"].close()


@pytest.mark.parametrize("nobody", ["", None])
def test_nobody_in_particular_gets_nobodys_token(store: TokenStore, client: GraphClient, nobody: str | None) -> None:
    store.admit(extend_user_token(client, log_in(client, ["email"])))
    with pytest.raises(LoginNeeded):
        ensure(client, store, nobody, ["email"])  # type: ignore[arg-type]
