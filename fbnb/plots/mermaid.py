"""The sequence diagram as text to copy into a page that draws Mermaid."""

from __future__ import annotations

import re
from collections.abc import Iterable

from fbnb.client import DIALOG_HOST, GRAPH_HOST
from fbnb.plots.arrows import LANES, Arrow, arrows
from fbnb.wire import Exchange

_NAMES = {DIALOG_HOST: "Dialog", GRAPH_HOST: "Graph"}
# What Mermaid or the page around it could take for its own: `;` and `#` end a text, `%%{` begins a directive, `<` a tag.
_UNSAFE = re.compile(r"[^\w .,:/()=?+*'…-]+")


def sequence_mermaid(exchanges: Iterable[Exchange]) -> str:
    """The same arrows as `sequence_diagram`, as the source of a Mermaid sequenceDiagram; refusals end in a cross.

    Source: Mermaid, "Sequence diagrams".
    """
    drawn, more = arrows(exchanges)
    people = (f"participant {_name(lane)}{f' as {lane}' * (lane in _NAMES)}" for lane in LANES)
    notes = (f"Note over You: {words}" for words in more)
    return "\n    ".join(["sequenceDiagram", *people, *map(_line, drawn), *notes])


def _name(lane: str) -> str:
    return _NAMES.get(lane, lane)


def _line(arrow: Arrow) -> str:
    head = "--x" if arrow.refused else "-->>" if arrow.back else "->>"
    # An empty text is none that Mermaid reads.
    return f"{_name(arrow.start)}{head}{_name(arrow.end)}: {_UNSAFE.sub(' ', arrow.words).strip() or '…'}"
