"""Widgets, clicked without a browser: they show what the walk did, and keep no secret."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import ipywidgets as w
import pytest
from capture import Capture

from fbnb.client import GraphClient
from fbnb.flows.page_tokens import list_pages
from fbnb.redact import Secret
from fbnb.sandbox import Sandbox
from fbnb.settings import Settings, Target
from fbnb.tokens import AccessToken, Page
from fbnb.walks import walk_login, walk_long_lived, walk_page_tokens
from fbnb.widgets import PagePicker, ScopePicker, SettingsForm, Stepper
from fbnb.widgets.view import View

SECRET = "decafbadc0ffee00decafbadc0ffee02"


def shown(view: View) -> str:
    return str(view._repr_mimebundle_()["text/html"])


def test_the_settings_form_keeps_what_is_right_and_says_what_is_not() -> None:
    form = SettingsForm(Settings(app_id="1000000000001"))
    form.app_id.value, form.app_secret.value, form.version.value = " 1000000000002 ", SECRET, "v25.0"
    form.apply.click()
    assert (form.settings.app_id, form.settings.app_secret, form.settings.version) == ("1000000000002", Secret(SECRET), "v25.0")
    assert "settings: app 1000000000002" in form.message.value
    form.version.value = "26"
    form.apply.click()
    assert form.settings.version == "v25.0"
    assert "Did you mean v26.0?" in form.message.value
    form.version.value = "v26.0"
    form.apply.click()
    assert form.settings.app_secret == Secret(SECRET), "an empty field keeps the secret"


def test_the_secret_is_emptied_even_when_it_is_wrong() -> None:
    form = SettingsForm(Settings())
    form.app_secret.value = "hunter2-hunter2"
    assert "hunter2" not in shown(form)
    form.apply.click()
    assert form.app_secret.value == ""
    assert "FBNB_APP_SECRET does not look like" in form.message.value
    assert form.settings.app_secret is None


def test_a_secret_in_the_wrong_field_is_refused_and_does_not_stay() -> None:
    form = SettingsForm(Settings(app_id="1000000000001"))
    form.app_id.value = form.version.value = SECRET
    form.apply.click()
    assert form.settings == Settings(app_id="1000000000001")
    assert "looks like an app secret" in form.message.value
    assert SECRET not in shown(form) + str([child.get_state() for child in form.view.children])


def test_starting_over_empties_what_was_pasted() -> None:
    stepper = Stepper(walk_login(live_client(Capture())))
    stepper.pasted.value = "http://localhost:8400/callback?code=a-secret-code"
    stepper.over_button.click()
    assert stepper.pasted.value == ""


def test_scopes_add_what_they_need() -> None:
    picker = ScopePicker(["email"])
    assert set(picker.scopes) == {"email"}
    picker.boxes["pages_messaging"].value = True
    assert picker.scopes == ("email", "pages_show_list", "pages_manage_metadata", "pages_messaging")
    assert "pages_show_list, pages_manage_metadata added" in picker.message.value
    assert "☑ email: the person&#x27;s e-mail address" in shown(picker)
    picker.boxes["pages_messaging"].value = picker.boxes["email"].value = False
    assert "To ask for: nothing." in picker.message.value


def test_pages_are_picked(client: GraphClient, short: AccessToken) -> None:
    pages = list_pages(client, short)
    picker = PagePicker(pages)
    assert picker.pages == pages
    picker.boxes["3000000000001"].value = False
    assert picker.pages == pages[1:]
    assert "☐ Harbour Bakery: ANALYZE" in shown(picker)
    assert "no Pages" in shown(PagePicker([]))
    assert "tasks not told" in shown(PagePicker([Page("1", "a")]))


def test_the_stepper_shows_request_answer_and_what_is_held(client: GraphClient) -> None:
    stepper = Stepper(walk_login(client))
    assert "Next is step 1 of 5" in shown(stepper)
    assert "You hold nothing yet" in shown(stepper)
    for _ in range(5):
        stepper.next_button.click()
    assert stepper.walk.done
    assert stepper.next_button.disabled
    assert "GET /v26.0/oauth/access_token?" in stepper.wire.value
    assert "Answered 200" in stepper.wire.value
    assert "You now hold</caption>" in stepper.held.value
    assert "AccessToken(USER EAA…" in stepper.held.value
    stepper.over_button.click()
    assert not stepper.next_button.disabled
    assert "Next is step 1 of 5" in shown(stepper)


def test_a_click_from_the_browser_is_a_click(client: GraphClient) -> None:
    stepper = Stepper(walk_login(client))
    stepper.next_button._handle_custom_msg({"event": "click"}, [])
    assert "Next is step 2 of 5" in stepper.where.value


def test_a_refusal_is_shown_where_the_person_looks(client: GraphClient, sandbox: Sandbox, short: AccessToken) -> None:
    stepper = Stepper(walk_long_lived(client, short))
    sandbox.clock.advance(hours=3)
    stepper.next_button.click()
    assert "It was refused. Graph refused (190/463)" in stepper.where.value
    assert not stepper.next_button.disabled


def test_long_lists_are_shortened(client: GraphClient, short: AccessToken) -> None:

    stepper = Stepper(walk_page_tokens(client, short))
    stepper.next_button.click()
    stepper.next_button.click()
    assert "… and 7 more" in stepper.wire.value
    assert "8: Harbour Bakery, Lighthouse Books" in stepper.held.value


def live_client(transport: Any) -> GraphClient:
    settings = Settings(Target.LIVE, "1000000000001", Secret(SECRET))
    return GraphClient(settings, transport, nonce=lambda: "the-state")


def test_live_the_redirect_is_pasted_beside_the_button() -> None:
    stepper = Stepper(walk_login(live_client(Capture([{"access_token": "EAAx", "expires_in": 5}]))))
    for _ in range(3):
        stepper.next_button.click()
    assert "Paste the address it led to" in stepper.where.value
    assert "dialog/oauth" in stepper.held.value
    stepper.pasted.value = "http://localhost:8400/callback?code=a-secret-code&state=the-state#_=_"
    stepper.next_button.click()
    assert stepper.pasted.value == ""
    stepper.next_button.click()
    stepper.next_button.click()
    assert stepper.walk.done
    assert "a-secret-code" not in shown(stepper)


def everything(widget: w.Widget) -> list[w.Widget]:
    children = getattr(widget, "children", ())
    return [widget, *(inner for child in children for inner in everything(child))]


def test_every_input_has_a_label_and_every_result_is_spoken(client: GraphClient, short: AccessToken) -> None:
    for view in (
        SettingsForm(client.settings),
        ScopePicker(),
        PagePicker(list_pages(client, short)),
        Stepper(walk_login(client)),
    ):
        for widget in everything(view.view):
            if isinstance(widget, w.Text | w.Password | w.Checkbox | w.Button):
                assert widget.description, type(view).__name__
    assert 'aria-live="polite"' in Stepper(walk_login(client)).where.value


@pytest.mark.parametrize("name", ["<script>alert(1)</script>", "a & b"])
def test_names_from_outside_are_escaped(name: str, client: GraphClient) -> None:
    assert name not in shown(PagePicker([Page("1", name)]))
    form = SettingsForm(replace(client.settings, app_id="1000000000001"))
    form.redirect_uri.value = name
    assert name not in shown(form)
    form.apply.click()
    assert name not in form.message.value
