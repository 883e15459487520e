"""Move a sandbox's clock with a slider, forward and back, and drop on its line what shall happen; what is on show follows."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from functools import partial
from typing import Any

import ipywidgets as w

from fbnb.errors import FbnbError, InputError
from fbnb.journey import Journey, Mark, droppable
from fbnb.plots.time_line import MOST_MARKS, time_line
from fbnb.redact import redact
from fbnb.sandbox import Sandbox
from fbnb.widgets.fields import choice
from fbnb.widgets.time_slider import TimeSlider
from fbnb.widgets.view import View, row
from fbnb.widgets.words import facts, said

_DAY = timedelta(days=1)
_STEPS = {"−30 days": -30 * _DAY, "−1 day": -_DAY, "−1 hour": -_DAY / 24}
_STEPS |= {"+1 hour": _DAY / 24, "+1 day": _DAY, "+30 days": 30 * _DAY}


# A table looks as it does below a cell, and what is wider than the page scrolls, with the arrow keys too.
_SCROLLS = '<div class="jp-RenderedHTMLCommon" role="region" aria-label="On show" tabindex="0" style="overflow-x:auto">'


class TimeTravel(View):
    """A sandbox's time from here on, `days` long.

    on_show: what follows it. A widget of this package is refreshed; a function is called, and what it returns is drawn below,
    or the words of its refusal. Any other error of theirs is told there too, and it plays no further. `slider` stands at a
    whole day, and plays; `drop_button` drops `event` on day `drop_day`, and `lift_button` takes the last one off again.
    Raises InputError: days, or something on show, is of the wrong sort.
    """

    def __init__(self, sandbox: Sandbox, *on_show: View | Callable[[], object], days: int = 400) -> None:
        if not isinstance(days, int) or not 1 <= days <= 10_000:
            raise InputError(f"A line is not {days!r} days long.", remedy="Give a whole number up to 10000, such as days=400.")
        if wrong := [shown for shown in on_show if not isinstance(shown, View) and not callable(shown)]:
            problem = f"{type(wrong[0]).__name__} cannot be shown anew."
            raise InputError(problem, remedy="Give a widget, or a function such as lambda: family_tree(sandbox.family(token)).")
        self._sandbox, self._on_show = sandbox, on_show
        self._journey: Journey | None = None
        self.where, self.line, self.message = w.HTML(), w.HTML(), w.HTML()
        self.shown = [w.HTML() for _ in on_show]
        self.slider = TimeSlider(description="Day", max=days, layout=w.Layout(width="100%"))
        self.slider.observe(self._moved, "value")
        self._build_events(days)
        steps = row(*(self.button(label, partial(self._move, step)) for label, step in _STEPS.items()))
        drops = row(self.event, self.drop_day, self.drop_button, self.lift_button)
        self.view = w.VBox([self.where, self.slider, steps, drops, self.message, self.line, *self.shown])
        self._attempt(self.refresh)

    def _build_events(self, days: int) -> None:
        self.event = choice("What happens", [])
        narrow = {"layout": w.Layout(width="10em"), "style": {"description_width": "initial"}}
        self.drop_day = w.BoundedIntText(min(30, days), max=10_000, description="On day", **narrow)
        self.drop_button = self.button("Drop it here", self._drop)
        self.lift_button = self.button("Take the last one off", self._lift)

    @property
    def journey(self) -> Journey:
        """The line one moves along. Raises SandboxOnly: there is no sandbox."""
        if self._journey is None:
            self._journey = Journey(self._sandbox)
        return self._journey

    def go(self, *, days: float = 0, hours: float = 0) -> None:
        """Stand so many days and hours from the start; why that cannot be is said."""
        self._attempt(lambda: self._stand(days, hours))

    def refresh(self) -> None:
        """Show where the world is now, and have what is on show follow."""
        journey, marks = self.journey, self.journey.marks
        self._offer(droppable(self._sandbox))
        self.slider.max = max(self.slider.max, self._today())
        self.slider.value = self._today()  # which moves nothing: see _moved
        self.where.value = said(journey.words(journey.now))
        self.line.value = time_line(journey, self.slider.max).svg + _table(journey, marks)
        for place, shown in zip(self.shown, self._on_show, strict=True):
            place.value = self._drawn(shown)

    def _drawn(self, shown: View | Callable[[], object]) -> str:
        """What is on show, as HTML; of a refusal its words, and nothing for a widget, which shows itself."""
        try:
            if isinstance(shown, View):
                shown.refresh()
                return ""
            return _html(shown())
        except FbnbError as refused:
            words = str(refused)
        except Exception as wrong:  # noqa: BLE001 - a function may raise anything, and the others follow all the same
            self.slider.playing, words = False, f"{type(wrong).__name__}: {wrong}"
        return said(redact(f"{type(shown).__name__}: {words}" if isinstance(shown, View) else words))

    def _attempt(self, act: Callable[[], object]) -> None:
        try:
            act()
        except FbnbError as refused:
            self.slider.playing, self.slider.value = False, self._today()
            self.say(str(refused), wrong=True)

    def _today(self) -> int:
        return max(0, self._journey.day(self._journey.now)) if self._journey else 0

    def _moved(self, change: dict[str, Any]) -> None:
        if change["new"] != self._today():
            self._attempt(lambda: self._stand(change["new"]))

    def _stand(self, days: float, hours: float = 0) -> None:
        self.journey.go(self.journey.after(days, hours))
        self.message.value = ""
        self.refresh()

    def _move(self, step: timedelta) -> None:
        to = self.journey.now - self.journey.start + step
        within = max(timedelta(0), min(to, self.slider.max * _DAY))
        self._stand(within / _DAY)
        if to != within:
            self.say("Here the line begins." if step < timedelta(0) else "Here the line ends.")

    def _offer(self, events: list[tuple[str, Any]]) -> None:
        chosen, words = self.event.label, [label for label, _ in events]
        if words != [label for label, _ in self.event.options]:
            self.event.options = events
            self.event.label = chosen if chosen in words else words[0]

    def _drop(self) -> None:
        before = self.journey.tokens
        mark = self.journey.drop(self.event.value, self.journey.after(self.drop_day.value))
        self._tell(f"{self.journey.words(mark.at)}: {mark.words}.", before)

    def _lift(self) -> None:
        before = self.journey.tokens
        if not (dropped := self.journey.dropped):
            raise InputError("Nothing was dropped here.", remedy="Choose what happens and on which day, and press Drop it here.")
        self.journey.lift(dropped[-1])
        self._tell(f"{dropped[-1].words}: taken off.", before)

    def _tell(self, words: str, before: int) -> None:
        """Say how the line was changed, and how many of the tokens before are never made then."""
        self.refresh()
        gone = before - self.journey.tokens
        self.say(words + (f" Made later, and now never made: {gone} token{'s' * (gone != 1)}." if gone > 0 else ""))


def _table(journey: Journey, marks: list[Mark]) -> str:
    told = [
        (f"{number}. {journey.words(mark.at)}", mark.words if mark.past else f"{mark.words} (ahead)")
        for number, mark in enumerate(marks[:MOST_MARKS], 1)
    ]
    more = [("…", f"and {len(marks) - MOST_MARKS} more")] if len(marks) > MOST_MARKS else []
    return facts("What happens on the line", [*told, *more])


def _html(value: Any) -> str:
    bundle = value._repr_mimebundle_() if hasattr(value, "_repr_mimebundle_") else {}
    bundle = bundle[0] if isinstance(bundle, tuple) else bundle or {}
    for kind, method in (("text/html", "_repr_html_"), ("image/svg+xml", "_repr_svg_")):
        if html := bundle.get(kind) or (getattr(value, method)() if hasattr(value, method) else None):
            return f"{_SCROLLS}{html}</div>"
    return "" if value is None else said(redact(str(value)))
