"""requests-oauthlib 2.0.0 with its fix for Facebook: HTTP Basic at the token endpoint, Bearer everywhere else."""

from __future__ import annotations

from typing import Any

import pytest
from oauthlib.oauth2 import BackendApplicationClient, OAuth2Error
from requests_oauthlib import OAuth2Session
from requests_oauthlib.compliance_fixes import facebook_compliance_fix

from peers.browser import press
from peers.served import DAY, SCOPES, VERSION, WRONG_SECRET, Served, query


def session(served: Served, **more: Any) -> Any:
    more = {"redirect_uri": served.redirect_uri, "scope": SCOPES, **more}
    return facebook_compliance_fix(OAuth2Session(served.app_id, **more))


def log_in(served: Served, asking: Any, button: str = "Continue") -> str:
    """The dialog answered; the address that it leads back to."""
    return press(button, asking.authorization_url(f"{served.dialog}/{VERSION}/dialog/oauth")[0])


def exchange(served: Served, asking: Any, address: str, secret: str = "", **more: Any) -> Any:
    url = f"{served.graph}/{VERSION}/oauth/access_token"
    more = {"authorization_response": address, "client_secret": secret or served.secret, **more}
    return asking.fetch_token(url, **more)


@pytest.fixture
def logged_in(served: Served) -> Any:
    asking = session(served)
    exchange(served, asking, log_in(served, asking))
    return asking


def get(served: Served, asking: Any, path: str, **params: str) -> Any:
    return asking.get(f"{served.graph}/{VERSION}/{path}", params=params)


WAYS = {
    "HTTP Basic, its default": {},
    "a form": {"include_client_id": True},
    "a query": {"include_client_id": True, "method": "GET"},
}


@pytest.mark.parametrize("way", WAYS.values(), ids=WAYS)
def test_a_code_becomes_a_token_however_it_is_sent(way: dict[str, Any], served: Served) -> None:
    asking = session(served)
    told = exchange(served, asking, log_in(served, asking), **way)
    assert told["token_type"] == "bearer"
    assert 3600 <= told["expires_in"] <= DAY
    assert asking.authorized


@pytest.mark.parametrize("way", WAYS.values(), ids=WAYS)
def test_a_wrong_secret_is_refused_however_it_is_sent(way: dict[str, Any], served: Served) -> None:
    asking = session(served)
    address = log_in(served, asking)
    with pytest.raises(OAuth2Error) as error:
        exchange(served, asking, address, WRONG_SECRET, **way)
    assert error.value.error["code"] == 1


def test_a_code_without_a_client_is_refused(served: Served) -> None:
    with pytest.raises(OAuth2Error) as error:
        exchange(served, session(served), f"{served.redirect_uri}?code=x", include_client_id=False, auth=lambda sent: sent)
    assert error.value.error["code"] == 101


def test_cancelling_is_a_refusal_that_it_names(served: Served) -> None:
    asking = session(served)
    address = log_in(served, asking, "Cancel")
    with pytest.raises(OAuth2Error, match="access_denied"):
        exchange(served, asking, address)


def test_a_code_is_good_once(served: Served) -> None:
    asking = session(served)
    address = log_in(served, asking)
    exchange(served, asking, address)
    with pytest.raises(OAuth2Error) as error:
        exchange(served, asking, address)
    assert error.value.error["code"] == 100


def test_another_redirect_uri_is_refused(served: Served) -> None:
    asking = session(served)
    address = log_in(served, asking)
    asking.redirect_uri = f"{served.redirect_uri}/other"
    with pytest.raises(OAuth2Error) as error:
        exchange(served, asking, address)
    assert error.value.error["code"] == 100


def test_a_code_of_a_challenge_needs_its_verifier(served: Served) -> None:
    right, wrong = session(served, pkce="S256"), session(served, pkce="S256")
    assert exchange(served, right, log_in(served, right))["access_token"]
    address = log_in(served, wrong)
    wrong._code_verifier = wrong._code_verifier[::-1]
    with pytest.raises(OAuth2Error) as error:
        exchange(served, wrong, address)
    assert error.value.error["code"] in {1, 100}


@pytest.mark.parametrize("way", [{}, {"include_client_id": True}], ids=["HTTP Basic", "a form"])
def test_the_app_gets_its_own_token(way: dict[str, Any], served: Served) -> None:
    asking = facebook_compliance_fix(OAuth2Session(client=BackendApplicationClient(served.app_id)))
    told = exchange(served, asking, "", authorization_response=None, **way)
    assert told["access_token"].startswith(f"{served.app_id}|")


def test_a_bearer_header_is_a_token(served: Served, logged_in: Any) -> None:
    told = get(served, logged_in, "me", fields="id,name")
    assert told.request.headers["Authorization"].startswith("Bearer ")
    assert set(told.json()) == {"id", "name"}


def test_the_scopes_asked_for_are_granted(served: Served, logged_in: Any) -> None:
    rows = get(served, logged_in, "me/permissions").json()["data"]
    assert {row["permission"] for row in rows if row["status"] == "granted"} >= set(SCOPES)


def test_debug_token_takes_a_bearer_header_too(served: Served, logged_in: Any) -> None:
    app = session(served, token={"access_token": served.app_token, "token_type": "Bearer"})
    told = get(served, app, "debug_token", input_token=logged_in.access_token).json()["data"]
    assert (told["type"], told["is_valid"]) == ("USER", True)


def test_a_token_is_extended_to_60_days(served: Served, logged_in: Any) -> None:
    told = logged_in.get(
        f"{served.graph}/oauth/access_token",  # a path without a version
        params={
            "grant_type": "fb_exchange_token",
            "client_id": served.app_id,
            "client_secret": served.secret,
            "fb_exchange_token": logged_in.access_token,
        },
        withhold_token=True,
    ).json()
    assert 59 * DAY < told["expires_in"] <= 60 * DAY


def test_a_page_is_followed_by_its_own_address(served: Served, logged_in: Any) -> None:
    first = get(served, logged_in, "me/accounts", limit="1").json()
    second = logged_in.get(first["paging"]["next"]).json()
    assert query(first["paging"]["next"])["limit"] == "1"
    assert first["data"][0]["id"] != second["data"][0]["id"]


def test_a_wrong_proof_is_refused(served: Served, logged_in: Any) -> None:
    assert get(served, logged_in, "me", appsecret_proof=served.proof(logged_in.access_token)).ok
    told = get(served, logged_in, "me", appsecret_proof="0" * 64)
    assert (told.status_code, told.json()["error"]["type"]) == (400, "GraphMethodException")


def test_a_login_can_be_taken_back(served: Served, logged_in: Any) -> None:
    assert logged_in.delete(f"{served.graph}/{VERSION}/me/permissions").json() == {"success": True}
    assert get(served, logged_in, "me").json()["error"]["error_subcode"] == 458
