"""The dialog's question and its answer: what is asked of whom, what the form grants, what stays as it was."""

from __future__ import annotations

from urllib.parse import parse_qs, urlsplit

import pytest
from forms import HOME, Visit, dialog

from fbnb.client import GraphClient
from fbnb.flows.login import code_from_redirect, exchange_code, log_in
from fbnb.flows.page_tokens import list_pages
from fbnb.flows.revoke import list_permissions
from fbnb.sandbox import Sandbox
from fbnb.sandbox.messages import Answer

ALL = "email,pages_show_list"
BUSINESS = {"config_id": "7000000000001", "response_type": "code", "override_default_response_type": "true"}


def granted(client: GraphClient, led: Answer) -> dict[str, str]:
    token = exchange_code(client, code_from_redirect(led.headers["location"], state="s", redirect_uri=HOME))
    return {permission.name: permission.status for permission in list_permissions(client, token)}


def shared(client: GraphClient, led: Answer) -> set[str]:
    token = exchange_code(client, code_from_redirect(led.headers["location"], state="s", redirect_uri=HOME))
    return {page.name for page in list_pages(client, token)}


def told(led: Answer) -> dict[str, str]:
    return {name: values[0] for name, values in parse_qs(urlsplit(led.headers["location"]).query).items()}


def boxes(visit: Visit) -> list[str]:
    """What can be unticked, by its first word."""
    return [label.split()[0] for label in visit.seen().asks.boxes]


def test_the_form_unchanged_grants_everything(client: GraphClient, sandbox: Sandbox) -> None:
    led = dialog(sandbox, ALL).press("Continue")
    assert granted(client, led) == {"email": "granted", "pages_show_list": "granted", "public_profile": "granted"}


def test_the_default_person_has_a_role_on_the_app_and_two_pages(client: GraphClient, sandbox: Sandbox) -> None:
    for app in sandbox.world.apps.values():
        seen = dialog(sandbox, ALL, client_id=app.id, redirect_uri=(HOME if app.mode == "development" else app.redirect_uris[0]))
        person = sandbox.world.people[seen.seen().asks.fields["_person"]]
        assert person.name in app.roles
        assert len([label for label in seen.seen().asks.ticked if label.split()[0] not in ALL]) >= 2


def test_the_profile_has_no_box(sandbox: Sandbox) -> None:
    seen = dialog(sandbox).seen()
    assert not seen.asks.boxes
    assert "public_profile name and id of the person; always part of a login" in seen.text
    assert "Untick" not in seen.text


def test_what_is_unticked_is_declined_and_the_rest_granted(client: GraphClient, sandbox: Sandbox) -> None:
    led = dialog(sandbox, ALL).press("Continue", "email")
    assert granted(client, led) == {"email": "declined", "pages_show_list": "granted", "public_profile": "granted"}


def test_with_all_unticked_the_profile_is_left(client: GraphClient, sandbox: Sandbox) -> None:
    led = dialog(sandbox, ALL).press("Continue", "")
    assert granted(client, led) == {"email": "declined", "pages_show_list": "declined", "public_profile": "granted"}


def test_only_the_pages_that_stay_ticked_are_shared(client: GraphClient, sandbox: Sandbox) -> None:
    everything = shared(client, dialog(sandbox, ALL).press("Continue"))
    sandbox.reset()
    led = dialog(sandbox, ALL).press("Continue", "Harbour Bakery", "Fish Market")
    assert shared(client, led) == everything - {"Harbour Bakery", "Fish Market"}


def test_with_every_page_unticked_none_is_shared(client: GraphClient, sandbox: Sandbox) -> None:
    pages = tuple(page.name for page in sandbox.world.pages.values())
    assert shared(client, dialog(sandbox, ALL).press("Continue", *pages)) == set()


def test_cancel_is_a_refusal_and_changes_nothing(sandbox: Sandbox) -> None:
    before = sandbox.checkpoint().facts
    assert told(dialog(sandbox, ALL).press("Cancel")) == {
        "error": "access_denied",
        "error_code": "200",
        "error_description": "Permissions error",
        "error_reason": "user_denied",
        "state": "s",
    }
    assert sandbox.checkpoint().facts == before


def test_pages_are_offered_where_a_permission_is_about_them(sandbox: Sandbox) -> None:
    assert boxes(dialog(sandbox, "email")) == ["email"]
    assert "Pages it may work on" in dialog(sandbox, "pages_manage_posts").seen().text


def test_nothing_is_asked_twice(client: GraphClient, sandbox: Sandbox) -> None:
    log_in(client, "email")
    seen = dialog(sandbox, "email").seen()
    assert not seen.asks.boxes
    assert "You have logged in to Harbour Notes before, and it asks for nothing new." in seen.text
    assert "Harbour Notes has already: email, public_profile." in seen.text
    assert granted(client, dialog(sandbox, "email").press("Continue")) == {"email": "granted", "public_profile": "granted"}


def test_only_what_is_new_is_asked(client: GraphClient, sandbox: Sandbox) -> None:
    log_in(client, "email")
    assert boxes(dialog(sandbox, "email,user_likes")) == ["user_likes"]


def test_what_was_declined_is_asked_again_only_by_rerequest(client: GraphClient, sandbox: Sandbox) -> None:
    log_in(client.acting_as(sandbox.person(decline=["email"])), "email")
    seen = dialog(sandbox, "email").seen()
    assert not seen.asks.boxes
    assert "Not asked again, for you declined it before: email." in seen.text
    assert granted(client, dialog(sandbox, "email").press("Continue"))["email"] == "declined"
    again = dialog(sandbox, "email", auth_type="rerequest")
    assert boxes(again) == ["email"]
    assert "Asked again, for you declined it before: email." in again.seen().text
    assert granted(client, again.press("Continue"))["email"] == "granted"


