"""What a press of a button does: one thing at a time, with a busy sign. A double click is one press; what goes wrong is said."""

from __future__ import annotations

from collections.abc import Callable
from time import monotonic
from typing import Any

import ipywidgets as w

from fbnb.errors import FbnbError

DOUBLE_CLICK = 0.25
"""Seconds after the end of what a click did in which another click is still the same one."""


class Press:
    """Lets a button do `act`. say: told the words of a refusal, or that it failed."""

    def __init__(self, button: w.Button, act: Callable[[], object], say: Callable[[str], object]) -> None:
        self._button, self._act, self._say = button, act, say
        self._busy, self._acted, self._deaf_until = False, False, 0.0
        button.on_click(self._pressed)
        button.on_msg(self._clicked)  # after the one above: the button's own handler calls that

    def _clicked(self, button: w.Button, content: dict[str, Any], buffers: object) -> None:
        # Only a click in the browser comes by here. While `act` was at work its second half waited in the queue, so the
        # time counts from the end; and the button is not disabled meanwhile, for then the keyboard would lose its place.
        if self._acted:
            self._acted, self._deaf_until = False, monotonic() + DOUBLE_CLICK

    def _pressed(self, button: w.Button) -> None:
        if self._busy or monotonic() < self._deaf_until:
            return
        self._busy, self._acted, button.icon = True, True, "hourglass"
        try:
            self._act()
        except FbnbError as refused:
            self._say(str(refused))
        except Exception as defect:
            self._say(f"This went wrong in the kit itself, or in a function of yours: {type(defect).__name__}.")
            raise
        finally:
            self._busy, button.icon = False, ""
