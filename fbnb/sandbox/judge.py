"""Is a token alive? Worked out from dated facts each time it is asked; of several deaths, the earliest speaks."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from fbnb.sandbox.facts import (
    AccountTroubled,
    AppStopped,
    AppUsed,
    CutShort,
    DataAccessEnded,
    Deleted,
    Ending,
    F,
    Grant,
    Hidden,
    Key,
    ModeChanged,
    Moment,
    RoleChanged,
    SessionEnded,
    TokenRevoked,
    TwoFactorDemanded,
)
from fbnb.sandbox.messages import Refusal
from fbnb.sandbox.records import TokenRecord
from fbnb.sandbox.world import World
from fbnb.tokens import Expiry, expired

_PACIFIC = ZoneInfo("America/Los_Angeles")
_INVALID = "Error validating access token: "
IMPERSONATING = (
    "Any of the pages_read_engagement, pages_manage_metadata, pages_read_user_content, pages_manage_ads, pages_show_list or "
    "pages_messaging permission(s) must be granted before impersonating a user's page."
)
_OF_A_PAGE = "This Page access token belongs to a Page that "
_ROLE_LOST = (
    "The user must be an administrator, editor, or moderator of the page in order to impersonate it. If the page business "
    "requires Two Factor Authentication, the user also needs to enable Two Factor Authentication."
)
_IMPERSONATING_SCOPES = frozenset(re.findall(r"pages_\w+", IMPERSONATING))


@dataclass(frozen=True, slots=True)
class Death:
    """When a token died, and of what. keeps_scopes: whether debug_token still lists its scopes."""

    moment: Moment
    refusal: Refusal
    keeps_scopes: bool = True


def death(world: World, token: TokenRecord) -> Death | None:
    """The earliest end the token has met by now, None while it lives."""
    if not token.person:  # an app's own: it ends with the secret, and then is none that can be read
        return None
    met = [found for check in _CHECKS if (found := check(world, token)) and found.moment.at <= world.now()]
    return min(met, key=lambda found: found.moment, default=None)


def barred(world: World, token: TokenRecord) -> Death | None:
    """What every call with the token meets by now: its app is gone, it is dead, or its app is not served."""
    return app_deleted(world, token.app) or death(world, token) or app_stopped(world, token.app) or _no_role(world, token)


def app_deleted(world: World, app: str) -> Death | None:
    """Set once the app is gone; Graph says so before it looks at the token."""
    found = _since(world, Deleted, (app, ""), lambda gone: True)
    words = "Error validating application. Application has been deleted."
    return Death(found[0], Refusal(190, words, status=401)) if found else None


def app_stopped(world: World, app: str) -> Death | None:
    """Set while Graph serves the app no more: no token has died of it, and none works."""
    found = _since(world, AppStopped, (app, ""), lambda stopped: stopped.why is not None)
    return Death(found[0], Refusal(200, found[1].why.value, status=400)) if found and found[1].why else None


def _no_role(world: World, token: TokenRecord) -> Death | None:
    # In development an app is for those with a role on it.
    if world.mode(token.app) != "development" or token.person not in world.people:
        return None
    if world.app_role(token.person, world.apps[token.app]):
        return None
    found = _since(world, ModeChanged, (token.app, ""), lambda changed: changed.mode == "development")
    return Death(found[0] if found else token.issued, Refusal(10, world.defaults.development_mode))


def _since(world: World, kind: type[F], key: Key, holds: Callable[[F], bool]) -> tuple[Moment, F] | None:
    """The last fact of a kind, if it holds, and the moment from which that has been so without a break."""
    facts, since = world.facts.all(kind, key, world.now()), None
    for moment, fact in reversed(facts):
        if not holds(fact):
            break
        since = moment
    return (since, facts[-1][1]) if since else None


def ends(world: World, token: TokenRecord) -> Expiry:
    """When its time runs out: as it was issued, or earlier where it, or the token whose end it shares, was cut short."""
    end = _end(world, token)
    return end.at if end else token.expires_at


def _end(world: World, token: TokenRecord) -> Moment | None:
    ends = [Moment(token.expires_at, 0)] if isinstance(token.expires_at, datetime) else []
    ends += [moment for moment, _ in world.facts.all(CutShort, (token.value, ""), world.now())]
    parent = world.tokens.get(token.parent)
    if parent and (token.page or token.debug_only) and parent.expires_at == token.expires_at:
        ends += filter(None, [_end(world, parent)])
    return min(ends, default=None)


def _time_ran_out(world: World, token: TokenRecord) -> Death | None:
    end = _end(world, token)
    if end is None or not expired(end.at, world.now()):
        return None
    told = f"Session has expired on {_pacific(end.at)}. The current time is {_pacific(world.now())}."
    return Death(end, Refusal(190, _INVALID + told, 463))


def _pacific(instant: datetime) -> str:
    return f"{instant.astimezone(_PACIFIC):%A, %d-%b-%y %H:%M:%S %Z}"


def _session_ended(world: World, token: TokenRecord) -> Death | None:
    start = world.root(token).issued
    ends = [world.facts.first_after(SessionEnded, (token.person, app), start) for app in ("", token.app)]
    met = min((end for end in ends if end), key=lambda end: end[0], default=None)
    if met is None:
        return None
    moment, fact = met
    subcode, words = fact.why.value
    keeps = fact.why not in {Ending.INVALIDATED, Ending.APP_REMOVED}
    words = words.format(app=token.app, gone=world.defaults.system_user_gone)
    return Death(moment, Refusal(190, _INVALID + words, subcode), keeps)


def _account_troubled(world: World, token: TokenRecord) -> Death | None:
    found = _since(world, AccountTroubled, (token.person, ""), lambda troubled: troubled.why is not None)
    if not found or not found[1].why:
        return None
    subcode, words = found[1].why.value
    return Death(found[0], Refusal(190, _INVALID + words, subcode))


def _revoked(world: World, token: TokenRecord) -> Death | None:
    ends = [token.value, token.parent] if token.debug_only else [token.value]
    found = next(filter(None, (world.facts.latest(TokenRevoked, (value, ""), world.now()) for value in ends)), None)
    subcode, words = Ending.INVALIDATED.value
    return Death(found[0], Refusal(190, _INVALID + words, subcode), keeps_scopes=False) if found else None


def _page_gone(world: World, token: TokenRecord) -> Death | None:
    if not token.page:
        return None
    if found := _since(world, Deleted, (token.page, ""), lambda gone: True):
        return Death(found[0], Refusal(190, _OF_A_PAGE + "has been deleted."))
    hidden = _since(world, Hidden, (token.page, ""), lambda hidden: hidden.on)
    return Death(hidden[0], Refusal(190, _OF_A_PAGE + "is not accessible.")) if hidden else None


def _page_not_granted(world: World, token: TokenRecord) -> Death | None:
    if not token.page or token.scopes is not None:
        return None
    key = token.person, token.app
    if world.defaults.unticked_page == "stays dead":
        grants = world.facts.all(Grant, key, world.now())
        found = next((entry for entry in grants if entry[0] > token.issued and not covers(entry[1], token.page)), None)
    else:
        found = _since(world, Grant, key, lambda grant: not covers(grant, token.page))
    return Death(found[0], Refusal(190, IMPERSONATING)) if found else None


def _role_lost(world: World, token: TokenRecord) -> Death | None:
    if not token.page:
        return None
    found = _since(world, RoleChanged, (token.person, token.page), lambda changed: changed.role in {"", "live_contributor"})
    return Death(found[0], Refusal(190, _ROLE_LOST, 492)) if found else None


def _two_factor_missing(world: World, token: TokenRecord) -> Death | None:
    found = demanded(world, token.person, token.page) if token.page else None
    return Death(found, Refusal(190, _ROLE_LOST, 492)) if found else None


def demanded(world: World, person: str, page: str) -> Moment | None:
    """Since when the Page's business has demanded two-factor authentication that the person does not have."""
    owner = world.owner(page)
    if owner is None or person in world.system_users or world.people[person].two_factor:
        return None
    found = _since(world, TwoFactorDemanded, (owner.id, ""), lambda demand: True)
    return found[0] if found else None


