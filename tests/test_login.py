"""The login: the address, what the person does, the redirect, the code, the token."""

from __future__ import annotations

import base64
import getpass
import hashlib
from datetime import timedelta
from urllib.parse import parse_qs, urlsplit

import pytest
from capture import Capture

from fbnb.client import GraphClient
from fbnb.errors import (
    CodeRejected,
    DialogRefused,
    InputError,
    LoginCancelled,
    RedirectMistake,
    ScopeUnknown,
    StateMismatch,
    UnreadableAnswer,
)
from fbnb.flows.debug_token import debug_token
from fbnb.flows.login import code_from_redirect, exchange_code, log_in, login_url, paste_redirect, pkce
from fbnb.flows.long_lived import extend_user_token
from fbnb.flows.revoke import list_permissions
from fbnb.redact import Secret
from fbnb.sandbox import Sandbox
from fbnb.tokens import AccessToken, TokenKind

HOME = "http://localhost:8400/callback"


def granted(client: GraphClient, token: AccessToken) -> dict[str, str]:
    return {permission.name: permission.status for permission in list_permissions(client, token)}


def test_the_address_of_the_dialog(client: GraphClient) -> None:
    parts = urlsplit(login_url(client, "email,pages_show_list", state="s&1"))
    assert (parts.scheme, parts.netloc, parts.path) == ("https", "www.facebook.com", "/v26.0/dialog/oauth")
    assert parse_qs(parts.query) == {
        "client_id": ["1000000000001"],
        "redirect_uri": [HOME],
        "state": ["s&1"],
        "scope": ["email,pages_show_list"],
    }


def test_the_address_with_everything(client: GraphClient) -> None:
    url = login_url(
        client,
        state="s",
        redirect_uri="https://a.example/cb?x=1",
        auth_type="rerequest",
        response_type="code",
        display="popup",
        config_id="77",
        code_challenge="c",
    )
    told = parse_qs(urlsplit(url).query)
    assert "scope" not in told
    assert {name: value[0] for name, value in told.items()} == {
        "client_id": "1000000000001",
        "redirect_uri": "https://a.example/cb?x=1",
        "state": "s",
        "auth_type": "rerequest",
        "response_type": "code",
        "display": "popup",
        "config_id": "77",
        "override_default_response_type": "true",
        "code_challenge": "c",
        "code_challenge_method": "S256",
    }


def test_a_login_needs_a_state(client: GraphClient) -> None:
    with pytest.raises(InputError, match="needs a state"):
        login_url(client, state="")
    with pytest.raises(InputError, match="no auth_type 'rerequst'"):
        login_url(client, state="s", auth_type="rerequst")


def test_the_whole_login(client: GraphClient) -> None:
    token = log_in(client, ["email", "pages_show_list"])
    assert (token.kind, token.label, token.issued_at) == (TokenKind.USER, "from login", client.now())
    assert granted(client, token) == {"email": "granted", "pages_show_list": "granted", "public_profile": "granted"}


def test_a_person_may_cancel_and_nothing_is_granted(client: GraphClient, sandbox: Sandbox) -> None:
    before = sandbox.checkpoint().facts
    with pytest.raises(LoginCancelled, match="Permissions error"):
        log_in(client.acting_as(sandbox.person(cancel=True)), ["email"])
    assert sandbox.checkpoint().facts == before


def test_someone_without_a_role_cannot_log_in_to_an_app_in_development(client: GraphClient, sandbox: Sandbox) -> None:
    with pytest.raises(DialogRefused, match=r"1349126.*App Not Setup"):
        log_in(client.acting_as(sandbox.person("Ines Voss")))


def test_the_dialog_refuses_on_a_page_of_its_own(client: GraphClient) -> None:
    with pytest.raises(DialogRefused, match="URL Blocked"):
        client.open_dialog(login_url(client, state="s", redirect_uri="https://elsewhere.example/"))
    with pytest.raises(DialogRefused, match="Invalid Scopes: quantum_teleport"):
        log_in(client, ["quantum_teleport"])
    with pytest.raises(DialogRefused, match=r"Unknown path components: /v99\.0"):
        client.open_dialog(login_url(client, state="s").replace("v26.0", "v99.0"))


def test_reauthorize_renews_data_access(client: GraphClient, sandbox: Sandbox, short: AccessToken) -> None:
    long = extend_user_token(client, short)
    sandbox.clock.advance(days=50)
    info = debug_token(client, log_in(client, auth_type="reauthorize"))
    assert info.metadata == {"auth_type": "reauthorize"}
    assert info.data_access_expires_at == client.now() + timedelta(days=90)
    assert debug_token(client, long).data_access_expires_at == info.data_access_expires_at, "for every token of the person"


