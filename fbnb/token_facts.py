"""A token in plain words: each thing that debug_token says of it, and the whole of it at a glance. Nothing is asked here."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import datetime

from fbnb.catalogue import dies_when, kinds, lasting_permissions, permissions
from fbnb.diagnosis import Diagnosis, diagnose
from fbnb.errors import InputError, TokenExpired, numbered
from fbnb.redact import Secret, redact
from fbnb.time_left import clock_in_words, state, time_left
from fbnb.tokens import NEVER, AccessToken, Expiry, GranularScope, TokenInfo, TokenKind, expired

Facts = list[tuple[str, str]]
"""What, and how it is: both in words, secrets hidden."""

_WEAKENED = "XAA"  # so begins what get_session_info_token gives
_NOTHING = "nothing: it can only be asked about, with debug_token"
_SHOWN = 5  # ids that a permission is limited to
_WITHOUT_SCOPES = {
    TokenKind.APP: "debug_token, test users, and the app's own settings and webhooks; nothing of people or Pages",
    TokenKind.CLIENT: "a device login, and little else",
}
_METADATA = {
    "sso": "the device or SDK it came by",
    "auth_type": "what the dialog was told to ask",
    "auth_nonce": "sent along with the login, to know it by",
}
_NOT_EXTENDED = {
    TokenKind.PAGE: (
        "A Page token is not extended.",
        "Extend the user token, and list the Pages with it: their tokens then have no end of their own.",
    ),
    TokenKind.APP: ("An app token has no end to put off.", "It is good until the app secret is reset."),
    TokenKind.CLIENT: ("A client token has no end to put off.", "It is good until the client token is reset."),
    TokenKind.SYSTEM_USER: (
        "A system user's token is not extended.",
        "One of 60 days is refreshed: refresh_system_user_token. Any other has no end.",
    ),
}


def in_words(info: TokenInfo, now: datetime, token: AccessToken | None = None) -> Facts:
    """Every field of debug_token, one at a time; the error with its cause and what to do. What Graph left out is left out.

    token: the one that was asked about, where it is at hand: Graph does not say that a session-info token can call nothing.
    """
    told = [
        ("valid", _validity(info)),
        ("error", f"{numbered(info.error.code, info.error.subcode)}: {_plain(info.error.message)}" if info.error else ""),
        *_explained(info),
        ("kind", info.kind and f"{info.kind}: it acts for {_of(info.kind)['acts for']}"),
        ("can call", _NOTHING if token and _is_weakened(token) else ""),
        ("app", " ".join(filter(None, (_plain(info.application), info.app_id and f"({info.app_id})")))),
        ("user id", info.user_id),
        ("Page id", info.profile_id),
        *(_clocks(info, now) if info.kind else ()),
        *_scopes(info),
        *(
            (f"metadata {name}", f"{_METADATA.get(name, 'not explained')}: {_plain(told)}")
            for name, told in info.metadata.items()
        ),
    ]
    return [(redact(name), redact(words)) for name, words in told if words]


def card(token: AccessToken, info: TokenInfo | None, now: datetime) -> Facts:
    """A token at a glance: how it stands, its kind, hint and label, both clocks, what it can call, how it will die.

    info: what debug_token says of it; None where it could not be asked.
    """
    known = token.confirmed(info) if info else token
    kind = _of(known.kind)
    told = [
        ("state", standing(token, info, now)),
        ("token", ", ".join(filter(None, (f"{known.kind} {known.hint}", known.label)))),
        ("acts for", kind["acts for"]),
        ("expires", clock_in_words(known.expires_at, now)),
        ("data access until", _access(known.data_access_until, now)),
    ]
    if _lives(token, info, now):
        ends = dies_when(kind, ends=known.expires_at is not NEVER)
        told += [*_calls(known, info, now), ("dies when", ends), ("by the clocks", _first(known, now))]
    return [(name, redact(words)) for name, words in told if words]


def _lives(token: AccessToken, info: TokenInfo | None, now: datetime) -> bool:
    if info is None:
        return not expired(token.expires_at, now) and not _unmade(token, info, now)
    return info.is_valid


def standing(token: AccessToken, info: TokenInfo | None, now: datetime) -> str:
    """How a token stands, and what helps where it is dead. info: as for `card`."""
    if _unmade(token, info, now):
        return "Not made yet: the clock stands before that. Move it on, or make the token again."
    if info is None:
        by_clock = state(token.expires_at, now)
        return f"By its own clock alone: {by_clock}.{f' {TokenExpired.remedy}' if by_clock == 'expired' else ''}"
    if info.is_valid:
        over = "Live, but access to the person's data is over. For that the person logs in again."
        return over if _unreadable(info, now) else "Live."
    return f"Dead. {' '.join(_cause(info))}"


def why_not_extended(token: AccessToken, info: TokenInfo | None = None) -> InputError | None:
    """What stands against extending a token, and what to do instead; None for a live user token.

    info: what debug_token says of it; without, only what the token itself shows counts.
    """
    if _is_weakened(token):
        remedy = "Extend the token that it was made from, and make another of that."
        return InputError("A session-info token is not extended: it can only be asked about.", remedy=remedy)
    if info is None:
        return None
    if not info.is_valid:
        means, remedy = _cause(info)
        return InputError(f"A dead token is not extended. {means}", remedy=remedy)
    if info.kind in _NOT_EXTENDED:
        problem, remedy = _NOT_EXTENDED[info.kind]
        return InputError(problem, remedy=remedy)
    return None


def unlocks(scope: str) -> str:
    """What a permission unlocks; "" for one that the kit does not know."""
    facts = permissions().get(scope)
    return facts.unlocks if facts else ""


def _of(kind: TokenKind) -> dict[str, str]:
    return next(row for row in kinds() if row["kind"] == kind)


def _plain(value: object) -> str:
    """What Graph told, as it may be shown: where it told a secret, the client made a Secret of that."""
    return value.hint if isinstance(value, Secret) else str(value)


def _diagnosis(info: TokenInfo) -> Diagnosis | None:
    return diagnose(info.error, where="debug_token") if info.error else None


def _cause(info: TokenInfo) -> tuple[str, str]:
    """Why a token is dead, and what helps."""
    found = _diagnosis(info)
    return (found.cause.means, found.remedy) if found else ("Graph does not say why.", "Get a new token through login.")


def _validity(info: TokenInfo) -> str:
    return "yes" if info.is_valid else f"no. {_cause(info)[0]}"


def _explained(info: TokenInfo) -> Facts:
    found = _diagnosis(info)
    return [line for line in found.lines() if line[0] in {"cause", "may also be", "what to do"}] if found else []


def _clocks(info: TokenInfo, now: datetime) -> Iterator[tuple[str, str]]:
    issued = info.issued_at and f"{info.issued_at:%Y-%m-%d %H:%M} UTC"
    yield "issued", issued or "not told: Graph tells it of long-lived tokens only"
    told, kind = clock_in_words(info.expires_at, now), _of(info.kind or TokenKind.USER)
    yield "expires", f"{told}; it lives {kind['lives']}" if info.kind in _WITHOUT_SCOPES else told
    yield "data access until", _access(info.data_access_expires_at, now)


def _access(until: Expiry, now: datetime) -> str:
    return "without end" if until is NEVER else clock_in_words(until, now)


def _scopes(info: TokenInfo) -> Iterator[tuple[str, str]]:
    limits: dict[str, list[GranularScope]] = {}
    for limit in info.granular_scopes:  # a scope can be listed twice, with other targets
        limits.setdefault(limit.scope, []).append(limit)
    for scope in dict.fromkeys([*info.scopes, *limits]):
        limited = _limited(limits[scope]) if scope in limits else ""
        yield f"scope {_plain(scope)}", "; ".join(filter(None, (unlocks(scope) or "unknown to this kit", limited)))
    if info.kind and not info.scopes:
        yield "scopes", "none"


def _limited(limits: Iterable[GranularScope]) -> str:
    targets = [limit.target_ids for limit in limits]
    if None in targets:
        return "not limited"
    ids = [target for listed in targets for target in listed or ()]
    more = f" and {len(ids) - _SHOWN} more" if len(ids) > _SHOWN else ""
    return f"only for {', '.join(ids[:_SHOWN]) or 'nothing'}{more}"


def _unmade(token: AccessToken, info: TokenInfo | None, now: datetime) -> bool:
    if token.issued_at is None or (info and info.kind):
        return False
    # Of the same moment: the clock was put back, and the token is not there. An app's own is unreadable once it is dead.
    same = info is not None and token.issued_at == now and token.kind not in _WITHOUT_SCOPES
    return token.issued_at > now or same


def _is_weakened(token: AccessToken) -> bool:
    return token.hint.startswith(_WEAKENED)


def _used(info: TokenInfo) -> list[str]:
    """The permissions that count: of a Page token those for its Page. The list of Pages is a person's."""
    if info.kind is not TokenKind.PAGE:
        return list(info.scopes)
    for_pages = {name for name, facts in permissions().items() if facts.for_pages} - {"pages_show_list"}
    return [scope for scope in info.scopes if scope in for_pages]


