"""A browser without scripts: it opens the login dialog and presses a button of the form, changing nothing else."""

from __future__ import annotations

from html.parser import HTMLParser
from urllib.parse import urljoin, urlsplit

import requests

Pairs = list[tuple[str, str]]


def press(button: str, url: str) -> str:
    """Open the dialog, press the button whose words begin so, and return the address that the browser is then led to."""
    page = requests.get(url, timeout=10)
    assert page.status_code == 200, page.text
    form = next(form for form in _forms(page.text) if any(words.startswith(button) for words in form.buttons))
    pressed = next(pair for words, pair in form.buttons.items() if words.startswith(button))
    assert form.method == "post"
    answer = requests.post(urljoin(url, form.action), data=form.pairs + pressed, timeout=10, allow_redirects=False)
    assert answer.status_code == 302, answer.text
    return urlsplit(answer.headers["location"])._replace(fragment="").geturl()  # a browser keeps the fragment to itself


def _forms(html: str) -> list[_Form]:
    reader = _Reader()
    reader.feed(html)
    return reader.forms


class _Form:
    """A form as it is when the page has loaded. buttons: their words, and the pair that each adds."""

    def __init__(self, method: str, action: str) -> None:
        self.method, self.action = method, action
        self.pairs: Pairs = []
        self.buttons: dict[str, Pairs] = {}


class _Reader(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.forms: list[_Form] = []
        self._button: Pairs | None = None

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        told = {name: value or "" for name, value in attrs}
        pair = [(told["name"], told.get("value", ""))] if told.get("name") else []
        if tag == "form":
            self.forms.append(_Form(told.get("method", "get"), told.get("action", "")))
        elif tag == "input" and (told.get("type") != "checkbox" or "checked" in told):
            self.forms[-1].pairs += pair
        elif tag == "button":
            self._button = pair

    def handle_data(self, data: str) -> None:
        if self._button is not None:
            self.forms[-1].buttons[data.strip()] = self._button
            self._button = None
