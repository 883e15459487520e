"""What looking and touching costs: each widget built and updated in a kernel, `import fbnb`, and the notebooks under nbval.

The last two are ratios, both sides in turns in one run: `import fbnb` to `import httpx`, and the committed notebooks to as many
that hold only their imports. Each figure is a median.

usage: widgets.py [widgets] [import] [nbval]      by default all three; nbval takes a quarter of an hour
"""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable
from functools import partial
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory
from time import perf_counter
from typing import Any

import nbformat
from nbclient import NotebookClient

from fbnb.client import GraphClient
from fbnb.flows.login import log_in
from fbnb.flows.long_lived import extend_user_token
from fbnb.flows.page_tokens import list_pages
from fbnb.kit import sandbox_client
from fbnb.sandbox import Sandbox
from fbnb.tokens import AccessToken
from fbnb.walks import walk_page_tokens
from fbnb.widgets import (
    Connect,
    ErrorExplainer,
    Explorer,
    LoginDialog,
    PagePicker,
    ScopePicker,
    Stepper,
    TimeTravel,
    TokenCard,
    TokenDebugger,
    TokenPicker,
    WhichToken,
)

ROOT = Path(__file__).parents[2]
REPEATS, LIMIT_MS = 25, 30
IMPORT_REPEATS, IMPORT_LIMIT = 15, 1.3
NBVAL_REPEATS, NBVAL_LIMIT = 5, 1.5
SCOPES = ("email", "pages_show_list", "pages_read_engagement")
NBVAL = "-m pytest --nbval -q -p no:cacheprovider -n 2 --dist loadscope --no-loadscope-reorder -c".split()

Build = Callable[[GraphClient, Sandbox, AccessToken], Any]


def explained(widget: ErrorExplainer) -> None:
    widget.pasted.value = '{"error":{"code":190,"error_subcode":463}}'
    widget.explain_button.click()


def sent(widget: Explorer) -> None:
    widget.path.value = "me/accounts"
    widget.send_button.click()


def tested(widget: Connect) -> None:
    widget.version.value = "v25.0"
    widget.test_button.click()


def ticked(widget: ScopePicker) -> None:
    widget.boxes["pages_messaging"].value = True


def asking(client: GraphClient, sandbox: Sandbox, token: AccessToken) -> LoginDialog:
    return LoginDialog(client, [*SCOPES, "pages_messaging"])


def travelling(client: GraphClient, sandbox: Sandbox, token: AccessToken) -> TimeTravel:
    return TimeTravel(sandbox, TokenCard(client, token))


# How each is built, and what updates it.
WIDGETS: dict[str, tuple[Build, Callable[[Any], object]]] = {
    "Connect": (lambda client, sandbox, token: Connect(client), tested),
    "ErrorExplainer": (lambda client, sandbox, token: ErrorExplainer(), explained),
    "Explorer": (lambda client, sandbox, token: Explorer(client, [token]), sent),
    "LoginDialog": (
        lambda client, sandbox, token: LoginDialog(client, [*SCOPES, "pages_messaging"]),
        lambda view: view.continue_button.click(),
    ),
    "PagePicker": (
        lambda client, sandbox, token: PagePicker(list_pages(client, token)),
        lambda view: setattr(view.find, "value", "Harbour"),
    ),
    "ScopePicker": (lambda client, sandbox, token: ScopePicker(), ticked),
    "Stepper": (
        lambda client, sandbox, token: Stepper(walk_page_tokens(client, token)),
        lambda view: view.next_button.click(),
    ),
    "TimeTravel": (travelling, lambda view: view.go(days=61)),
    "TokenCard": (lambda client, sandbox, token: TokenCard(client, token), lambda view: view.refresh()),
    "TokenDebugger": (lambda client, sandbox, token: TokenDebugger(client, [token]), lambda view: view.debug_button.click()),
    "TokenPicker": (
        lambda client, sandbox, token: TokenPicker([token]),
        lambda view: view.add(AccessToken.of("x" * 40, label="another")),
    ),
    "WhichToken": (lambda client, sandbox, token: WhichToken(), lambda view: setattr(view.purpose, "index", 5)),
}


