"""A native slider over days that plays: ipywidgets' own slider and Play have no names for a screen reader, and get none."""

from __future__ import annotations

import anywidget
import traitlets

_BEAT = 250  # milliseconds between two days while it plays

# JupyterLab's own keys (the arrows, d d) are suppressed where the focus is in here, for the slider needs the arrows itself.
_ESM = """
function initialize({ model }) {
  let timer;
  const beat = () => {
    const next = model.get("value") + 1, max = model.get("max");
    model.set("value", Math.min(next, max));
    if (next >= max) model.set("playing", false);
    model.save_changes();
  };
  const play = () => {
    clearInterval(timer);
    if (model.get("playing")) timer = setInterval(beat, BEAT);
  };
  model.on("change:playing", play);
  play();  // it may have been playing before this page was there
  return () => clearInterval(timer);
}

function render({ model, el }) {
  const label = document.createElement("label"), range = document.createElement("input");
  const button = document.createElement("button"), row = document.createElement("div");
  range.dataset.lmSuppressShortcuts = button.dataset.lmSuppressShortcuts = "true";
  row.style.cssText = label.style.cssText = "display:flex;flex:1 1 auto;align-items:center;gap:0.7em";
  range.style.cssText = "flex:1 1 auto;min-width:6em;accent-color:currentColor";
  Object.assign(range, { type: "range", min: 0, step: 1 });
  Object.assign(button, { type: "button", className: "jupyter-widgets jupyter-button widget-button" });
  label.append(model.get("description"), range);
  row.append(label, button);
  el.append(row);  // a layout of its own has `el`
  const show = () => {
    range.max = model.get("max");
    range.value = model.get("value");
    button.textContent = model.get("playing") ? "Pause" : "Play";
  };
  range.addEventListener("input", () => {
    model.set("value", Number(range.value));
    model.save_changes();
  });
  button.style.cssText = "flex:none;width:6em";
  button.addEventListener("click", (event) => {
    if (event.detail > 1) return;  // the second half of a double click
    const start = !model.get("playing");
    if (start && model.get("value") >= model.get("max")) model.set("value", 0);
    model.set("playing", start);
    model.save_changes();
  });
  const events = ["change:value", "change:max", "change:playing"];
  events.forEach((event) => model.on(event, show));
  show();
  return () => events.forEach((event) => model.off(event, show));
}

export default { initialize, render };
"""


class TimeSlider(anywidget.AnyWidget):
    """A slider from 0 to `max` with a button Play beside it.

    value: in whole days. playing: `value` goes on by one four times a second, in the browser, until `max`; played from there
    it begins again at 0. description: its label.
    """

    _esm = _ESM.replace("BEAT", str(_BEAT))
    description = traitlets.Unicode().tag(sync=True)
    value = traitlets.Int().tag(sync=True)
    max = traitlets.Int(1).tag(sync=True)
    playing = traitlets.Bool().tag(sync=True)