@pytest.mark.parametrize(
    ("auth_type", "words"),
    [
        ("reauthorize", "The app asks to see your data for 90 days more."),
        ("reauthenticate", "Facebook would ask for the password here."),
        ("rerequest,reauthenticate", "Facebook would ask for the password here."),
    ],
)
def test_why_a_person_is_asked_again_is_said(sandbox: Sandbox, auth_type: str, words: str) -> None:
    assert words in dialog(sandbox, auth_type=auth_type).seen().text
    assert words not in dialog(sandbox).seen().text


def test_a_questioned_account_is_told_so_and_cleared_by_continue(sandbox: Sandbox) -> None:
    sandbox.question("Mara Quay")
    assert "Facebook questions this account." in dialog(sandbox).seen().text
    dialog(sandbox).press("Continue")
    assert "Facebook questions this account." not in dialog(sandbox).seen().text


def test_pages_that_were_unticked_stay_so(client: GraphClient, sandbox: Sandbox) -> None:
    first = shared(client, dialog(sandbox, ALL).press("Continue", "Harbour Bakery"))
    assert not any(label.startswith("Harbour Bakery") for label in dialog(sandbox, ALL).seen().asks.ticked)
    assert shared(client, dialog(sandbox, ALL).press("Continue")) == first
    assert "Harbour Bakery" not in first


def test_pages_ticked_again_are_shared_again(client: GraphClient, sandbox: Sandbox) -> None:
    everything = shared(client, dialog(sandbox, ALL).press("Continue"))
    dialog(sandbox, ALL).press("Continue", "Harbour Bakery")
    visit = dialog(sandbox, ALL)
    form = visit.seen().asks
    ticked = {name: value for box, _ in form.boxes.values() for name, value in box.items()}
    assert shared(client, visit.answer(form.pressed("Continue") | ticked)) == everything


def test_a_login_for_business_is_all_or_nothing(sandbox: Sandbox) -> None:
    visit = dialog(sandbox, **BUSINESS)
    assert "A login for business: all of it, or nothing." in visit.seen().text
    assert not {"business_management", "pages_show_list", "public_profile"} & set(boxes(visit))
    assert "business_management" in visit.seen().text
    assert told(visit.press("Continue"))["code"]
    assert told(visit.press("Cancel"))["error"] == "access_denied"
    assert told(visit.answer({"_decline": "pages_show_list"}))["error"] == "access_denied"


def test_anyone_of_the_world_can_be_the_one_who_is_logged_in(client: GraphClient, sandbox: Sandbox) -> None:
    visit = dialog(sandbox, "email")
    switch = next(form for form in visit.seen().forms if form.method == "get")
    assert list(switch.options) == ["Mara Quay (admin)", "Ben Tide (developer)", "Ines Voss (no role)"]
    as_ben = Visit(sandbox, visit.path, switch.pressed("Switch") | switch.options["Ben Tide (developer)"])
    assert "Harbour Notes asks Ben Tide" in as_ben.seen().text
    token = exchange_code(client, code_from_redirect(as_ben.press("Continue").headers["location"], state="s"))
    assert client.get("me", token)["name"] == "Ben Tide"


def test_someone_without_a_role_is_led_back_with_1349126(sandbox: Sandbox) -> None:
    ines = sandbox.world.person_named("Ines Voss").id
    answer = dialog(sandbox, _person=ines).answer()
    assert (answer.status, told(answer)["error_code"]) == (302, "1349126")
    assert told(answer)["error_message"].startswith("App Not Setup: This app is still in development mode")


def test_an_app_that_was_stopped_leads_back_with_1349220(sandbox: Sandbox) -> None:
    sandbox.block_app()
    answer = dialog(sandbox).answer()
    assert (answer.status, told(answer)["error_code"], told(answer)["state"]) == (302, "1349220", "s")
    assert told(answer)["error_message"].startswith("Feature Unavailable: Facebook Login is currently unavailable for this app")


@pytest.mark.parametrize(
    ("asked", "heading"),
    [
        ({"redirect_uri": "https://elsewhere.example/"}, "URL Blocked"),
        ({"redirect_uri": ""}, "URL Blocked"),
        ({"redirect_uri": "http://evil.example\\@localhost/"}, "URL Blocked"),  # a browser goes to evil.example
        ({"redirect_uri": "http://evil.example:99\\@localhost/cb"}, "URL Blocked"),
        ({"redirect_uri": "http://user:word@localhost/"}, "URL Blocked"),
        ({"redirect_uri": "http://localhost:99999/"}, "URL Blocked"),
        ({"redirect_uri": "http://localhost:abc/"}, "URL Blocked"),
        ({"scope": "email,quantum_teleport"}, "Invalid Scopes"),
        ({"client_id": "999"}, "Invalid App ID"),
        ({"client_id": ""}, "Invalid App ID"),
        ({"_person": "nobody"}, "Nobody is logged in"),
        ({"config_id": "999"}, "Invalid Configuration"),
        ({"response_type": "id_token"}, "Invalid Request"),
    ],
)
def test_what_cannot_be_answered_is_a_page_and_no_redirect(sandbox: Sandbox, asked: dict[str, str], heading: str) -> None:
    visit = dialog(sandbox, **asked)
    assert heading in visit.seen().text
    assert not visit.seen().forms
    assert "location" not in visit.answer({}).headers, "nor does it take an answer"


def test_a_deleted_app_asks_nobody(sandbox: Sandbox) -> None:
    sandbox.delete_app()
    assert "Invalid App ID" in dialog(sandbox).seen().text
