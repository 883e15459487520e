"""What holds for every widget: labels, spoken results, a still picture, no secret in anything that a notebook saves."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

import ipywidgets as w
import pytest
from hands import everything, saved, shown

import fbnb.widgets
from fbnb.client import GraphClient
from fbnb.flows.page_tokens import list_pages
from fbnb.sandbox import Sandbox
from fbnb.tokens import AccessToken, Page
from fbnb.walks import walk_login, walk_page_tokens
from fbnb.widgets import (
    Connect,
    ErrorExplainer,
    Explorer,
    LoginDialog,
    PagePicker,
    ScopePicker,
    Stepper,
    TimeTravel,
    TokenCard,
    TokenDebugger,
    TokenPicker,
    WhichToken,
)
from fbnb.widgets.view import View, still
from fbnb.widgets.words import facts, said, wrapped

Make = Callable[[GraphClient, Sandbox, AccessToken], View]
WIDGETS: dict[str, Make] = {
    "Connect": lambda client, sandbox, token: Connect(client),
    "ErrorExplainer": lambda client, sandbox, token: ErrorExplainer(),
    "Explorer": lambda client, sandbox, token: Explorer(client, [token]),
    "LoginDialog": lambda client, sandbox, token: LoginDialog(client, ["email", "pages_show_list"]),
    "PagePicker": lambda client, sandbox, token: PagePicker(list_pages(client, token)),
    "ScopePicker": lambda client, sandbox, token: ScopePicker(),
    "Stepper": lambda client, sandbox, token: Stepper(walk_page_tokens(client, token)),
    "TimeTravel": lambda client, sandbox, token: TimeTravel(sandbox, TokenCard(client, token), lambda: sandbox.state()["now"]),
    "TokenCard": lambda client, sandbox, token: TokenCard(client, token),
    "TokenDebugger": lambda client, sandbox, token: TokenDebugger(client, [token]),
    "TokenPicker": lambda client, sandbox, token: TokenPicker([token]),
    "WhichToken": lambda client, sandbox, token: WhichToken(),
}


@pytest.fixture(params=WIDGETS)
def name(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture
def view(name: str, client: GraphClient, sandbox: Sandbox, short: AccessToken) -> View:
    return WIDGETS[name](client, sandbox, short)


def press_all(view: View) -> None:
    for widget in everything(view.view):
        if isinstance(widget, w.Button):
            widget.click()


def test_every_widget_is_among_them() -> None:
    assert set(WIDGETS) == set(fbnb.widgets.__all__)


def test_every_input_has_a_label(view: View) -> None:
    inputs = [widget for widget in everything(view.view) if not isinstance(widget, w.Box | w.HTML)]
    assert inputs or isinstance(view, TokenCard)
    assert all(widget.description for widget in inputs)


def test_every_result_is_spoken(name: str, view: View) -> None:
    results = [widget.value for widget in everything(view.view) if isinstance(widget, w.HTML)]
    assert name == "TokenPicker" or any('aria-live="polite"' in result for result in results)


def test_it_is_live_for_a_kernel_and_a_still_picture_for_everyone_else(name: str, view: View) -> None:
    bundle = view._repr_mimebundle_()
    assert set(bundle) == {"application/vnd.jupyter.widget-view+json", "text/html", "text/plain"}
    assert bundle["text/plain"] == name
    assert bundle["text/html"] == view.snapshot() == view.snapshot()
    assert "<script" not in view.snapshot()


def test_the_picture_is_the_same_in_another_world(name: str, view: View, client: GraphClient, sandbox: Sandbox) -> None:
    from fbnb.flows.login import log_in
    from fbnb.kit import sandbox_client

    another = Sandbox()
    other = sandbox_client(another)
    assert WIDGETS[name](other, another, log_in(other, ["pages_show_list"])).snapshot() == view.snapshot()


def test_no_press_leaves_a_secret_in_anything_that_a_notebook_saves(
    view: View, client: GraphClient, sandbox: Sandbox, short: AccessToken
) -> None:
    press_all(view)
    view.refresh()
    press_all(view)
    kept = saved(view)
    secrets = [*sandbox.world.tokens, *sandbox.world.codes, *(app.secret for app in sandbox.world.apps.values())]
    assert not [secret for secret in secrets if secret in kept]
    assert short.value.reveal() in secrets


def test_names_from_outside_are_escaped(sandbox: Sandbox) -> None:
    name = "<script>alert(1)</script> & so on"
    for html in (shown(PagePicker([Page("1", name)])), facts(name, [(name, name)]), said(name), wrapped(name)):
        assert name not in html
        assert "&lt;script&gt;" in html
    for widget in (w.Button(description=name), w.Text(value=name), w.Textarea(value=name), w.Dropdown(options=[name])):
        assert name not in still(widget)


def test_what_is_hidden_is_not_in_the_picture_and_hides_nothing_else(client: GraphClient) -> None:
    stepper = Stepper(walk_login(client))
    assert "Address it led to" not in shown(stepper)
    assert "Copy this step as" in shown(stepper)


def test_what_was_replaced_is_closed(client: GraphClient) -> None:
    stepper, picker = Stepper(walk_login(client)), PagePicker([Page(f"{number}", f"Page {number}") for number in range(60)])

    def drive() -> None:
        stepper.next_button.click()
        stepper.next_button.click()
        stepper.over_button.click()
        picker.find.value = "9"
        picker.find.value = ""

    drive()
    before = len(w.Widget.get_manager_state()["state"])
    drive()
    assert len(w.Widget.get_manager_state()["state"]) == before


def test_a_password_is_masked_and_a_zero_is_not_nothing() -> None:
    assert "hunter2" not in still(w.Password(value="hunter2", description="Secret"))
    assert "••••••••" in still(w.Password(value="hunter2", description="Secret"))
    assert "<code>0</code>" in still(w.IntText(value=0, description="Day"))


def test_the_readmes_example_runs_and_names_every_widget(root: Path) -> None:
    part = (root / "README.md").read_text().partition("## Look and touch")[2].partition("\n## ")[0]
    names = {"display": lambda *widgets: [widget._repr_mimebundle_() for widget in widgets]}
    for cell in re.findall(r"```python\n(.*?)```", part, re.DOTALL):
        exec(cell, names)
    assert set(re.findall(r"`(\w+)\(", part)) == set(fbnb.widgets.__all__)
