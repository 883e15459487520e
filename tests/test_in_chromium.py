"""A real browser in front of the sandbox: the dialog, the device page, the way back; by keyboard, on a phone, in the dark.

What it sees is kept in build/screenshots, for people to look at.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import nullcontext
from dataclasses import replace
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import pytest
from axe_playwright_python.sync_playwright import Axe
from chromium import SCHEMES, kept_near, launched, needs_chromium
from playwright.sync_api import Browser, Page, expect
from ports import free_port

from fbnb.browser import log_in_in_browser
from fbnb.catcher import catching
from fbnb.client import GraphClient
from fbnb.errors import LoginCancelled, LoginDeclined
from fbnb.flows.device_login import poll_device_login, start_device_login
from fbnb.flows.login import log_in
from fbnb.flows.page_tokens import list_pages
from fbnb.flows.revoke import list_permissions
from fbnb.kit import sandbox_client
from fbnb.pytest_plugin import GraphServer
from fbnb.sandbox import Sandbox
from fbnb.tokens import AccessToken

ASKED = "email,pages_show_list"

Opened = Callable[..., Page]
Does = Callable[[Page], object]

pytestmark = needs_chromium


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with launched() as browser:
        yield browser


@pytest.fixture
def opened(browser: Browser) -> Iterator[Opened]:
    """Opens an address in a browser that remembers nothing. Whatever it asks beyond this machine fails the test."""
    with kept_near(browser) as new_context:

        def open(url: str, **options: Any) -> Page:
            page = new_context(**options).new_page()
            page.set_default_timeout(10_000)
            page.goto(url)
            return page

        yield open


@pytest.fixture
def client(graph_server: GraphServer) -> GraphClient:
    """A client of the served sandbox, with a redirect_uri that nobody else uses."""
    return led_back(graph_server.client)


def led_back(client: GraphClient) -> GraphClient:
    return replace(client, settings=replace(client.settings, redirect_uri=f"http://localhost:{free_port()}/callback"))


def continues(page: Page) -> None:
    page.get_by_role("button", name="Continue").click()


def unticks(name: str) -> Does:
    def does(page: Page) -> None:
        page.get_by_role("checkbox", name=name).uncheck()
        continues(page)

    return does


def by_keyboard(page: Page) -> None:
    """Tab to the first box, Space to untick it, Tab past all others to the first button, and Enter."""
    page.keyboard.press("Tab")
    page.keyboard.press("Space")
    for _ in page.get_by_role("checkbox").all():
        page.keyboard.press("Tab")
    page.keyboard.press("Enter")


def logged_in(client: GraphClient, opened: Opened, does: Does = continues, **options: Any) -> AccessToken:
    """What `log_in_in_browser` gives where a person at Chromium does that with the dialog, and is led back."""

    def open(url: str) -> bool:
        page = opened(url, **options)
        does(page)
        expect(page.get_by_text("Go back to the notebook")).to_be_visible()
        return True

    return log_in_in_browser(client, ASKED, seconds=20, open=open)


def granted(client: GraphClient, token: AccessToken) -> dict[str, str]:
    return {permission.name: permission.status for permission in list_permissions(client, token)}


def test_continue_grants_all_that_was_asked(client: GraphClient, opened: Opened) -> None:
    token = logged_in(client, opened)
    assert granted(client, token) == {"email": "granted", "pages_show_list": "granted", "public_profile": "granted"}
    assert len(list_pages(client, token)) >= 2


def test_a_box_that_is_unticked_is_declined(client: GraphClient, opened: Opened) -> None:
    assert granted(client, logged_in(client, opened, unticks("email")))["email"] == "declined"


def test_a_page_that_is_unticked_is_not_shared(client: GraphClient, opened: Opened) -> None:
    names = {page.name for page in list_pages(client, logged_in(client, opened, unticks("Harbour Bakery")))}
    assert "Fish Market" in names
    assert "Harbour Bakery" not in names


def test_cancel_gives_nothing(client: GraphClient, opened: Opened) -> None:
    with pytest.raises(LoginCancelled):
        logged_in(client, opened, lambda page: page.get_by_role("button", name="Cancel").click())


def test_someone_else_can_be_the_one_who_is_logged_in(client: GraphClient, opened: Opened) -> None:
    def as_ben(page: Page) -> None:
        page.get_by_label("Who is logged in").select_option(label="Ben Tide (developer)")
        page.get_by_role("button", name="Switch").click()
        page.get_by_role("button", name="Continue as Ben Tide").click()

    assert client.get("me", logged_in(client, opened, as_ben))["name"] == "Ben Tide"


def test_a_keyboard_is_enough(client: GraphClient, opened: Opened) -> None:
    token = logged_in(client, opened, by_keyboard)
    assert granted(client, token) == {"email": "declined", "pages_show_list": "granted", "public_profile": "granted"}


def test_it_works_without_javascript(client: GraphClient, opened: Opened) -> None:
    assert granted(client, logged_in(client, opened, unticks("email"), java_script_enabled=False))["email"] == "declined"


def test_a_sandbox_in_process_is_there_for_the_browser_too(graph_sandbox: Sandbox, opened: Opened) -> None:
    client = led_back(sandbox_client(graph_sandbox))
    assert client.get("me", logged_in(client, opened))["name"] == "Mara Quay"


@pytest.mark.parametrize(("button", "said"), [("Continue as", "It is logged in now."), ("Cancel", "You said no")])
def test_a_device_is_answered(graph_server: GraphServer, client: GraphClient, opened: Opened, button: str, said: str) -> None:
    device = start_device_login(client, ["email"])
    page = opened(device.verification_uri)
    page.get_by_label("The code that the device shows").fill("WRONG")
    continues(page)
    expect(page.get_by_role("alert")).to_contain_text("No device is waiting with that code")
    page.get_by_label("The code that the device shows").fill(device.user_code.lower())
    continues(page)
    page.get_by_role("button", name=button).click()
    expect(page.get_by_role("main")).to_contain_text(said)
    with pytest.raises(LoginDeclined) if button == "Cancel" else nullcontext():
        assert client.get("me", poll_device_login(client, device))["name"] == "Mara Quay"


def asking(server: GraphServer, client: GraphClient, **params: str) -> str:
    """The dialog's address."""
    asked = {"client_id": client.settings.app_id, "redirect_uri": client.settings.redirect_uri, "state": "s", "scope": ASKED}
    return f"{server.url}/v26.0/dialog/oauth?{urlencode(asked | params)}"