def test_pkce_goes_without_the_secret(client: GraphClient) -> None:
    pair = pkce(client)
    assert (
        base64.urlsafe_b64encode(hashlib.sha256(pair.verifier.reveal().encode()).digest()).decode().rstrip("=") == pair.challenge
    )
    assert len(pair.verifier.reveal()) == 64
    redirect = client.open_dialog(login_url(client, state="s", code_challenge=pair.challenge))
    code = code_from_redirect(redirect, state="s")
    with pytest.raises(CodeRejected, match="code_verifier"):
        exchange_code(client, code, code_verifier=Secret("b" * 64))
    assert exchange_code(client, code, code_verifier=pair.verifier).kind is TokenKind.USER
    assert "client_secret" not in client.wire.last()[0].params


@pytest.mark.parametrize("tail", ["", "#_=_", "#"])
def test_the_code_is_found_however_the_address_ends(tail: str) -> None:
    assert code_from_redirect(f" {HOME}?code=abc&state=s{tail}\n", state="s", redirect_uri=HOME) == Secret("abc")
    assert code_from_redirect(f"{HOME}/?state=s&code=abc{tail}", state="s", redirect_uri=HOME) == Secret("abc")


def test_a_code_in_the_fragment_is_found() -> None:
    assert code_from_redirect(f"{HOME}#code=abc&state=s", state="s") == Secret("abc")


@pytest.mark.parametrize(
    ("redirect", "error", "problem"),
    [
        ("", RedirectMistake, "not a URL"),
        ("code=abc&state=s", RedirectMistake, "not a URL"),
        ("http://[half?code=abc", RedirectMistake, "not a URL"),
        (f"{HOME}?state=s", RedirectMistake, "no code"),
        (f"{HOME}?code=&state=s", RedirectMistake, "no code"),
        ("http://localhost:8400/other?code=abc&state=s", RedirectMistake, "leads to localhost:8400/other"),
        ("https://evil.example/callback?code=abc&state=s", RedirectMistake, "leads to evil.example"),
        (f"{HOME}?code=abc&state=S", StateMismatch, "state"),
        (f"{HOME}?code=abc", StateMismatch, "state"),
        (f"{HOME}?code=abc&state=%ed%b0%80", StateMismatch, "state"),
        (
            f"{HOME}?error=access_denied&error_reason=user_denied&error_description=Permissions+error.",
            LoginCancelled,
            "Permissions error",
        ),
        (f"{HOME}?error_code=1349048&error_message=Can%27t+load+URL%3A+x&state=s#_=_", DialogRefused, "1349048.*Can't load URL"),
        (f"{HOME}?error=server_error&error_description=Sorry", DialogRefused, "server_error.*Sorry"),
    ],
)
def test_a_redirect_that_is_not_ours_or_has_no_code(redirect: str, error: type[Exception], problem: str) -> None:
    with pytest.raises(error, match=problem) as caught:
        code_from_redirect(redirect, state="s", redirect_uri=HOME)
    assert "abc" not in str(caught.value)


def test_an_empty_state_matches_nothing() -> None:
    with pytest.raises(StateMismatch):
        code_from_redirect(f"{HOME}?code=abc&state=", state="")
    with pytest.raises(StateMismatch):
        code_from_redirect(f"{HOME}?code=abc", state="")


def test_a_code_is_good_once_for_ten_minutes_for_one_redirect_uri(client: GraphClient, sandbox: Sandbox) -> None:
    def fresh() -> Secret:
        return code_from_redirect(client.open_dialog(login_url(client, state="s")), state="s")

    code, late, elsewhere = fresh(), fresh(), fresh()
    exchange_code(client, code)
    with pytest.raises(CodeRejected, match="has been used"):
        exchange_code(client, code)
    with pytest.raises(CodeRejected, match="redirect_uri is identical"):
        exchange_code(client, elsewhere, redirect_uri=HOME + "/")
    sandbox.clock.advance(minutes=9, seconds=59)
    assert exchange_code(client, elsewhere)
    sandbox.clock.advance(seconds=1)
    with pytest.raises(CodeRejected, match="has expired"):
        exchange_code(client, late)


def test_an_answer_without_expires_in_tells_no_expiry(client: GraphClient) -> None:
    capture = Capture([{"access_token": "EAAx", "token_type": "bearer"}])
    token = exchange_code(GraphClient(client.settings, capture, client.clock), Secret("c"))
    assert token.expires_at is None


def test_an_answer_without_a_token_says_so(client: GraphClient) -> None:
    with pytest.raises(UnreadableAnswer, match=r"has no access_token .*; it has token_type"):
        exchange_code(GraphClient(client.settings, Capture([{"token_type": "bearer"}])), Secret("c"))


def test_a_misspelt_scope_opens_no_dialog(client: GraphClient) -> None:
    with pytest.raises(ScopeUnknown, match="pages_show_list"):
        log_in(client, ["page_show_list"])
    assert not client.wire.exchanges


def test_pasting_the_redirect_shows_the_address_and_echoes_nothing(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(getpass, "getpass", lambda prompt: f"{HOME}?code=abc")
    assert paste_redirect("https://www.facebook.com/x") == f"{HOME}?code=abc"
    assert "https://www.facebook.com/x" in capsys.readouterr().out
