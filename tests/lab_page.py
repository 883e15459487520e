"""JupyterLab on a copy of the notebooks, and one notebook in it as a person at a browser has it."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from axe_playwright_python.sync_playwright import Axe
from chromium import NewContext
from lab import TOKEN, options, read, running
from playwright.sync_api import ConsoleMessage, Locator, Page, expect
from ports import free_port

from fbnb.lab import copy_changed

_SECONDS = 60_000  # a busy machine is no failure
_DOCUMENTS = Path("lab", "user-settings", "@jupyterlab", "docmanager-extension", "plugin.jupyterlab-settings")
# "idle" alone is not ready: running then asks which kernel to take.
_READY = """() => { const session = window.jupyterapp?.shell.currentWidget?.context?.sessionContext;
    return session?.isReady && session.session?.kernel?.status === "idle"; }"""
_COMMAND = """([command, args]) => { window.commandDone = false;
    window.jupyterapp.commands.execute(command, args).then(() => { window.commandDone = true; }); }"""


@dataclass(frozen=True)
class Lab:
    """A JupyterLab that runs. root: the folder it shows, with `notebooks` and `data` in it."""

    url: str
    root: Path
    home: Path

    def get(self, path: str) -> str:
        """What its server answers."""
        return read(f"{self.url}/{path}", self.home)


@contextmanager
def serving(home: Path) -> Iterator[Lab]:
    """What `fbnb lab` starts, in a home of its own, on a copy of the notebooks and the data."""
    port, root, documents = free_port(), home / "work", home / "config" / _DOCUMENTS
    root.mkdir()
    copy_changed(root)
    documents.parent.mkdir(parents=True)
    documents.write_text('{"autosave": false}')  # a test saves when it means to
    environ = {name: value for name, value in os.environ.items() if not name.startswith(("JUPYTER", "XDG_"))}
    place = ["--expose-app-in-browser", f"--ServerApp.root_dir={root}"]
    command = [sys.executable, "-m", "fbnb.cli", "lab", *place, *options(port)]
    with running(command, environ, home, port) as url:
        read(f"{url}/api/status", home)
        yield Lab(url, root, home)


def code_cells(path: Path) -> list[dict[str, Any]]:
    return [cell for cell in json.loads(path.read_text())["cells"] if cell["cell_type"] == "code"]


def write_notebook(path: Path, sources: list[str]) -> None:
    """A notebook of these code cells, not run yet."""
    cells: list[dict[str, Any]] = [
        {"cell_type": "code", "id": f"cell-{n:02}", "metadata": {}, "source": source, "outputs": [], "execution_count": None}
        for n, source in enumerate(sources)
    ]
    kernel = {"display_name": "Python 3 (ipykernel)", "language": "python", "name": "python3"}
    path.write_text(json.dumps({"cells": cells, "metadata": {"kernelspec": kernel}, "nbformat": 4, "nbformat_minor": 5}))


@dataclass(frozen=True)
class Notebook:
    """A notebook that is open, its kernel ready. errors: what the browser's console complained about."""

    lab: Lab
    name: str
    page: Page
    errors: list[str] = field(default_factory=list)

    @classmethod
    def opened(cls, lab: Lab, name: str, new_context: NewContext, height: int = 1000, width: int = 1280) -> Notebook:
        """Open `notebooks/NAME.ipynb`, in a browser that remembers nothing; AssertionError: it was asked something."""
        notebook = cls(lab, name, new_context(viewport={"width": width, "height": height}).new_page())
        page = notebook.page
        page.set_default_timeout(_SECONDS)
        page.on("console", lambda message: notebook._hears(message))
        page.on("pageerror", lambda error: notebook.errors.append(str(error)))
        page.goto(f"{lab.url}/lab/tree/notebooks/{name}.ipynb?reset&token={TOKEN}")
        page.wait_for_function(_READY)
        expect(page.locator(".Toastify__toast, .jp-Dialog")).to_have_count(0)
        return notebook

    def _hears(self, message: ConsoleMessage) -> None:
        if message.type == "error":
            self.errors.append(f"{message.text} ({message.location.get('url')})")

    @property
    def path(self) -> Path:
        return self.lab.root / "notebooks" / f"{self.name}.ipynb"

    def does(self, command: str, **args: object) -> None:
        """Have JupyterLab do one of its commands, and wait until it is done."""
        self.page.evaluate(_COMMAND, [command, args])  # which does not wait itself: it would without end
        self.page.wait_for_function("window.commandDone")

    def runs_all(self) -> None:
        """Run All; AssertionError: a cell of it was not run."""
        self.does("notebook:run-all-cells")
        counts = self.page.locator(".jp-CodeCell .jp-InputPrompt")
        expect(counts).to_contain_text([f"[{number}]:" for number in range(1, len(code_cells(self.path)) + 1)])

    def number_of(self, words: str) -> int:
        """Which of the code cells has those words in it."""
        (number,) = [n for n, cell in enumerate(code_cells(self.path)) if words in "".join(cell["source"])]
        return number

    def output(self, words: str) -> Locator:
        """The outputs below the code cell with those words in it."""
        return self.page.locator(".jp-CodeCell").nth(self.number_of(words)).locator(".jp-Cell-outputArea")

    def selects(self, words: str) -> None:
        """Have the code cell with those words selected, by the keyboard alone."""
        self.page.keyboard.press("Escape")
        goal = "n => document.querySelectorAll('.jp-CodeCell')[n].classList.contains('jp-mod-active')"
        for _ in range(100):
            if self.page.evaluate(goal, self.number_of(words)):
                return
            self.page.keyboard.press("ArrowUp")
        raise AssertionError(f"no cell with {words!r} was reached")

    def shines(self, scheme: str) -> None:
        """JupyterLab's theme: `light` or `dark`."""
        self.does("apputils:change-theme", theme=f"JupyterLab {scheme.title()}")
        self.page.wait_for_function(f"document.body.dataset.jpThemeLight === '{str(scheme == 'light').lower()}'")

    def saved(self) -> str:
        """Save, and read what is then on the disk."""
        self.does("docmanager:save")
        return self.path.read_text()


def faults(page: Page, place: Locator) -> str:
    """What axe-core finds wrong within a place, as text; "" is nothing."""
    place.scroll_into_view_if_needed()
    # JupyterLab's body has no height, so axe would take all that is in it for hidden, and look at no contrast.
    page.add_style_tag(content="body { height: 100vh }")
    place.evaluate("place => { place.id = 'looked-at'; }")
    found = Axe().run(page, context="#looked-at .jp-OutputArea-output", options={"resultTypes": ["violations", "passes"]})
    place.evaluate("place => place.removeAttribute('id')")
    assert any(rule["id"] == "color-contrast" for rule in found.response["passes"]), "axe saw nothing"
    return str(found.generate_report()) if found.violations_count else ""
