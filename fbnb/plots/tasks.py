"""What a person may do on each Page, as a map: a row for each task, a numbered column for each Page."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from fbnb.catalogue import tasks_in_use
from fbnb.plots.picture import BLUE, LEFT, LINE, OUTLINE, QUIET, Picture, first, fit, label, picture, stack, written
from fbnb.tokens import Page

_MOST, _ACROSS = 40, 8  # Pages: in all, and side by side
_CELLS, _CELL = 194, 24
_KEY = "A tick: may do it. Empty: may not. A question mark: Graph was not asked."


def task_map(pages: Iterable[Page], title: str = "What may be done on which Page") -> Picture:
    """A filled cell with a tick where the person may, an empty one where not, and a question mark where Graph was not asked.

    Of the 27 tasks, only rows that someone has. Of a thousand Pages it draws the first 40, eight side by side, and says how many
    more there are.
    """
    shown, more = first(pages, _MOST, "Page")
    tasks = tasks_in_use(page.tasks for page in shown)
    text = f"{title}: " + "; ".join([*(f"{page.name}: {_held(page)}" for page in shown), *more] or ["no Page"]) + "."
    parts, y = written([_KEY] if shown else ["no Page"], 8)
    numbered = list(enumerate(shown, 1))
    for begin in range(0, len(numbered), _ACROSS):
        drawn, y = _block(numbered[begin : begin + _ACROSS], tasks, y)
        parts += drawn
    said, y = written(more, y)
    return picture(title, text, y + 2, [*parts, *said])


def _held(page: Page) -> str:
    return "tasks not told" if page.tasks is None else ", ".join(page.tasks) or "no task"


def _block(block: Sequence[tuple[int, Page]], tasks: Sequence[str], top: int) -> tuple[list[str], int]:
    """The map of a few Pages and their names below it, and where that ends. block: each Page with its number."""
    # A name may be broken behind an underscore, and stays in one piece elsewhere.
    names = [[part.replace("_ ", "_") for part in fit(task.replace("_", "_ "), _CELLS - LEFT - 8, most=4)] for task in tasks]
    *rows, end = stack((max(LINE * len(lines) + 8, _CELL + 4) for lines in names), top + 24)
    parts = [label([str(n)], _x(column) + _CELL / 2 - 1, top + 16, bold=True, middle=True) for column, (n, _) in enumerate(block)]
    for task, lines, y in zip(tasks, names, rows, strict=True):
        parts.append(label(lines, LEFT, y + 16))
        parts += [part for column, (_, page) in enumerate(block) for part in _cell(page.tasks, task, _x(column), y)]
    said, end = written([f"{n}: {page.name}{_aside(page)}" for n, page in block], end + 4)
    return parts + said, end + 6


def _x(column: int) -> int:
    return _CELLS + _CELL * column


def _cell(held: Sequence[str] | None, task: str, x: int, y: int) -> Iterator[str]:
    side = _CELL - 2
    box = f'<rect x="{x}" y="{y}" width="{side}" height="{side}" rx="3"'
    if held is None:
        yield f'{box} fill="#ffffff" stroke="{QUIET}" stroke-dasharray="3 3"/>'
        yield label(["?"], x + side / 2, y + 16, fill=QUIET, middle=True)
    elif task in held:
        yield f'{box} fill="{BLUE}" stroke="{BLUE}"/>'
        yield f'<path d="M{x + 5} {y + 11} l4 5 l8 -10" fill="none" stroke="#ffffff" stroke-width="2.5"/>'
    else:
        yield f'{box} fill="#ffffff" stroke="{OUTLINE}"/>'


def _aside(page: Page) -> str:
    return "" if page.tasks else f", {_held(page)}"
