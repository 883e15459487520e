"""The slider that plays: what it holds, what comes from the browser, and its script in one, at a stand-in for the model."""

from __future__ import annotations

import re

import pytest
from chromium import launched, needs_chromium
from traitlets import TraitError

from fbnb.widgets.time_slider import TimeSlider

# A model as the page has it, of a slider that played when the page was loaded; the script plays to the end, then from there.
_PLAYED = """async (script) => {
  const heard = {}, held = { description: "Day", value: 3, max: 5, playing: true };
  const model = {
    get: (name) => held[name],
    set: (name, value) => { held[name] = value; (heard["change:" + name] ?? []).forEach((hear) => hear()); },
    on: (event, hear) => (heard[event] ??= []).push(hear),
    off: () => {},
    save_changes: () => {},
  };
  const slider = (await import(URL.createObjectURL(new Blob([script], { type: "text/javascript" })))).default;
  const stop = slider.initialize({ model }), seen = [], look = () => seen.push([held.value, button.textContent]);
  slider.render({ model, el: document.body });
  const button = document.querySelector("button"), pause = (beats) => new Promise((go) => setTimeout(go, 250 * beats));
  look();
  await pause(4);
  look();
  button.click();
  look();
  await pause(1.5);
  stop();
  look();
  await pause(2);
  look();
  return seen;
}"""


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


@needs_chromium
def test_it_plays_on_after_the_page_is_loaded_anew_and_again_from_its_end() -> None:
    with launched() as browser:
        seen = browser.new_page().evaluate(_PLAYED, str(TimeSlider(description="Day")._esm))
    assert seen == [[3, "Pause"], [5, "Play"], [0, "Pause"], [1, "Pause"], [1, "Pause"]]
