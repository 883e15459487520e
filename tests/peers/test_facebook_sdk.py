"""facebook-sdk 3.1.0: GET with everything in the query, scopes separated by commas, versions as old as v2.8."""

from __future__ import annotations

from typing import Any

import facebook
import pytest

from peers.browser import press
from peers.served import DAY, SCOPES, VERSION, WRONG_SECRET, Served, query


@pytest.fixture(autouse=True)
def redirected(served: Served, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(facebook, "FACEBOOK_GRAPH_URL", f"{served.graph}/")
    monkeypatch.setattr(facebook, "FACEBOOK_WWW_URL", f"{served.dialog}/")


def graph(token: str | None = None) -> Any:
    found = facebook.GraphAPI(access_token=token, timeout=10)
    found.version = VERSION  # its own list of versions ends at 3.1
    return found


def log_in(served: Served, button: str = "Continue") -> dict[str, str]:
    """The dialog answered; what the redirect says."""
    return query(press(button, graph().get_auth_url(served.app_id, served.redirect_uri, SCOPES, state="s-9_.~")))


def exchange(served: Served, code: str, secret: str = "", redirect_uri: str = "") -> Any:
    return graph().get_access_token_from_code(code, redirect_uri or served.redirect_uri, served.app_id, secret or served.secret)


@pytest.fixture
def token(served: Served) -> str:
    return str(exchange(served, log_in(served)["code"])["access_token"])


@pytest.fixture
def long_lived(served: Served, token: str) -> str:
    return str(graph(token).extend_access_token(served.app_id, served.secret)["access_token"])


def refused(error: pytest.ExceptionInfo[Any]) -> tuple[int, int | None]:
    told = error.value.result["error"]
    return told["code"], told.get("error_subcode")


def test_the_dialog_submitted_as_it_is_leads_back_with_a_code_and_the_state(served: Served) -> None:
    told = log_in(served)
    assert told["code"]
    assert told["state"] == "s-9_.~"


def test_cancelling_leads_back_with_a_refusal(served: Served) -> None:
    told = log_in(served, "Cancel")
    assert (told["error"], told["state"]) == ("access_denied", "s-9_.~")
    assert "code" not in told


def test_a_code_becomes_a_token_of_an_hour_or_two(served: Served) -> None:
    told = exchange(served, log_in(served)["code"])
    assert told["token_type"] == "bearer"
    assert 3600 <= told["expires_in"] <= DAY


def test_a_code_is_good_once(served: Served) -> None:
    code = log_in(served)["code"]
    exchange(served, code)
    with pytest.raises(facebook.GraphAPIError) as error:
        exchange(served, code)
    assert refused(error) == (100, 36009)


def test_a_made_up_code_is_refused(served: Served) -> None:
    with pytest.raises(facebook.GraphAPIError) as error:
        exchange(served, "not-a-code")
    assert refused(error)[0] == 100


def test_another_redirect_uri_is_refused(served: Served) -> None:
    with pytest.raises(facebook.GraphAPIError) as error:
        exchange(served, log_in(served)["code"], redirect_uri=f"{served.redirect_uri}/other")
    assert refused(error)[0] == 100


def test_a_wrong_secret_is_refused(served: Served) -> None:
    with pytest.raises(facebook.GraphAPIError) as error:
        exchange(served, log_in(served)["code"], secret=WRONG_SECRET)
    assert refused(error) == (1, None)


def test_a_token_is_extended_to_60_days(served: Served, token: str) -> None:
    told = graph(token).extend_access_token(served.app_id, served.secret)
    assert told["access_token"] != token
    assert 59 * DAY < told["expires_in"] <= 60 * DAY


def test_a_made_up_token_is_not_extended(served: Served) -> None:
    with pytest.raises(facebook.GraphAPIError) as error:
        graph("EAAbogus").extend_access_token(served.app_id, served.secret)
    assert refused(error)[0] == 190


def test_the_app_gets_its_own_token(served: Served) -> None:
    assert graph().get_app_access_token(served.app_id, served.secret).startswith(f"{served.app_id}|")
    with pytest.raises(facebook.GraphAPIError) as error:
        graph().get_app_access_token(served.app_id, WRONG_SECRET)
    assert refused(error) == (1, None)


def test_the_composed_app_token_may_ask_about_any_token(served: Served, token: str) -> None:
    composed = graph().get_app_access_token(served.app_id, served.secret, offline=True)
    told = graph(composed).get_object("debug_token", input_token=token)["data"]
    assert told["is_valid"] is True


def test_debug_token_tells_of_a_live_token(served: Served, token: str) -> None:
    told = graph().debug_access_token(token, served.app_id, served.secret)["data"]
    assert (told["type"], told["app_id"], told["is_valid"]) == ("USER", served.app_id, True)
    assert set(told["scopes"]) >= set(SCOPES)
    assert told["user_id"] == graph(token).get_object("me")["id"]


def test_debug_token_tells_of_the_apps_own_token(served: Served) -> None:
    told = graph().debug_access_token(served.app_token, served.app_id, served.secret)["data"]
    assert (told["type"], told["is_valid"]) == ("APP", True)


def test_debug_token_tells_of_an_expired_token(served: Served) -> None:
    told = graph().debug_access_token(served.expired_token, served.app_id, served.secret)["data"]
    assert (told["is_valid"], told["error"]["code"], told["error"]["subcode"]) == (False, 190, 463)


def test_debug_token_tells_of_no_token(served: Served) -> None:
    told = graph().debug_access_token("EAAbogus", served.app_id, served.secret)["data"]
    assert (told["is_valid"], told["error"]["code"]) == (False, 190)


def test_me_gives_the_fields_asked_for(token: str) -> None:
    told = graph(token).get_object("me", fields="id,name,email")
    assert set(told) == {"id", "name", "email"}
    assert told["id"].isdecimal()


def test_an_expired_token_is_refused(served: Served) -> None:
    with pytest.raises(facebook.GraphAPIError) as error:
        graph(served.expired_token).get_object("me")
    assert refused(error) == (190, 463)
    assert set(error.value.result["error"]) >= {"message", "type", "fbtrace_id"}


@pytest.mark.parametrize(("nobody", "code"), [("EAAbogus", 190), (None, 2500)])
def test_a_token_that_is_none_is_refused(nobody: str | None, code: int) -> None:
    with pytest.raises(facebook.GraphAPIError) as error:
        graph(nobody).get_object("me")
    assert refused(error)[0] == code


def test_an_app_token_is_nobody(served: Served) -> None:
    with pytest.raises(facebook.GraphAPIError) as error:
        graph(served.app_token).get_object("me")
    assert refused(error)[0] == 2500


def test_permissions_are_those_granted(token: str) -> None:
    assert graph(token).get_permissions("me") >= set(SCOPES)


def test_pages_come_whole_whatever_the_length_of_a_page(long_lived: str) -> None:
    pages = list(graph(long_lived).get_all_connections("me", "accounts"))
    one_by_one = list(graph(long_lived).get_all_connections("me", "accounts", limit=1))
    assert len(pages) >= 2
    assert [page["id"] for page in one_by_one] == [page["id"] for page in pages]


def test_a_page_token_of_a_long_lived_token_never_expires(served: Served, long_lived: str) -> None:
    page = graph(long_lived).get_connections("me", "accounts")["data"][0]
    told = graph().debug_access_token(page["access_token"], served.app_id, served.secret)["data"]
    assert (told["type"], told["profile_id"], told["expires_at"]) == ("PAGE", page["id"], 0)
    assert graph(long_lived).get_object(page["id"], fields="access_token")["access_token"]


def test_several_objects_come_by_their_ids(long_lived: str) -> None:
    ids = [page["id"] for page in graph(long_lived).get_connections("me", "accounts")["data"]]
    assert {id: page["id"] for id, page in graph(long_lived).get_objects(ids, fields="id,name").items()} == {id: id for id in ids}


def test_a_right_proof_is_taken_and_a_wrong_one_is_not(served: Served, token: str) -> None:
    assert graph(token).get_object("me", appsecret_proof=served.proof(token))["id"]
    with pytest.raises(facebook.GraphAPIError) as error:
        graph(token).get_object("me", appsecret_proof="0" * 64)
    assert refused(error)[0] == 100


@pytest.mark.parametrize("version", [None, "3.1"])
def test_the_versions_it_knows_are_answered(version: str | None, token: str) -> None:
    assert facebook.GraphAPI(access_token=token, version=version).get_object("me")["id"]


def test_the_version_that_answered_is_told(token: str) -> None:
    assert f"v{graph(token).get_version()}" == VERSION


def test_a_permission_can_be_taken_back(token: str) -> None:
    assert graph(token).delete_object("me/permissions/email") == {"success": True}
    assert "email" not in graph(token).get_permissions("me")


def test_a_login_can_be_taken_back(token: str) -> None:
    assert graph(token).delete_object("me/permissions") == {"success": True}
    with pytest.raises(facebook.GraphAPIError) as error:
        graph(token).get_object("me")
    assert refused(error) == (190, 458)