def _unreadable(info: TokenInfo, now: datetime) -> list[str]:
    """The permissions that ended with the access to the person's data, name and id among them."""
    over = expired(info.data_access_expires_at, now)
    return [scope for scope in _used(info) if over and scope not in lasting_permissions()]


def _calls(known: AccessToken, info: TokenInfo | None, now: datetime) -> Facts:
    if _is_weakened(known):
        return [("can call", _NOTHING)]
    if info is None:
        return [("can call", "not known without asking")]
    if known.kind in _WITHOUT_SCOPES:
        return [("can call", _WITHOUT_SCOPES[known.kind])]
    over = _unreadable(info, now)
    live = _listed(scope for scope in _used(info) if scope not in over)
    if known.kind is TokenKind.PAGE:
        live = f"{live}; as far as the person's tasks on the Page allow" if live else "name and id of the Page, and no more"
    return [("can call", live or ("nothing" if over else "nothing, as it has no permission")), ("no longer", _listed(over))]


def _listed(scopes: Iterable[str]) -> str:
    return "; ".join(f"{words} ({scope})" if (words := unlocks(scope)) else _plain(scope) for scope in scopes)


def _first(known: AccessToken, now: datetime) -> str:
    """Which of a token's two clocks comes first."""
    of_access = "the end of access to the person's data, which the token outlives"
    ends = ((known.expires_at, "its own end"), (known.data_access_until, of_access))
    ahead = [(end, which) for end, which in ends if isinstance(end, datetime) and end > now]
    if not ahead:
        return "no end is told" if known.expires_at is None else "it does not end"
    end, which = min(ahead)
    return f"first comes {which}, in {time_left(end, now)}"
