"""httpx-oauth 0.17.0: POST with a form, the client's credentials in it, scopes separated by spaces, v5.0."""

from __future__ import annotations

import asyncio
import base64
import hashlib
from collections.abc import Awaitable
from typing import Any

import pytest
from httpx_oauth.clients import facebook
from httpx_oauth.clients.facebook import FacebookOAuth2, GetLongLivedAccessTokenError
from httpx_oauth.exceptions import GetProfileError
from httpx_oauth.oauth2 import GetAccessTokenError

from peers.browser import press
from peers.served import DAY, SCOPES, WRONG_SECRET, Served, query

VERIFIER = "fbnb-" * 10


@pytest.fixture(autouse=True, params=["v5.0", "v24.0"])
def redirected(served: Served, request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """Its own paths, and the same under a version of today."""
    version = request.param
    monkeypatch.setattr(facebook, "AUTHORIZE_ENDPOINT", f"{served.dialog}/{version}/dialog/oauth")
    monkeypatch.setattr(facebook, "ACCESS_TOKEN_ENDPOINT", f"{served.graph}/{version}/oauth/access_token")
    monkeypatch.setattr(facebook, "PROFILE_ENDPOINT", f"{served.graph}/{version}/me")


def now(asked: Awaitable[Any]) -> Any:
    async def answer() -> Any:
        return await asked

    return asyncio.run(answer())


def client(served: Served, secret: str = "") -> FacebookOAuth2:
    return FacebookOAuth2(served.app_id, secret or served.secret, scopes=SCOPES)


def log_in(served: Served, button: str = "Continue", **more: Any) -> dict[str, str]:
    """The dialog answered; what the redirect says."""
    url = now(client(served).get_authorization_url(served.redirect_uri, state="s-9_.~", **more))
    assert " " in query(url)["scope"]
    return query(press(button, url))


def exchange(served: Served, code: str, verifier: str | None = None, secret: str = "", redirect_uri: str = "") -> Any:
    return now(client(served, secret).get_access_token(code, redirect_uri or served.redirect_uri, verifier))


@pytest.fixture
def token(served: Served) -> str:
    return str(exchange(served, log_in(served)["code"])["access_token"])


def code_of(error: pytest.ExceptionInfo[Any]) -> int:
    return int(error.value.response.json()["error"]["code"])


def test_the_dialog_submitted_as_it_is_leads_back_with_a_code_and_the_state(served: Served) -> None:
    told = log_in(served)
    assert told["code"]
    assert told["state"] == "s-9_.~"


def test_cancelling_leads_back_with_a_refusal(served: Served) -> None:
    assert log_in(served, "Cancel")["error"] == "access_denied"


def test_a_code_becomes_a_token_of_an_hour_or_two(served: Served) -> None:
    told = exchange(served, log_in(served)["code"])
    assert told["token_type"] == "bearer"
    assert 3600 <= told["expires_in"] <= DAY
    assert not told.is_expired()


def test_every_scope_between_spaces_is_granted(served: Served, token: str) -> None:
    assert now(client(served).get_id_email(token))[1]  # which nobody sees who was not asked for it


@pytest.mark.parametrize("wrong", [{"redirect_uri": "http://localhost:8400/other"}, {"secret": WRONG_SECRET}])
def test_a_wrong_redirect_uri_or_secret_is_refused(wrong: dict[str, str], served: Served) -> None:
    code = log_in(served)["code"]
    with pytest.raises(GetAccessTokenError) as error:
        exchange(served, code, **wrong)
    assert code_of(error) == (1 if "secret" in wrong else 100)


def test_a_code_is_good_once(served: Served) -> None:
    code = log_in(served)["code"]
    exchange(served, code)
    with pytest.raises(GetAccessTokenError) as error:
        exchange(served, code)
    assert code_of(error) == 100


def test_a_code_of_a_challenge_needs_its_verifier(served: Served) -> None:
    challenge = base64.urlsafe_b64encode(hashlib.sha256(VERIFIER.encode()).digest()).rstrip(b"=").decode()
    asked = {"code_challenge": challenge, "code_challenge_method": "S256"}
    assert exchange(served, log_in(served, **asked)["code"], VERIFIER)["access_token"]
    with pytest.raises(GetAccessTokenError) as error:
        exchange(served, log_in(served, **asked)["code"], VERIFIER[::-1])
    assert code_of(error) in {1, 100}


def test_a_token_is_extended_to_60_days(served: Served, token: str) -> None:
    told = now(client(served).get_long_lived_access_token(token))
    assert 59 * DAY < told["expires_in"] <= 60 * DAY


def test_a_made_up_token_is_not_extended(served: Served) -> None:
    with pytest.raises(GetLongLivedAccessTokenError) as error:
        now(client(served).get_long_lived_access_token("EAAbogus"))
    assert code_of(error) == 190


def test_the_profile_has_the_fields_asked_for(served: Served, token: str) -> None:
    told = now(client(served).get_profile(token))
    assert set(told) == {"id", "email"}


@pytest.mark.parametrize(("nobody", "code"), [("EAAbogus", 190), ("", 2500)])
def test_a_token_that_is_none_has_no_profile(nobody: str, code: int, served: Served) -> None:
    with pytest.raises(GetProfileError) as error:
        now(client(served).get_profile(nobody))
    assert code_of(error) == code


def test_an_expired_token_has_no_profile(served: Served) -> None:
    with pytest.raises(GetProfileError) as error:
        now(client(served).get_profile(served.expired_token))
    assert error.value.response.json()["error"]["error_subcode"] == 463
