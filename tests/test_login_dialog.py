"""The dialog in the notebook, clicked without a browser: the question of the dialog's page, its answer, and no secret kept."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import ipywidgets as w
import msgspec
import pytest
from capture import Capture
from forms import HOME, Seen, dialog
from hands import click, everything

from fbnb.client import GraphClient
from fbnb.errors import InputError
from fbnb.flows.login import log_in
from fbnb.flows.page_tokens import list_pages
from fbnb.flows.revoke import list_permissions
from fbnb.flows.test_users import create_test_user
from fbnb.kit import sandbox_client
from fbnb.redact import Secret
from fbnb.resources import folder
from fbnb.sandbox import Sandbox
from fbnb.sandbox.consent import Offer
from fbnb.sandbox.visitor import offer_at
from fbnb.settings import Settings, Target
from fbnb.tokens import AccessToken
from fbnb.widgets.login_dialog import LoginDialog
from fbnb.widgets.question import SHOWN, form, pages_title

SECRET = "decafbadc0ffee00decafbadc0ffee02"
CODE = "AQ-a-secret-code-of-some-length"
ALL = ("email", "pages_show_list")
MARA, BEN, INES = "2000000000001", "2000000000002", "2000000000003"


def kept(shown: LoginDialog) -> str:
    """All that a notebook could save of it, and all that it shows of itself."""
    states = [widget.get_state() for widget in everything(shown.view)]
    return f"{states} {shown._repr_mimebundle_()} {shown!r} {shown.token!r}"


def words(shown: LoginDialog) -> str:
    """The words that a person reads."""
    return Seen(shown.snapshot()).text


def granted(client: GraphClient, token: AccessToken | None) -> dict[str, str]:
    assert token
    return {permission.name: permission.status for permission in list_permissions(client, token)}


def codes(sandbox: Sandbox) -> list[str]:
    return list(sandbox.world.codes)


# The same question as the page's


@pytest.mark.parametrize("scopes", [(), ("email",), ALL, ("pages_manage_posts", "user_likes", "email")])
@pytest.mark.parametrize("auth_type", ["", "rerequest", "reauthorize", "reauthenticate"])
@pytest.mark.parametrize("before", ["nothing", "granted", "declined"])
def test_it_asks_what_the_page_asks(
    client: GraphClient, sandbox: Sandbox, scopes: tuple[str, ...], auth_type: str, before: str
) -> None:
    if before != "nothing":
        log_in(client.acting_as(sandbox.person(decline=["email"] if before == "declined" else (), pages=["Fish Market"])), ALL)
    page = dialog(sandbox, ",".join(scopes), auth_type=auth_type).seen()
    shown = LoginDialog(client, scopes, auth_type=auth_type or None)
    boxes = {box.description.replace(": ", " ").replace(" (", " ").replace(")", ""): box.value for box in shown.boxes.values()}
    assert boxes == {label: ticked for label, (_, ticked) in page.asks.boxes.items()}
    seen = words(shown)
    for line in page.text.split(". "):
        if line.startswith(("Harbour Notes has already", "Not asked again", "Asked again", "The app asks", "Facebook would")):
            assert line in seen
            assert line
    assert "Harbour Notes asks Mara Quay" in seen
    assert ("asks for nothing new" in seen) is ("asks for nothing new" in page.text)
    assert ("Untick what" in seen) is ("Untick what" in page.text)
    assert "Continue as Mara Quay" in seen
    people = next(form for form in page.forms if form.method == "get").options
    assert [label for label, _ in shown.who.options] == list(people)


def test_to_look_is_no_request_and_changes_no_fact(client: GraphClient, sandbox: Sandbox) -> None:
    before = sandbox.checkpoint().facts
    shown = LoginDialog(client, ALL)
    shown.who.value = BEN
    shown.refresh()
    assert (sandbox.requests, sandbox.calls, sandbox.checkpoint().facts) == ([], 0, before)
    assert client.wire.count == 0


def test_the_profile_is_said_to_be_part_of_it_and_has_no_box(client: GraphClient) -> None:
    shown = LoginDialog(client, ["email"])
    assert list(shown.boxes) == ["email"]
    assert "public_profile: name and id of the person; always part of a login" in words(shown)


# The answer


def test_continue_leads_to_a_token(client: GraphClient, sandbox: Sandbox) -> None:
    told = list[AccessToken]()
    shown = LoginDialog(client, ALL, done=told.append)
    assert shown.token is None
    shown.continue_button.click()
    assert shown.token
    assert told == [shown.token]
    assert client.get("me", shown.token)["name"] == "Mara Quay"
    assert granted(client, shown.token) == {"email": "granted", "pages_show_list": "granted", "public_profile": "granted"}
    assert f"The app holds a user token: {shown.token.hint}, expires 2026-11-02 11:00 UTC." in shown.message.value
    assert "Granted: email, pages_show_list, public_profile." in shown.message.value
    assert "Declined" not in shown.message.value
    assert "You have logged in to Harbour Notes before, and it asks for nothing new." in words(shown)
    assert "Harbour Notes has already: email, pages_show_list, public_profile." in words(shown)
    assert [exchange.path for exchange in client.wire.since(0)][:2] == ["/v26.0/dialog/oauth", "/v26.0/oauth/access_token"]


def test_what_is_unticked_is_declined_and_not_asked_again(client: GraphClient) -> None:
    shown = LoginDialog(client, ALL)
    shown.boxes["email"].value = False
    shown.continue_button.click()
    assert granted(client, shown.token)["email"] == "declined"
    assert "Granted: pages_show_list, public_profile. Declined: email." in shown.message.value
    assert "Not asked again, for you declined it before: email." in words(shown)
    assert "email" not in shown.boxes
    shown.continue_button.click()
    assert "Declined: email." in shown.message.value, "it still is"
    again = LoginDialog(client, ALL, auth_type="rerequest")
    assert "Asked again, for you declined it before: email." in words(again)
    again.continue_button.click()
    assert granted(client, again.token)["email"] == "granted"


def test_only_the_pages_that_stay_ticked_are_shared_and_stay_so(client: GraphClient, sandbox: Sandbox) -> None:
    shown = LoginDialog(client, ALL)
    assert "Pages it may work on, and your role there." in words(shown)
    everything_there = {page.description.rpartition(" (")[0] for name, page in shown.boxes.items() if name not in ALL}
    shown.boxes[sandbox.world.page_named("Harbour Bakery").id].value = False
    shown.continue_button.click()
    assert shown.token
    first = {page.name for page in list_pages(client, shown.token)}
    assert first < everything_there
    assert "Harbour Bakery" not in first
    assert not shown.boxes[sandbox.world.page_named("Harbour Bakery").id].value
    shown.continue_button.click()
    assert {page.name for page in list_pages(client, shown.token)} == first


def test_all_pages_unchanged_means_those_to_come_as_well(client: GraphClient, sandbox: Sandbox) -> None:
    LoginDialog(client, ALL).continue_button.click()
    assert sandbox.world.grant(MARA, client.settings.app_id).pages is None
    assert sandbox.world.grant(MARA, client.settings.app_id).granted == {*ALL, "public_profile"}


def test_cancel_says_what_the_app_is_told_and_changes_nothing(client: GraphClient, sandbox: Sandbox) -> None:
    told = list[AccessToken]()
    shown = LoginDialog(client, ALL, done=told.append)
    before = sandbox.checkpoint().facts
    shown.cancel_button.click()
    assert "The app is told LoginCancelled: The person cancelled the login (Permissions error)." in shown.message.value
    assert "Explain why the app needs it, then ask again." in shown.message.value
    assert (shown.token, told, codes(sandbox), sandbox.checkpoint().facts) == (None, [], [], before)
    shown.continue_button.click()
    token = shown.token
    assert token
    shown.cancel_button.click()
    assert shown.token is token, "to cancel takes nothing away"


def test_each_login_has_a_state_of_its_own(client: GraphClient) -> None:
    shown = LoginDialog(client)
    shown.continue_button.click()
    shown.continue_button.click()
    states = [exchange.params["state"] for exchange in client.wire.since(0) if exchange.path.endswith("dialog/oauth")]
    assert len(set(states)) == len(states) == 2


def test_a_double_click_is_one_login(client: GraphClient, sandbox: Sandbox) -> None:
    told = list[AccessToken]()
    shown = LoginDialog(client, ALL, done=told.append)
    for _ in range(2):
        click(shown.continue_button)
    assert len(told) == len(codes(sandbox)) == 1


# Who


def test_another_person_is_asked_what_is_new_to_them(client: GraphClient) -> None:
    log_in(client, ["email"])
    shown = LoginDialog(client, ["email"])
    assert (shown.who.value, list(shown.boxes)) == (MARA, [])
    shown.continue_button.click()
    shown.who.value = BEN
    assert "Mara" not in shown.message.value + shown.question.value + shown.continue_button.description
    assert "user token" not in shown.message.value, "what came of another's login is no longer said"
    assert list(shown.boxes) == ["email"]
    assert "Harbour Notes asks Ben Tide" in words(shown)
    assert "has already" not in words(shown)
    shown.continue_button.click()
    assert shown.token
    assert client.get("me", shown.token)["name"] == "Ben Tide"


def test_whoever_the_client_carries_stands_before_it(client: GraphClient, sandbox: Sandbox) -> None:
    assert LoginDialog(client.acting_as(sandbox.person("Ben Tide"))).who.value == BEN
    assert LoginDialog(client.acting_as(lambda url: url)).who.value == MARA


def test_it_follows_the_world_and_boxes_stay_as_they_are_where_the_question_does(client: GraphClient, sandbox: Sandbox) -> None:
    shown = LoginDialog(client, ALL)
    shown.who.value = BEN
    shown.boxes["email"].value = False
    shown.say("said before")
    sandbox.clock.advance(days=1)
    shown.refresh()
    assert "It is 03 November 2026, 09:00 UTC here." in words(shown)
    assert (shown.who.value, shown.boxes["email"].value) == (BEN, False)
    assert "said before" in shown.message.value
    create_test_user(client, name="Nora New")
    sandbox.block_app()
    shown.refresh()
    assert [label.partition(" (")[0] for label, _ in shown.who.options] == ["Mara Quay", "Ben Tide", "Ines Voss", "Nora New"]
    assert shown.who.value == BEN
    assert "Feature Unavailable" in words(shown)
    assert "said before" in shown.message.value


def test_what_was_unticked_stays_so_when_the_question_changes(client: GraphClient, sandbox: Sandbox) -> None:
    bakery = sandbox.world.page_named("Harbour Bakery").id
    shown = LoginDialog(client, ALL)
    shown.boxes["email"].value = shown.boxes[bakery].value = False
    sandbox.delete_page("Fish Market")
    before = shown.boxes
    shown.refresh()
    assert len(shown.boxes) == len(before) - 1, "another question"
    assert (shown.boxes["email"].value, shown.boxes[bakery].value, shown.boxes["pages_show_list"].value) == (False, False, True)
    shown.who.value = BEN
    assert shown.boxes["email"].value, "another person's answer is their own"
    shown.who.value = MARA
    checkpoint = sandbox.checkpoint()
    sandbox.block_app()
    shown.refresh()
    assert shown.boxes == {}
    sandbox.rewind(checkpoint)
    shown.refresh()
    shown.continue_button.click()
    assert granted(client, shown.token)["email"] == "declined"
    assert shown.token
    assert "Harbour Bakery" not in {page.name for page in list_pages(client, shown.token)}


# What the dialog shows instead


def test_someone_without_a_role_is_told_so_and_another_can_go_on(client: GraphClient, sandbox: Sandbox) -> None:
    shown = LoginDialog(client, ALL)
    shown.who.value = INES
    assert "The dialog refused (1349126): App Not Setup: This app is still in development mode" in words(shown)
    assert 'role="alert"' in shown.question.value
    assert "Continue" not in words(shown)
    assert shown.boxes == {}
    shown.continue_button.click()
    assert "App Not Setup" in shown.message.value
    assert (shown.token, codes(sandbox)) == (None, [])
    shown.who.value = MARA
    assert "App Not Setup" not in words(shown)
    shown.continue_button.click()
    assert shown.token


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"redirect_uri": "https://elsewhere.example/"}, "The dialog shows URL Blocked: This redirect failed"),
        ({"app_id": "99999"}, "The dialog shows Invalid App ID: The provided app ID does not look like a valid app ID."),
    ],
)
def test_an_error_page_is_shown_in_words(client: GraphClient, changes: dict[str, str], said: str) -> None:
    shown = LoginDialog(replace(client, settings=replace(client.settings, **changes)), ALL)  # type: ignore[arg-type]
    assert said in words(shown)
    assert "Continue" not in words(shown)


def test_a_scope_that_only_graph_knows_to_be_none_is_its_error_page(client: GraphClient) -> None:
    shown = LoginDialog(client, "email,quantum_teleport")
    assert "The dialog shows Invalid Scopes: Invalid Scopes: quantum_teleport." in words(shown)
    assert "Continue" not in words(shown)


@pytest.mark.parametrize("event", ["block_app", "delete_app"])
def test_an_app_that_is_gone_while_it_is_on_show(client: GraphClient, sandbox: Sandbox, event: str) -> None:
    shown = LoginDialog(client, ALL)
    getattr(sandbox, event)()
    shown.continue_button.click()
    assert shown.token is None
    said = "Feature Unavailable" if event == "block_app" else "Invalid App ID"
    assert said in shown.message.value
    assert said in shown.question.value
    assert "Continue" not in words(shown)


@pytest.mark.parametrize(
    ("scopes", "auth_type", "said"),
    [
        (["emial"], None, "There is no permission &#x27;emial&#x27;. Did you mean email?"),
        ("email", "again", "There is no auth_type &#x27;again&#x27;."),
        (["<b>x"], None, "&lt;b&gt;x"),
    ],
)
def test_a_typo_is_a_line_and_no_traceback(client: GraphClient, scopes: list[str], auth_type: str | None, said: str) -> None:
    shown = LoginDialog(client, scopes, auth_type=auth_type)
    assert said in shown.snapshot()
    assert "<b>x" not in shown.snapshot()
    assert "Continue" not in words(shown)
    shown.refresh()
    other = LoginDialog(client, ["email"])
    assert "☑ email" in words(other), "and another dialog is none the worse"


def test_a_version_that_is_none_is_refused_in_words(client: GraphClient) -> None:
    shown = LoginDialog(replace(client, settings=replace(client.settings, version="v99.0")), ALL)
    shown.continue_button.click()
    assert 'role="alert"' in shown.message.value
    assert "v99.0" in shown.message.value
    assert shown.token is None


def test_a_code_that_is_not_exchanged_leaves_the_token_there_was(client: GraphClient, sandbox: Sandbox) -> None:
    told = list[AccessToken]()
    shown = LoginDialog(client.with_secret(Secret(SECRET)), ALL, done=told.append)
    shown.continue_button.click()
    assert "Graph refused (1): Error validating client secret." in shown.message.value
    assert (shown.token, told) == (None, [])
    assert "Harbour Notes has already: email, pages_show_list, public_profile." in words(shown), "the person did say yes"


def test_what_done_refuses_is_said_and_the_token_is_there(client: GraphClient) -> None:
    def refuse(token: AccessToken) -> None:
        raise InputError("The store is full.")

    shown = LoginDialog(client, done=refuse)
    shown.continue_button.click()
    assert "The store is full." in shown.message.value
    assert shown.token


# Whatever it shows


@pytest.mark.parametrize("name", ["<script>alert(1)</script>", f"a & {SECRET}"])
def test_names_are_escaped_and_secrets_in_them_hidden(name: str, tmp_path: Path) -> None:
    source = (folder("data") / "world.json").read_text()
    for old in ("Mara Quay", "Harbour Notes", "Harbour Bakery"):
        assert f'"{old}"' in source
        source = source.replace(f'"{old}"', json.dumps(f"{name} {old}"))
    (tmp_path / "mine.json").write_text(source)
    shown = LoginDialog(sandbox_client(Sandbox(tmp_path / "mine.json")), ALL)
    assert len(shown.boxes) > len(ALL)
    for old in ("Mara Quay", "Harbour Notes", "Harbour Bakery"):
        assert old in shown.snapshot()
    assert name not in shown.snapshot()
    shown.continue_button.click()
    assert shown.token
    assert name not in shown.snapshot()
    assert SECRET not in kept(shown)


def test_no_code_token_or_secret_is_ever_saved(client: GraphClient, sandbox: Sandbox) -> None:
    shown = LoginDialog(client, ALL)
    for press in (shown.continue_button, shown.cancel_button, shown.continue_button):
        press.click()
        assert client.settings.app_secret
        assert shown.token
        for secret in (client.settings.app_secret.reveal(), shown.token.value.reveal(), *codes(sandbox)):
            assert secret not in kept(shown)
            assert secret not in str(w.Widget.get_manager_state())
    assert len(codes(sandbox)) == 2


def test_every_input_has_a_label_and_every_result_is_spoken(client: GraphClient) -> None:
    for shown in (LoginDialog(client, ALL), LoginDialog(live_client())):
        for widget in everything(shown.view):
            if isinstance(widget, w.Password | w.Checkbox | w.Button | w.Dropdown):
                assert widget.description
        assert 'aria-live="polite"' in shown.message.value
    assert 'aria-live="polite"' in LoginDialog(client, ALL).question.value


def test_boxes_that_were_replaced_are_closed(client: GraphClient) -> None:
    shown = LoginDialog(client, ALL)
    shown.who.value = BEN
    before = len(w.Widget.get_manager_state()["state"])
    for person in (MARA, BEN, MARA, BEN):
        shown.who.value = person
    assert len(w.Widget.get_manager_state()["state"]) == before


def offered(client: GraphClient, sandbox: Sandbox) -> Offer:
    url = f"https://www.facebook.com/v26.0/dialog/oauth?client_id=1000000000001&state=s&redirect_uri={HOME}&scope=pages_show_list"
    put = offer_at(sandbox.world, url, MARA)
    assert isinstance(put, Offer)
    return put


def test_of_many_pages_the_first_are_shown_and_the_others_go_as_they_are(client: GraphClient, sandbox: Sandbox) -> None:
    put = offered(client, sandbox)
    page, role, _ = put.pages[0]
    many = replace(put, pages=tuple((msgspec.structs.replace(page, id=f"{n}"), role, n % 2 == 0) for n in range(SHOWN + 4)))
    assert f"The first {SHOWN} of {SHOWN + 4}; the others stay as they are." in pages_title(many)
    assert "The first" not in pages_title(put)
    sent = form(many, {f"{n}": False for n in range(SHOWN)})
    assert {name for name in sent if name.startswith("_page_")} == {f"_page_{SHOWN}", f"_page_{SHOWN + 2}"}
    assert len(sent["_listed"].split(",")) == SHOWN + 4


# Where the dialog is elsewhere


def live_client(*answers: object) -> GraphClient:
    return GraphClient(Settings(Target.LIVE, "1000000000001", Secret(SECRET)), Capture(list(answers)), nonce=lambda: "the-state")


def test_elsewhere_the_dialog_is_a_link_and_the_address_is_pasted() -> None:
    told = list[AccessToken]()
    client = live_client({"access_token": "EAAxsecret-token-of-some-length", "expires_in": 5})
    shown = LoginDialog(client, ALL, done=told.append)
    links = [attributes for tag, attributes in Seen(shown.snapshot()).tags if tag == "a"]
    assert len(links) == 1
    assert links[0]["href"].startswith("https://www.facebook.com/v26.0/dialog/oauth?client_id=1000000000001&redirect_uri=")
    assert links[0]["href"].endswith("&state=the-state&scope=email%2Cpages_show_list")
    assert (links[0]["target"], links[0]["rel"]) == ("_blank", "noopener noreferrer")
    assert "Who is logged in" not in shown.snapshot()
    assert "Cancel" not in shown.snapshot(), "that button is on Facebook's page"
    shown.pasted.value = f" {HOME}?code={CODE}&state=the-state#_=_ "
    assert CODE not in kept(shown)
    assert (shown.pasted.value, shown.pasted.placeholder) == ("", "taken, and not shown")
    shown.continue_button.click()
    assert shown.pasted.value == ""
    assert shown.token
    assert told == [shown.token]
    assert isinstance(client.transport, Capture)
    assert client.transport.last[3]["code"] == CODE
    assert f"The app holds a user token: {shown.token.hint}, expires" in shown.message.value
    for secret in (CODE, SECRET, "EAAxsecret-token-of-some-length"):
        assert secret not in kept(shown)


@pytest.mark.parametrize(
    ("pasted", "said"),
    [
        ("", "No address was pasted. Open the link, log in, and paste the address it led to."),
        ("nonsense", "That is not a URL."),
        (f"{HOME}?code={CODE}&state=another", "The state in the redirect is not the one this login began with."),
        (f"https://elsewhere.example/?code={CODE}&state=the-state", "That URL leads to elsewhere.example/"),
        (f"{HOME}?error=access_denied&state=the-state", "The app is told LoginCancelled: The person cancelled the login"),
        (f"{HOME}?error_code=1349126&error_message=App%20Not%20Setup", "The dialog refused (1349126): App Not Setup."),
    ],
)
def test_what_is_pasted_wrong_is_said_and_the_login_goes_on(pasted: str, said: str) -> None:
    client = live_client({"access_token": "EAAx", "expires_in": 5})
    shown = LoginDialog(client, ALL)
    link = shown.question.value
    shown.pasted.value = pasted
    shown.continue_button.click()
    assert said in shown.message.value
    assert (shown.token, shown.pasted.value, shown.question.value) == (None, "", link)
    assert isinstance(client.transport, Capture)
    assert client.transport.requests == []
    assert CODE not in kept(shown)
    shown.pasted.value = f"{HOME}?code={CODE}&state=the-state"
    shown.continue_button.click()
    assert shown.token


def test_a_link_has_nothing_in_it_that_ends_it() -> None:
    client = live_client()
    shown = LoginDialog(replace(client, settings=replace(client.settings, redirect_uri='https://a.example/"><script>')))
    assert "<script>" not in shown.snapshot()
    assert len([tag for tag, _ in Seen(shown.snapshot()).tags if tag == "a"]) == 1
