"""The table of a fire drill."""

from __future__ import annotations

import pandas as pd

from fbnb.fire_drill.report import DrillReport
from fbnb.tables import TIME, frame


def drill_table(report: DrillReport) -> pd.DataFrame:
    """One row per thing that happened in a drill: when, what, how many tokens died of it, how long until that was noticed, and
    who was told.

    `noticed after` is NaT where no token died.
    """
    rows = [
        (outcome.at, outcome.what, len(outcome.died), outcome.noticed_after, ", ".join(outcome.told))
        for outcome in report.outcomes
    ]
    columns = {
        "when": TIME,
        "what happened": "str",
        "tokens that died": "Int64",
        "noticed after": "timedelta64[s]",
        "told": "str",
    }
    return frame(rows, columns)
