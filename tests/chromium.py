"""Debian's Chromium by Playwright, kept on this machine."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, Literal
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Browser, BrowserContext, Route, expect, sync_playwright

CHROMIUM = shutil.which("chromium")
SWITCHES = (
    "--no-sandbox --disable-dev-shm-usage --disable-gpu --disable-background-networking --no-first-run"
    " --disable-component-update --disable-sync"
)
SCHEMES: tuple[Literal["light", "dark"], ...] = ("light", "dark")

NewContext = Callable[..., BrowserContext]

needs_chromium = pytest.mark.skipif(CHROMIUM is None, reason="there is no Chromium: apt-get install chromium")


@contextmanager
def launched() -> Iterator[Browser]:
    """A Chromium for a module of tests; Playwright allows only one at a time."""
    expect.set_options(timeout=30_000)  # milliseconds: a busy machine is no failure
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=SWITCHES.split())
        yield browser
        browser.close()


@contextmanager
def kept_near(browser: Browser) -> Iterator[NewContext]:
    """Makes contexts that remember nothing. AssertionError at the end: one asked something beyond this machine."""
    contexts, far = [], list[str]()

    def stopped(route: Route) -> None:
        far.append(route.request.url)
        route.abort()

    def new_context(**options: Any) -> BrowserContext:
        contexts.append(browser.new_context(**options))
        contexts[-1].route(lambda url: urlsplit(url).hostname not in {"localhost", "127.0.0.1"}, stopped)
        return contexts[-1]

    yield new_context
    for context in contexts:
        context.close()
    assert not far