def seconds(act: Callable[[], object]) -> float:
    start = perf_counter()
    act()
    return perf_counter() - start


def line(what: str, figures: str, met: bool) -> None:
    print(f"{what:58} {figures:34} {'met' if met else 'MISSED'}", flush=True)


def time_widgets() -> None:
    for name, (build, update) in WIDGETS.items():
        built, updated = list[float](), list[float]()
        for _ in range(REPEATS):
            sandbox = Sandbox()
            client = sandbox_client(sandbox)
            token = extend_user_token(client, log_in(client, SCOPES))
            start = perf_counter()
            view = build(client, sandbox, token)
            built.append(1000 * (perf_counter() - start))
            updated.append(1000 * seconds(partial(update, view)))
        slow = max(median(built), median(updated))
        figures = f"{median(built):5.1f} ms built, {median(updated):5.1f} ms updated"
        line(f"{name}, at most {LIMIT_MS} ms", figures, slow <= LIMIT_MS)


def run(*arguments: str, folder: Path = ROOT) -> float:
    command = [sys.executable, *arguments]
    return seconds(lambda: subprocess.run(command, cwd=folder, check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL))


def compare(what: str, ours: Callable[[], float], theirs: Callable[[], float], repeats: int, limit: float) -> None:
    pairs = [(ours(), theirs()) for _ in range(repeats)]
    ratios = sorted(one / other for one, other in pairs)
    one, other = (median(side) for side in zip(*pairs, strict=True))
    figures = f"{one:.2f} s to {other:.2f} s: {median(ratios):.2f} ({ratios[0]:.2f} to {ratios[-1]:.2f})"
    line(f"{what}, at most {limit} times", figures, median(ratios) <= limit)


def time_imports() -> None:
    ours, theirs = (partial(run, "-c", f"import {name}") for name in ("fbnb", "httpx"))
    ours(), theirs()  # once, for what is compiled or read from the disk at first
    compare("import fbnb to import httpx", ours, theirs, IMPORT_REPEATS, IMPORT_LIMIT)


def only_imports(notebook: Path, folder: Path) -> None:
    """The same notebook with nothing but its import lines in it."""
    told = nbformat.read(notebook, as_version=4)
    lines = [text for cell in told.cells if cell.cell_type == "code" for text in cell.source.splitlines()]
    imports = "\n".join(text for text in lines if text.startswith(("import ", "from ")))
    told.cells = [nbformat.v4.new_code_cell(imports, execution_count=1)]
    nbformat.write(told, folder / notebook.name)


def time_notebooks() -> None:
    build = ROOT / "build"
    build.mkdir(exist_ok=True)
    with TemporaryDirectory(dir=build) as folder:  # so that the same conftest.py holds for both
        for notebook in sorted((ROOT / "notebooks").glob("*.ipynb")):
            only_imports(notebook, Path(folder))
        ours = partial(run, *NBVAL, "pyproject.toml", "notebooks")
        theirs = partial(run, *NBVAL, "pyproject.toml", folder)
        compare("pytest --nbval notebooks to their imports alone", ours, theirs, NBVAL_REPEATS, NBVAL_LIMIT)


def in_a_kernel() -> None:
    """The widgets where a person has them: with a kernel, every part of each is told to the front end."""
    cell = nbformat.v4.new_code_cell(f"import runpy\nrunpy.run_path({str(Path(__file__))!r})['time_widgets']()")
    notebook = nbformat.v4.new_notebook(cells=[cell])
    NotebookClient(notebook, kernel_name="python3", store_widget_state=False).execute()
    print("".join(output.text for output in cell.outputs if output.get("name") == "stdout"), end="")


PARTS = {"widgets": in_a_kernel, "import": time_imports, "nbval": time_notebooks}


if __name__ == "__main__":
    if unknown := set(sys.argv[1:]) - set(PARTS):
        sys.exit(f"There is no {min(unknown)}: {', '.join(PARTS)}.")
    for part in sys.argv[1:] or PARTS:
        PARTS[part]()
