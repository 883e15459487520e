"""What a fire drill reports: of each thing that went wrong how it was noticed, and what should never happen and did."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any


@dataclass(frozen=True, slots=True)
class Outcome:
    """One thing that happened. died: the tokens that ended by it, in words. told: who was told of those.

    noticed_after: from the end to the verdict that says so, of the token that took longest; None where none ended.
    """

    at: datetime
    what: str
    died: tuple[str, ...] = ()
    noticed_after: timedelta | None = None
    told: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class DrillReport:
    """What came of a drill. outcomes: by time.

    false_alarms: verdicts and notices of an end about tokens that worked and were not about to end. lost: tokens that ran out
    though an app renews their kind alone, or vanished from the store. late: ends that an audit passed over. audits: that came
    through. renewals, notices: that were made, and said. troubles: things that failed, and were done at a later time.
    """

    days: int
    outcomes: tuple[Outcome, ...]
    false_alarms: tuple[str, ...] = ()
    lost: tuple[str, ...] = ()
    late: tuple[str, ...] = ()
    audits: int = 0
    renewals: int = 0
    notices: int = 0
    troubles: int = 0

    @property
    def passed(self) -> bool:
        """Whether no token was lost, none was called dead that was not, and every end was noticed at the next audit."""
        return not (self.false_alarms or self.lost or self.late)

    def __str__(self) -> str:
        died = sum(len(outcome.died) for outcome in self.outcomes)
        longest = max((outcome.noticed_after for outcome in self.outcomes if outcome.noticed_after), default=timedelta(0))
        noticed = f"{len(self.late)} noticed late" if self.late else "each noticed at the next audit"
        hours = longest.total_seconds() / 3600
        return (
            f"{self.days} days, events: {len(self.outcomes)}; {died} tokens died, {noticed}, within {hours:.0f} hours."
            f"\n{len(self.lost)} tokens lost, {len(self.false_alarms)} false alarms; {self.renewals} renewals,"
            f" {self.notices} notices, {self.troubles} troubles survived."
        )

    def _repr_pretty_(self, printer: Any, cycle: bool) -> None:
        printer.text(str(self))
