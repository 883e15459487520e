"""Values in, pictures out.

`picture` is what they share; `arrows` puts requests into words, which `sequence` draws and `mermaid` writes; `tree` and
`lifetimes`, with its `marks`, show tokens, `tasks` Pages, `limits` how full each limit is.
"""

from fbnb.plots.lifetimes import lifetimes
from fbnb.plots.limits import usage_chart
from fbnb.plots.mermaid import sequence_mermaid
from fbnb.plots.picture import Picture, qr_code
from fbnb.plots.sequence import sequence_diagram
from fbnb.plots.tasks import task_map
from fbnb.plots.tree import family_tree

__all__ = [
    "Picture",
    "family_tree",
    "lifetimes",
    "qr_code",
    "sequence_diagram",
    "sequence_mermaid",
    "task_map",
    "usage_chart",
]
