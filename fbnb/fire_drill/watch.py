"""Whoever watches a fire drill: compares what the audit and the notices say of each token with the truth."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime

from fbnb.fire_drill.people import ADMIN
from fbnb.fire_drill.report import Outcome
from fbnb.fire_drill.truth import End, Truth
from fbnb.letter import Notice
from fbnb.store import TokenStore
from fbnb.tokens import TokenKind
from fbnb.verdicts import Clock, Next, Verdict, by_each_clock

_ASKS = {Next.ASK_PERSON, Next.ASK_ADMIN}
_RENEWABLE = {TokenKind.USER, TokenKind.SYSTEM_USER}


@dataclass(slots=True)
class Ending:
    """The end of one stored token: when it was noticed, how many audits had passed it over by then, and who was told."""

    name: str
    end: End
    noticed: datetime | None = None
    passed_over: int = 0
    told: set[str] = field(default_factory=set)


@dataclass
class Watch:
    """What was seen so far. Of a token that ended, came back and ended again, each end counts."""

    truth: Truth
    store: TokenStore
    endings: list[Ending] = field(default_factory=list)
    false_alarms: list[str] = field(default_factory=list)
    lost: list[str] = field(default_factory=list)
    _met: dict[str, Ending] = field(default_factory=dict)

    def look(self, handed: Iterable[str]) -> None:
        """Find out which of the tokens in the store have ended, and see that none has vanished. handed: all it was ever given."""
        held = [stored.fingerprint for stored in self.store.tokens()]
        for name in held:
            self._meet(name, self.truth.end(name))
        self._miss(held, handed)

    def _meet(self, name: str, end: End | None) -> None:
        met = self._met.get(name)
        if end is None:
            self._met.pop(name, None)
        elif met is None or (met.end.clock, met.end.at) != (end.clock, end.at):
            self._met[name] = Ending(name, end)
            if end.at >= self.truth.record(name).issued.at:  # a renewal of what had ended already ends nothing anew
                self.endings.append(self._met[name])

    def _miss(self, held: list[str], handed: Iterable[str]) -> None:
        """Count as lost what left no other in the store that acts as the same, or only dead ones though it works."""
        served = {self.truth.acts_as(name): False for name in held}
        for name in held:
            who = self.truth.acts_as(name)
            met = self._met.get(name)
            served[who] = served[who] or met is None or met.end.clock is Clock.DATA_ACCESS
        for name in sorted(set(handed) - set(held)):
            who = self.truth.acts_as(name)
            if who not in served or not (served[who] or self._is_dead(name)):
                self._lose(name, "vanished from the store")

    def judge(self, verdict: Verdict) -> None:
        """Hear a verdict. One that could not be reached says nothing, right or wrong."""
        name, now = verdict.token.fingerprint, self.truth.world.now()
        met = self._met.get(name)
        if verdict.state == "unknown":
            return
        if says_end(verdict, now):
            if met is None and self.truth.end(name) is None:
                self._alarm("verdict", name, verdict.why)
            elif met:
                met.noticed = met.noticed or now
        elif met:
            met.passed_over += met.noticed is None
        elif verdict.do in _ASKS and not self.truth.ending(name):
            self._alarm("verdict", name, verdict.why)

    def hear(self, notice: Notice) -> str:
        """Hear a notice; returns whom it goes to: the person, or an admin."""
        name = notice.fingerprint
        who = self.truth.whose(name) or ADMIN
        if not self.truth.ending(name):
            self._alarm("notice", name, notice.why)
        if met := self._met.get(name):
            met.told.add(who)
        return who

    def _is_dead(self, name: str) -> bool:
        end = self.truth.end(name)
        return end is not None and end.clock is Clock.TOKEN

    def outcomes(self, planned: Iterable[tuple[datetime, str]]) -> tuple[Outcome, ...]:
        """What was planned, and the ends that came by themselves, each with the tokens that ended by it."""
        whats = dict[datetime, str]()
        for at, what in planned:
            whats[at] = f"{whats[at]}; {what}" if at in whats else what
        ended: dict[tuple[datetime, str], list[Ending]] = {planned: [] for planned in whats.items()}
        for ending in self.endings:
            at = ending.end.at
            ended.setdefault((at, whats.get(at, ending.end.why)), []).append(ending)
        return tuple(self._outcome(at, what, ended[at, what]) for at, what in sorted(ended))

    def _outcome(self, at: datetime, what: str, ended: list[Ending]) -> Outcome:
        died = tuple(self.truth.called(ending.name) for ending in ended)
        after = max((ending.noticed - at for ending in ended if ending.noticed), default=None)
        return Outcome(at, what, died, after, tuple(sorted(set[str]().union(*(ending.told for ending in ended)))))

    def late(self) -> tuple[str, ...]:
        """The ends that an audit passed over."""
        return tuple(f"{self.truth.called(ending.name)}: {ending.end.why}" for ending in self.endings if ending.passed_over)

    def run_out(self) -> None:
        """Count as lost what ran out though it is of a kind that an app renews alone, whoever was to blame."""
        for ending in self.endings:
            if ending.end.by_time and self.truth.record(ending.name).kind in _RENEWABLE:
                self._lose(ending.name, "ran out, and was not renewed")

    def _lose(self, name: str, how: str) -> None:
        if (words := f"{self.truth.called(name)}: {how}") not in self.lost:
            self.lost.append(words)

    def _alarm(self, what: str, name: str, why: str) -> None:
        self.false_alarms.append(f"{what} about {self.truth.called(name)}: {why}")


def says_end(verdict: Verdict, now: datetime) -> bool:
    """Whether a verdict says that the token has ended, by either of its clocks."""
    over = [one for one in by_each_clock(verdict, now) if one.clock is Clock.DATA_ACCESS and one.ends and one.ends <= now]
    return verdict.state in {"expired", "dead"} or bool(over)
