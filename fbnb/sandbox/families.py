"""Which token came from which, how each stands, and which would die of an event: worked out when asked, over all tokens."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import datetime

from fbnb.errors import numbered
from fbnb.redact import hint
from fbnb.sandbox.callers import WRONG_SIGNATURE
from fbnb.sandbox.facts import Moment
from fbnb.sandbox.judge import Death, barred, data_access_end, ends
from fbnb.sandbox.messages import Refusal
from fbnb.sandbox.records import TokenRecord
from fbnb.sandbox.world import Event, World
from fbnb.tokens import Expiry, TokenKind


@dataclass(frozen=True, slots=True)
class Kin:
    """A token among those of its login, as it stands.

    hint: as much of it as may be shown. depth: 0 for the login's own token, 1 for what was made with it. whose: the person,
    Page, system user or app it acts as. call: what made it. state: live, expired, dead or barred; since, why: of the end it
    met, with Graph's numbers and words. barred: the token itself is alive, and no call with it is answered.
    """

    hint: str
    depth: int
    kind: TokenKind
    whose: str
    call: str
    issued: datetime
    expires_at: Expiry
    data_access_until: datetime | None
    state: str = "live"
    since: datetime | None = None
    why: str = ""


def family(world: World, text: str) -> list[Kin]:
    """Every token of the login that a token goes back to, parents before children. text: a token on the world's books."""
    with world.lock:
        return _families(world, [world.root(world.tokens[text])])


def families(world: World) -> list[Kin]:
    """Every token that was handed out, login by login."""
    with world.lock:
        return _families(world, [record for record in world.tokens.values() if not record.parent])


def _families(world: World, roots: list[TokenRecord]) -> list[Kin]:
    children = dict[str, list[TokenRecord]]()
    for record in world.tokens.values():
        children.setdefault(record.parent, []).append(record)
    return [_kin(world, record, depth) for root in roots for record, depth in _below(root, children)]


def _below(root: TokenRecord, children: dict[str, list[TokenRecord]]) -> Iterator[tuple[TokenRecord, int]]:
    waiting = [(root, 0)]
    while waiting:
        record, depth = waiting.pop()
        yield record, depth
        waiting += [(child, depth + 1) for child in reversed(children.get(record.value, ()))]


def blast_radius(world: World, event: Event) -> list[Kin]:
    """The tokens that work now and would not once the event had happened, as they would stand then."""
    with world.lock:
        working = [record for record in _all(world) if not _end(world, record)]
        with world.imagined():
            event.act(world)
            return [_kin(world, record, 0) for record in working if _end(world, record)]


def _all(world: World) -> Iterator[TokenRecord]:
    """What was handed out, and the app and client tokens that anyone with the app's settings can compose."""
    yield from world.tokens.values()
    for app in world.apps.values():
        for kind, key in ((TokenKind.APP, world.secret(app.id)), (TokenKind.CLIENT, app.client_token)):
            yield TokenRecord(f"{app.id}|{key}", kind, app.id, Moment(world.seed.start, 0), None, "composed from its settings")


def _end(world: World, record: TokenRecord) -> Death | None:
    if record.kind is TokenKind.APP and record.value.partition("|")[2] != world.secret(record.app):
        return Death(world.moment(), Refusal(190, WRONG_SIGNATURE))
    return barred(world, record)


def _kin(world: World, record: TokenRecord, depth: int) -> Kin:
    end = _end(world, record)
    kin = Kin(
        hint=hint(record.value),
        depth=depth,
        kind=record.kind,
        whose=_whose(world, record),
        call=record.call,
        issued=record.issued.at,
        expires_at=ends(world, record),
        data_access_until=data_access_end(world, record) if record.person in world.people else None,
    )
    return kin if end is None else replace(kin, state=_state(end), since=end.moment.at, why=_why(end))


def _whose(world: World, record: TokenRecord) -> str:
    if record.page:
        return world.pages[record.page].name
    if record.person in world.system_users:
        return world.system_users[record.person].name
    return world.people[record.person].name if record.person else world.apps[record.app].name


def _state(end: Death) -> str:
    if end.refusal.code != 190:
        return "barred"
    return "expired" if end.refusal.subcode == 463 else "dead"


def _why(end: Death) -> str:
    return f"{numbered(end.refusal.code, end.refusal.subcode)} {end.refusal.message}"
