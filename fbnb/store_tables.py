"""Tables of stored tokens: what an audit found, what ends first, and which token came from which."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from textwrap import shorten

import pandas as pd

from fbnb.store import StoredToken
from fbnb.tables import TIME, frame, in_words, instant
from fbnb.time_left import time_left
from fbnb.tokens import NEVER, Expiry
from fbnb.verdicts import Verdict


def audit_table(verdicts: Iterable[Verdict]) -> pd.DataFrame:
    """One row per verdict: the token, its state, what to do and why, and the ends of its two clocks.

    An expiry of NEVER or None is NaT in its column; `expiry_table` says which.
    """
    rows = [
        (
            found.token.hint,
            str(found.token.kind),
            found.token.label,
            found.state,
            str(found.do),
            found.why,
            instant(found.token.expires_at),
            instant(found.token.data_access_until),
        )
        for found in verdicts
    ]
    columns = dict.fromkeys(["token", "kind", "label", "state", "what to do", "why"], "str")
    return frame(rows, columns | {"expires": TIME, "data access until": TIME})


def expiry_table(stored: Iterable[StoredToken], *, now: datetime) -> pd.DataFrame:
    """One row per stored token, what ends first at the top: its two clocks, and what is left on each in words.

    An expiry of NEVER or None is NaT in its column, and stands at the bottom.
    """
    tokens = list(stored)
    clocks = [one.expires_at for one in tokens], [one.data_access_until for one in tokens]
    expires, until = (pd.Series(list(map(instant, clock)), dtype=TIME) for clock in clocks)
    table = pd.DataFrame(
        {
            "token": pd.Series([one.hint for one in tokens], dtype="str"),
            "kind": pd.Series([one.kind.value for one in tokens], dtype="str"),
            "label": pd.Series([one.label for one in tokens], dtype="str"),
            "expires": expires,
            "time left": _times_left(clocks[0], expires, now),
            "data access until": until,
            "access left": _times_left(clocks[1], until, now),
        }
    )
    first = pd.concat([expires, until], axis="columns").min(axis="columns")
    return table.loc[first.sort_values(kind="stable").index].reset_index(drop=True)


def _times_left(clock: Sequence[Expiry], ends: pd.Series[pd.Timestamp], now: datetime) -> pd.Series[str]:
    """What `time_left` says of each end, asked only once about all that it says the same of."""
    seconds = (ends - pd.Timestamp(now)).dt.total_seconds()
    minutes = seconds.abs() // 60
    minutes = minutes.where(minutes < 60, minutes // 60 * 60).where(minutes < 2880, minutes // 1440 * 1440)
    spans = minutes.where(seconds > 0, -1 - minutes)
    words = {span: _span_in_words(span, now) for span in spans.dropna().unique()}
    untold = {expiry: time_left(expiry, now) for expiry in (NEVER, None)}
    told = spans.map(words).astype("str")
    return told.where(ends.notna(), pd.Series([untold[NEVER if one is NEVER else None] for one in clock], dtype="str"))


def _span_in_words(minutes: float, now: datetime) -> str:
    if minutes < 0:
        return time_left(now - timedelta(minutes=-1 - minutes), now)
    return time_left(now + timedelta(minutes=minutes, seconds=1), now)


def lineage_table(stored: Iterable[StoredToken]) -> pd.DataFrame:
    """One row per token, indented below the one it was made with: what made it, when it ends, how it was found last, and why.

    stored: from `store.lineage` or `store.blast_radius`.
    """
    rows = [
        (
            f"{'↳ ' * one.depth}{one.hint}",
            str(one.kind),
            one.label,
            one.made_by,
            "never" if one.expires_at is NEVER else in_words(one.expires_at) or "not told",
            str(one.state),
            shorten(one.why or one.trouble, 64, placeholder=" …"),
        )
        for one in stored
    ]
    return frame(rows, dict.fromkeys(["token", "kind", "label", "made by", "ends", "state", "why"], "str"))