_CHECKS: tuple[Callable[[World, TokenRecord], Death | None], ...] = (
    _time_ran_out,
    _session_ended,
    _account_troubled,
    _revoked,
    _page_gone,
    _page_not_granted,
    _role_lost,
    _two_factor_missing,
)


def data_access_end(world: World, token: TokenRecord) -> datetime:
    """Ninety days from the last time the person was there: in the dialog, in the app, or at the login the token goes back to."""
    key, now = (token.person, token.app), world.now()
    used, ended = world.facts.latest(AppUsed, key, now), world.facts.latest(DataAccessEnded, key, now)
    login = world.root(token).issued
    last = max(login, used[0]) if used else login
    return ended[0].at if ended and ended[0] > last else last.at + timedelta(days=world.defaults.data_access_days)


def covers(grant: Grant, page: str) -> bool:
    """Whether a grant lets the app act as the Page: a Page permission is granted, and the Page was ticked."""
    return bool(grant.granted & _IMPERSONATING_SCOPES) and (grant.pages is None or page in grant.pages)


def scopes(world: World, token: TokenRecord) -> tuple[str, ...]:
    """What the token may do by now, in alphabetical order; for a person's token that is their current grant, not a copy."""
    return tuple(sorted(world.allowed(token).granted)) if token.person else ()