def asked_again(server: GraphServer, client: GraphClient) -> str:
    log_in(client.acting_as(server.sandbox.person(decline=["email"], pages=["Fish Market"])), ASKED)
    return asking(server, client, scope=f"{ASKED},pages_manage_posts", auth_type="rerequest,reauthenticate,reauthorize")


def nothing_new(server: GraphServer, client: GraphClient) -> str:
    log_in(client.acting_as(server.sandbox.person(decline=["email"])), "email,public_profile")
    return asking(server, client, scope="email")


def business(server: GraphServer, client: GraphClient) -> str:
    told = {"scope": "", "config_id": "7000000000001", "response_type": "code", "override_default_response_type": "true"}
    return asking(server, client, **told)


def device_consent(server: GraphServer, client: GraphClient) -> str:
    return f"{server.url}/device?user_code={start_device_login(client, ['email']).user_code}"


PAGES: dict[str, Callable[[GraphServer, GraphClient], str]] = {
    "dialog": asking,
    "asked again": asked_again,
    "nothing new": nothing_new,
    "business": business,
    "refused": lambda server, client: asking(server, client, redirect_uri="https://elsewhere.example/"),
    "device": lambda server, client: f"{server.url}/device",
    "device, wrong code": lambda server, client: f"{server.url}/device?user_code=WRONG",
    "device, consent": device_consent,
    "back": lambda server, client: f"{client.settings.redirect_uri}?code=c&state=s",
    "not back": lambda server, client: f"{client.settings.redirect_uri}?code=c&state=other",
}


@pytest.mark.parametrize("name", PAGES)
def test_every_page_is_for_everyone(
    graph_server: GraphServer, client: GraphClient, opened: Opened, root: Path, name: str
) -> None:
    with catching(client.settings.redirect_uri, "s"):
        page = opened(PAGES[name](graph_server, client))
    for width in (1024, 375):
        page.set_viewport_size({"width": width, "height": 700})
        assert page.evaluate("document.documentElement.scrollWidth") <= width
        for scheme in SCHEMES:
            page.emulate_media(color_scheme=scheme)
            page.screenshot(path=root / "build" / "screenshots" / f"{name}, {width}, {scheme}.png", full_page=True)
            found = Axe().run(page)
            assert not found.violations_count, found.generate_report()
