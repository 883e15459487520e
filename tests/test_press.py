"""A press does one thing, is said to be at work, and says what went wrong."""

from __future__ import annotations

from collections.abc import Callable

import ipywidgets as w
import pytest
from hands import click

from fbnb.errors import InputError
from fbnb.widgets import press
from fbnb.widgets.view import View


class Counter(View):
    """Counts presses, and does what it is told at each."""

    def __init__(self, act: Callable[[], object] = lambda: None) -> None:
        self.presses, self.icons, self.act, self.message = 0, list[str](), act, w.HTML()
        self.press = self.button("Press", self._count)
        self.view = w.VBox([self.press, self.message])

    def _count(self) -> None:
        self.icons.append(self.press.icon)
        self.presses += 1
        self.act()


def test_a_double_click_is_one_press_and_a_key_held_down_too() -> None:
    counter = Counter()
    for _ in range(10):
        click(counter.press)
    assert counter.presses == 1


def test_a_second_press_counts_once_the_double_click_is_over(monkeypatch: pytest.MonkeyPatch) -> None:
    counter, now = Counter(), 100.0
    monkeypatch.setattr(press, "monotonic", lambda: now)
    click(counter.press)
    now += press.DOUBLE_CLICK * 0.9
    click(counter.press)
    assert counter.presses == 1
    now += press.DOUBLE_CLICK * 0.2
    click(counter.press)
    assert counter.presses == 2, "whoever clicks briskly is not held up by clicks that did nothing"


def test_a_press_from_a_cell_always_counts() -> None:
    counter = Counter()
    for _ in range(3):
        counter.press.click()
    assert counter.presses == 3


def test_each_button_has_a_time_of_its_own() -> None:
    one, other = Counter(), Counter()
    click(one.press)
    click(other.press)
    assert (one.presses, other.presses) == (1, 1)


def test_what_is_at_work_shows_it_and_is_not_begun_again() -> None:
    counter = Counter()
    counter.act = counter.press.click
    counter.press.click()
    assert (counter.presses, counter.icons, counter.press.icon) == (1, ["hourglass"], "")
    assert not counter.press.disabled, "or the keyboard would lose its place"


def test_a_refusal_is_said_and_the_next_press_counts() -> None:
    def refuse() -> None:
        raise InputError("There is no <such> Page.", remedy="Name another.")

    counter = Counter(refuse)
    counter.press.click()
    assert 'role="alert"' in counter.message.value
    assert "There is no &lt;such&gt; Page. Name another." in counter.message.value
    counter.press.click()
    assert counter.presses == 2


def test_a_defect_leaves_the_button_usable() -> None:
    counter = Counter(lambda: 1 / 0)
    counter.press.click()
    counter.press.click()
    assert (counter.presses, counter.press.icon) == (2, "")
    assert "in a function of yours: ZeroDivisionError" in counter.message.value
