"""What to pick from: permissions, Pages, tokens. Each picker is read through one property."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from itertools import accumulate

import ipywidgets as w

from fbnb.catalogue import permissions
from fbnb.redact import redact
from fbnb.tokens import AccessToken, Page
from fbnb.widgets.fields import checkbox, choice, text
from fbnb.widgets.view import View, discard
from fbnb.widgets.words import said

USUAL_SCOPES = tuple(
    "public_profile email pages_show_list pages_read_engagement pages_read_user_content pages_manage_posts"
    " pages_manage_engagement pages_manage_metadata pages_messaging read_insights ads_read business_management".split()
)

SHOWN = 50


class ScopePicker(View):
    """Permissions to tick, each with what it unlocks; `scopes` adds what the ticked ones need."""

    def __init__(self, ticked: Iterable[str] = ("pages_show_list",), names: Sequence[str] = USUAL_SCOPES) -> None:
        known, ticked = permissions(), set(ticked)
        self.boxes = {name: checkbox(f"{name}: {known[name].unlocks}", ticked=name in ticked) for name in names}
        self.message = w.HTML()
        for box in self.boxes.values():
            box.observe(lambda _: self._say(), names="value")
        self._say()
        self.view = w.VBox([*self.boxes.values(), self.message])

    @property
    def scopes(self) -> tuple[str, ...]:
        """What is ticked, and what that needs, in the order of the list."""
        ticked = [name for name, box in self.boxes.items() if box.value]
        needed = {need for name in ticked for need in permissions()[name].needs}
        return tuple(name for name in permissions() if name in needed.union(ticked))

    def _say(self) -> None:
        added = [name for name in self.scopes if not (name in self.boxes and self.boxes[name].value)]
        also = f" ({', '.join(added)} added, because another needs it)" if added else ""
        self.message.value = said(f"To ask for: {', '.join(self.scopes) or 'nothing'}{also}.")


class PagePicker(View):
    """Pages to tick, each with what the person may do there; `pages` holds the ticked ones.

    Of many Pages it shows the first 50, or the first of those with `find` in their name; those out of sight keep their tick.
    """

    def __init__(self, pages: Iterable[Page]) -> None:
        self._pages = list(pages)
        self._unticked = set[str]()
        self.boxes = dict[str, w.Checkbox]()  # those in sight, by the Page's id
        self.find, self.message, self._shown = text("Find a Page"), w.HTML(), w.VBox()
        self.find.observe(lambda _: self._show(), "value")
        self.find.layout.display = None if len(self._pages) > SHOWN else "none"
        self.view = w.VBox([self.find, self._shown, self.message])
        self._show()

    @property
    def pages(self) -> list[Page]:
        """The ticked Pages."""
        return [page for page in self._pages if page.id not in self._unticked]

    def _show(self) -> None:
        found = [page for page in self._pages if self.find.value.strip().lower() in page.name.lower()]
        before, self.boxes = self.boxes, {page.id: self._box(page) for page in found[:SHOWN]}
        self._shown.children = tuple(self.boxes.values())
        discard(before.values())
        if len(found) > SHOWN:
            self.say(f"The first {SHOWN} of {len(found)} Pages. The others are ticked unless you unticked them.")
        else:
            self.say("" if found else "There are no Pages to choose from." if not self.find.value else "No Page is called that.")

    def _box(self, page: Page) -> w.Checkbox:
        box = checkbox(f"{page.name}: {_tasks(page)}", ticked=page.id not in self._unticked)
        box.observe(lambda change: (self._unticked.discard if change.new else self._unticked.add)(page.id), "value")
        return box


def _tasks(page: Page) -> str:
    """As many as fit beside a box, whose words are not broken into lines."""
    if page.tasks is None:
        return "tasks not told"
    fitting = [task for task, end in zip(page.tasks, accumulate(len(task) + 2 for task in page.tasks), strict=True) if end <= 70]
    more = len(page.tasks) - len(fitting)
    return ", ".join([*fitting, *([f"and {more} more"] if more else [])]) or "no task"


class TokenPicker(View):
    """One token among several, each by its kind, hint and label; `token` is the picked one, None where there is none."""

    def __init__(self, tokens: Iterable[AccessToken] = (), label: str = "Token") -> None:
        self._tokens = {token.fingerprint: token for token in tokens}
        self._callbacks: list[Callable[[AccessToken], object]] = []
        self.menu = choice(label, self._options())
        self.menu.observe(self._tell, "value")
        self.view = self.menu

    @property
    def token(self) -> AccessToken | None:
        """The picked token."""
        return self._tokens.get(self.menu.value)

    @property
    def tokens(self) -> list[AccessToken]:
        """All there is to pick from."""
        return list(self._tokens.values())

    def add(self, *tokens: AccessToken) -> None:
        """Add tokens, and pick the last of them. The same one is there once, as it was last given."""
        added = {token.fingerprint: token for token in tokens}
        if not added:
            return
        self._tokens |= added
        self.menu.unobserve(self._tell, "value")  # new options pick the first of them for a moment
        with self.menu.hold_sync():
            self.menu.options = self._options()
            self.menu.value = tokens[-1].fingerprint
        self.menu.observe(self._tell, "value")
        self._tell()

    def on_pick(self, callback: Callable[[AccessToken], object]) -> None:
        """Have `callback` called with each token that is picked from now on."""
        self._callbacks.append(callback)

    def _tell(self, change: object = None) -> None:
        if token := self.token:
            for callback in self._callbacks:
                callback(token)

    def _options(self) -> list[tuple[str, object]]:
        # Tokens that look the same are numbered, for a menu needs to tell them apart.
        seen, options = Counter[str](), list[tuple[str, object]]()
        for fingerprint, token in self._tokens.items():
            words = redact(" ".join(filter(None, (str(token.kind), token.hint, token.label))))
            seen[words] += 1
            options.append((f"{words} ({seen[words]})" if seen[words] > 1 else words, fingerprint))
        return options or [("none yet", "")]
