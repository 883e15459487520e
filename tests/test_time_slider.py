"""The slider that plays, without a browser: what it holds, and what comes from the browser."""

from __future__ import annotations

import re

import pytest
from traitlets import TraitError

from fbnb.widgets.time_slider import TimeSlider


def test_a_drag_in_the_browser_moves_the_value() -> None:
    slider, seen = TimeSlider(description="Day", max=400), list[int]()
    slider.observe(lambda change: seen.append(change["new"]), "value")
    for value in (3, 3, 61):
        slider.set_state({"value": value})
    slider.set_state({"playing": True})
    assert (seen, slider.value, slider.playing) == ([3, 61], 61, True)


def test_a_value_that_is_no_day_is_refused() -> None:
    slider = TimeSlider(description="Day", max=400)
    with pytest.raises(TraitError):
        slider.value = "61"  # type: ignore[assignment]
    assert slider.value == 0


def test_its_script_is_whole_and_asks_nobody_for_more() -> None:
    script = str(TimeSlider(description="Day")._esm)
    assert "setInterval(beat, 250)" in script
    assert not re.search(r"import\b|fetch|https?:|innerHTML|BEAT", script)
