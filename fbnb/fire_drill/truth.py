"""How tokens really stand in a drill: by the sandbox's own facts, never by what the store believes."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from itertools import islice

from fbnb.catalogue import permissions
from fbnb.errors import numbered
from fbnb.sandbox.facts import Moment, SecretReset
from fbnb.sandbox.judge import data_access_end, death, ends
from fbnb.sandbox.judge import scopes as scopes_of
from fbnb.sandbox.records import TokenRecord
from fbnb.sandbox.world import World
from fbnb.tokens import TokenKind, fingerprint
from fbnb.verdicts import SOON, Clock

_EXPIRED = 463
ActsAs = tuple[TokenKind, str]
"""A kind, and the id of the Page, person or system user; "" for the app itself."""


@dataclass(frozen=True, slots=True)
class End:
    """How a token ended: by which of its clocks, when, and why, in words. by_time: it ran out, and nothing else."""

    clock: Clock
    at: datetime
    why: str
    by_time: bool = False


class Truth:
    """What the world knows of the tokens of one app, by their fingerprints."""

    def __init__(self, world: World, app_id: str) -> None:
        self.world, self._app_id = world, app_id
        self._records: dict[str, TokenRecord] = {}

    def record(self, name: str) -> TokenRecord:
        """A token on the world's books; an app's own token stands on none, for anyone composes it of the secret."""
        if len(self._records) < len(self.world.tokens):
            new = islice(self.world.tokens.items(), len(self._records), None)
            self._records |= {fingerprint(value): record for value, record in new}
        return self._records.get(name) or TokenRecord("", TokenKind.APP, self._app_id, Moment(self.world.seed.start, 0), None, "")

    def end(self, name: str) -> End | None:
        """The end that a token has met by now; None while it works and is good for all that it is for."""
        record = self.record(name)
        if not record.person:
            return self._secret_reset(name)
        if died := death(self.world, record):
            refusal = died.refusal
            why = f"{numbered(refusal.code, refusal.subcode)} {_first_sentence(refusal.message)}"
            return End(Clock.TOKEN, died.moment.at, why, by_time=refusal.subcode == _EXPIRED)
        over = self._data_access_end(record)
        return End(Clock.DATA_ACCESS, over, "access to the person's data is over") if over and over <= self.world.now() else None

    def _secret_reset(self, name: str) -> End | None:
        if name == fingerprint(f"{self._app_id}|{self.world.secret(self._app_id)}"):
            return None
        reset = self.world.facts.latest(SecretReset, (self._app_id, ""), self.world.now())
        return End(Clock.TOKEN, reset[0].at if reset else self.world.seed.start, "the app has another secret")

    def _data_access_end(self, record: TokenRecord) -> datetime | None:
        """Of a token for data that can be read for 90 days only."""
        lasting = {name for name, facts in permissions().items() if facts.outlives_data_access} | {"public_profile"}
        asked = set(scopes_of(self.world, record))
        reads = record.scopes is None and (not asked <= lasting or asked <= {"public_profile"})
        return data_access_end(self.world, record) if reads else None

    def ending(self, name: str) -> bool:
        """Whether somebody has reason to be told of a token: it has ended, or will within 14 days, by either clock."""
        record = self.record(name)
        if self.end(name) or not record.person:
            return self.end(name) is not None
        soon = (ends(self.world, record), self._data_access_end(record))
        return any(isinstance(end, datetime) and end - self.world.now() <= SOON for end in soon)

    def acts_as(self, name: str) -> ActsAs:
        """As whom a token acts: one that acts as the same can take its place."""
        record = self.record(name)
        return record.kind, record.page or record.person

    def whose(self, name: str) -> str:
        """The person whose token it is; "" for a machine's."""
        person = self.world.people.get(self.record(name).person)
        return person.name if person else ""

    def called(self, name: str) -> str:
        """A token in words, such as `Mara Quay, PAGE, Harbour Bakery`."""
        record = self.record(name)
        machine = self.world.system_users.get(record.person)
        whose = self.whose(name) or (machine.name if machine else self.world.apps[record.app].name)
        page = self.world.pages[record.page].name if record.page else ""
        return ", ".join(filter(None, (whose, str(record.kind), page)))


def _first_sentence(message: str) -> str:
    """Of Graph's words those that say what happened, without the times after them."""
    return (message.partition(": ")[2] or message).partition(". ")[0].rstrip(".")
