"""What an audit found, as it is printed, and as the exit status that says it to cron and CI."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from fbnb.commands.printed import columns, facts_of, iso, safe, say, say_json, when
from fbnb.notices import rung
from fbnb.redact import redact
from fbnb.store import StoredToken
from fbnb.verdicts import Next, Verdict, readable

FINE, NEEDS_SOMEONE, NOT_ALL_ASKED = 0, 1, 3
_WIDTHS = (20, 11, 12, 16, 24)
_TITLES = ("WHAT TO DO", "KIND", "FINGERPRINT", "ENDS (UTC)", "LABEL", "WHY")
_FIRST = [Next.ASK_ADMIN, Next.ASK_PERSON, Next.RENEW, Next.WAIT, Next.FINE]


@dataclass(slots=True)
class Summary:
    """Takes verdicts in. as_json: print each at once. fail_under: so little left on a clock that somebody has to look."""

    as_json: bool = False
    fail_under: timedelta | None = None
    counts: Counter[Next] = field(default_factory=Counter)
    lines: list[tuple[int, str]] = field(default_factory=list)
    renewed: int = 0
    under: int = 0
    needs_someone: bool = False
    not_all_asked: bool = False

    @property
    def status(self) -> int:
        """The exit status."""
        return NEEDS_SOMEONE if self.needs_someone else NOT_ALL_ASKED if self.not_all_asked else FINE

    def take(self, found: Verdict, now: datetime) -> None:
        """Count one verdict, and print it or keep its line."""
        under = self.fail_under is not None and is_under(found.token, self.fail_under, now)
        self.counts[found.do] += 1
        self.under += under
        self.needs_someone |= under or bool(rung(found, now)) or found.do in {Next.ASK_PERSON, Next.ASK_ADMIN}
        self.not_all_asked |= found.do is Next.WAIT
        if self.as_json:
            say_json(_facts(found, under=under))
        elif under or not found.fine:
            self.lines.append((_FIRST.index(found.do), _line(found)))

    def print(self, told: int = 0) -> None:
        """Print the table of what is not fine, what needs someone first, and a line with the counts. told: how many people."""
        if self.as_json:
            return
        if self.lines:
            say(columns(_TITLES, _WIDTHS))
        for _, line in sorted(self.lines, key=lambda line: line[0]):
            say(line)
        say(self._counted(told))

    def _counted(self, told: int) -> str:
        count = self.counts.total()
        parts = [f"{self.counts[do]} {do.value}" for do in reversed(_FIRST) if self.counts[do]]
        more = {"renewed": self.renewed, "with too little left": self.under, "told by e-mail": told}
        parts += [f"{number} {words}" for words, number in more.items() if number]
        return f"{count} token{'' if count == 1 else 's'}{': ' if parts else ''}{', '.join(parts)}."


def is_under(stored: StoredToken, span: timedelta, now: datetime) -> bool:
    """Whether less than that is left on the token's own clock, or on that of data access where it needs any."""
    own, access = stored.expires_at, stored.data_access_until
    if isinstance(own, datetime) and own - now < span:
        return True
    return isinstance(access, datetime) and access - now < span and not readable(stored, access)


def _line(found: Verdict) -> str:
    stored = found.token
    label = safe(stored.label) or stored.hint
    cells = (found.do.value, stored.kind.value, stored.fingerprint[:12], when(found.ends) if found.ends else "", label)
    return columns((*cells, safe(found.why)), _WIDTHS)


def _facts(found: Verdict, *, under: bool) -> dict[str, object]:
    return facts_of(found.token) | {
        "state": found.state,
        "do": found.do.value,
        "why": redact(found.why),
        "cause": found.token.cause,
        "clock": found.clock.value,
        "ends": iso(found.ends),
        "under": under,
    }
