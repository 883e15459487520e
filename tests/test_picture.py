"""A picture, from the address that `/me` tells to the image."""

from __future__ import annotations

import httpx
import pytest

from fbnb.client import GraphClient
from fbnb.sandbox import Sandbox
from fbnb.tokens import AccessToken


@pytest.fixture
def browser(sandbox: Sandbox) -> httpx.Client:
    return httpx.Client(transport=sandbox.transport, follow_redirects=True)


def test_the_address_that_me_tells_leads_to_an_image(client: GraphClient, short: AccessToken, browser: httpx.Client) -> None:
    told = client.get("me", token=short, fields="picture.type(large)")["picture"]["data"]
    image = browser.get(told["url"])
    assert (told["width"], told["height"]) == (200, 200)
    assert image.headers["content-type"] == "image/svg+xml"
    assert image.text.startswith("<svg")


def test_a_picture_is_never_larger_than_graphs_largest(client: GraphClient, short: AccessToken) -> None:
    told = client.get("me/picture", token=short, redirect="false", width="999999999", height="10")
    assert (told["data"]["width"], told["data"]["height"]) == (2048, 10)
