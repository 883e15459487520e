"""Eyes and hands for tests of widgets, without a browser: what is on show, what is saved, a click as the browser sends it."""

from __future__ import annotations

import re
from typing import Any

import ipywidgets as w

from fbnb.client import GraphClient
from fbnb.redact import Secret
from fbnb.settings import Settings, Target
from fbnb.widgets.view import View

SECRET = "decafbadc0ffee00decafbadc0ffee02"


def shown(view: View) -> str:
    """What a reader of the committed notebook sees."""
    return str(view._repr_mimebundle_()["text/html"])


def everything(widget: w.Widget) -> list[w.Widget]:
    """A tree of widgets, flat."""
    return [widget, *(inner for child in getattr(widget, "children", ()) for inner in everything(child))]


def saved(view: View) -> str:
    """All that a notebook could save of it, and all that it shows."""
    return shown(view) + "".join(f"{widget.get_state()}{widget!r}" for widget in everything(view.view))


def click(button: w.Button) -> None:
    """As the browser does it."""
    button._handle_custom_msg({"event": "click"}, [])


def live_client(transport: Any) -> GraphClient:
    """A client of live Graph, behind a stand-in for the internet."""
    settings = Settings(Target.LIVE, "1000000000001", Secret(SECRET))
    return GraphClient(settings, transport, nonce=lambda: "the-state")


def bare(html: str) -> str:
    """HTML without how it looks."""
    return re.sub(r' style="[^"]*"', "", html)
