"""A browser without scripts: it reads a page's forms, and sends what they would."""

from __future__ import annotations

from dataclasses import dataclass, field
from html.parser import HTMLParser

from fbnb.sandbox import Sandbox
from fbnb.sandbox.core import answer
from fbnb.sandbox.messages import DIALOG_HOST, Answer, ask

HOME = "http://localhost:8400/callback"
Fields = dict[str, str]


@dataclass
class Form:
    """boxes: by label, the field each adds and whether it is ticked. buttons, options: by their words, what each adds."""

    method: str
    fields: Fields = field(default_factory=dict)
    boxes: dict[str, tuple[Fields, bool]] = field(default_factory=dict)
    buttons: dict[str, Fields] = field(default_factory=dict)
    options: dict[str, Fields] = field(default_factory=dict)

    def pressed(self, button: str, untick: tuple[str, ...] = ()) -> Fields:
        """What is sent by the button whose words begin so, once the boxes are unticked whose labels begin so."""
        sent = dict(self.fields)
        for label, (box, ticked) in self.boxes.items():
            sent |= box if ticked and not label.startswith(untick) else {}
        return sent | next(pair for words, pair in self.buttons.items() if words.startswith(button))

    @property
    def ticked(self) -> set[str]:
        """The labels of the boxes that are."""
        return {label for label, (_, ticked) in self.boxes.items() if ticked}


class Seen(HTMLParser):
    """A page as a browser makes it. text: all its words. tags: its elements, each with its attributes."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.forms, self.tags, self.text = list[Form](), list[tuple[str, Fields]](), ""
        self._words, self._pair, self._select, self._ticked = "", Fields(), "", False
        self.feed(html)
        self.close()
        self.text = " ".join(self.text.split())

    @property
    def asks(self) -> Form:
        """The form that is posted."""
        return next(form for form in self.forms if form.method == "post")

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        told = {name: value or "" for name, value in attrs}
        pair = {told["name"]: told.get("value", "")} if "name" in told else {}
        self.tags.append((tag, told))
        if tag == "form":
            self.forms.append(Form(told.get("method", "get")))
        elif tag == "select":
            self._select = told["name"]
        elif tag in {"label", "button", "option"}:
            self._words, self._pair = "", {self._select: told["value"]} if tag == "option" else pair
        elif tag == "input" and told["type"] == "checkbox":
            self._pair, self._ticked = pair, "checked" in told
        elif tag == "input":
            self.forms[-1].fields |= pair
        if tag == "option" and "selected" in told:
            self.forms[-1].fields |= self._pair

    def handle_data(self, data: str) -> None:
        if not self.tags or self.tags[-1][0] != "style":
            self.text += data
        self._words += data

    def handle_endtag(self, tag: str) -> None:
        words = " ".join(self._words.split())
        if tag == "label" and self._pair:
            self.forms[-1].boxes[words] = self._pair, self._ticked
        elif tag == "button":
            self.forms[-1].buttons[words] = self._pair
        elif tag == "option":
            self.forms[-1].options[words] = self._pair


@dataclass(frozen=True)
class Visit:
    """A browser at an address of the dialog's host. asked: what the address says."""

    sandbox: Sandbox
    path: str
    asked: Fields

    def answer(self, sent: Fields | None = None) -> Answer:
        """What comes back: to the address, or to what is sent there."""
        params = {**self.asked, **(sent or {})}
        return answer(self.sandbox.world, ask("GET" if sent is None else "POST", DIALOG_HOST, self.path, params))

    def seen(self) -> Seen:
        return Seen(self.answer().body)

    def press(self, button: str, *untick: str) -> Answer:
        return self.answer(self.seen().asks.pressed(button, untick))


def dialog(sandbox: Sandbox, scope: str = "", **asked: str) -> Visit:
    """The login dialog of the world's first app, at which its first person stands."""
    told = {"client_id": "1000000000001", "redirect_uri": HOME, "state": "s", "scope": scope}
    return Visit(sandbox, "/v26.0/dialog/oauth", told | asked)
