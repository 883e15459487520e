"""Which token for which job: what to call, on whose behalf and for how long, answered from `data/purposes.csv`."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from fbnb.catalogue import dies_when, flows, kinds, permissions
from fbnb.errors import InputError
from fbnb.resources import rows
from fbnb.snippets import importing

SPANS = ("for hours", "for weeks", "without end")
_LIVES = dict(zip(SPANS, ("an hour or two", "about 60 days", "without end"), strict=True))
_MACHINE = "a business's machine"
_ID_TOKEN = {"acts for": "nobody", "lives": "an hour", "dies when": "its hour is over; it opens nothing, so nothing else matters"}
_ADMIN = 'admin = log_in(client, ["business_management"])'
_LINES = {
    "login": "token = log_in(client{scopes})",
    "long_lived": "token = extend_user_token(client, token)",
    "page_tokens": "page = list_pages(client, token)[0]\ntoken = page.token",
    "client_code": (
        "code = generate_client_code(client, token)  # on the server\n"
        "token = redeem_client_code(client.without_secret(), code).token  # on the phone"
    ),
    "app_tokens": "token = get_app_token(client)",
    "system_user": (
        "business = list_businesses(client, admin)[0]\n"
        'robot = create_system_user(client, business.id, "Report Robot", admin{role})\n'
        "install_app(client, robot.id, admin)\n"
        "scopes = {listed}\n"
        "token = generate_system_user_token(client, robot, scopes, admin{days})"
    ),
    "device_login": (
        "login = start_device_login(client{scopes})\n"
        "sandbox.answer_device(login.user_code)  # live: what the person does on a phone\n"
        "token = wait_for_device_login(client, login)"
    ),
    "session_info": "token = get_session_info_token(client, token)",
    "sdk_refresh": "sandbox.clock.advance(days=1)  # live: on each day on which the app is used\ntoken = use_app(client, token)",
    "business_login": 'token = log_in_for_business(client, "7000000000001")  # a configuration that asks for these scopes',
    "oidc": "nonce = client.nonce()\nid_token = log_in_limited(client{scopes}, nonce=nonce)",
    "test_users": 'token = create_test_user(client{scopes}, name="Alma Reed").token',
}


@dataclass(frozen=True, slots=True)
class Advice:
    """The token for a job. purpose, whose, span: what it is for, by the words of `purposes.csv`.

    kind: one of the five, or "id_token", which is none. flow: the row of `flows.csv` that gives the token; steps: all of them
    in order, up to the call. scopes: the least that will do, and what they need. note: what takes more than they give, or "".
    only: why it lives no other time.
    instead: why this is not what was asked for; "" where it is. code: to run, its last line makes the call.
    """

    purpose: str
    whose: str
    span: str
    kind: str
    flow: Mapping[str, str]
    steps: tuple[Mapping[str, str], ...]
    scopes: tuple[str, ...]
    lives: str
    dies: str
    note: str
    only: str
    code: str
    instead: str = ""


def purposes() -> tuple[str, ...]:
    """What one can want a token for."""
    return _each(rows("purposes.csv"), "purpose")


def whose_for(purpose: str) -> tuple[str, ...]:
    """On whose behalf that can be done. Raises InputError: there is no such purpose."""
    return _each(_having(purpose), "whose")


def spans_for(purpose: str, whose: str) -> tuple[str, ...]:
    """For how long, shortest first; none where it cannot be done on their behalf. Raises InputError, as `whose_for`."""
    had = {row["span"] for row in _having(purpose) if row["whose"] == whose}
    return tuple(span for span in SPANS if span in had)


def which_token(purpose: str, whose: str, span: str) -> Advice:
    """The token for a purpose, or where that cannot be had the nearest that can, and `instead`, which says why.

    Raises InputError: one of the three is not among those that `purposes.csv` knows.
    """
    having = _having(purpose)
    _check(whose, _each(rows("purposes.csv"), "whose"))
    _check(span, SPANS)
    row = min(having, key=lambda row: (row["whose"] != whose, abs(SPANS.index(row["span"]) - SPANS.index(span))))
    kind, by_name = _kind(row["kind"]), {flow["notebook"][3:]: flow for flow in flows()}
    got_by, scopes = row["got_by"].split(), _with_needs(row["scopes"].split())
    return Advice(
        purpose=row["purpose"],
        whose=row["whose"],
        span=row["span"],
        kind=row["kind"],
        flow=by_name[got_by[-1]],
        steps=tuple(by_name[name] for name in (*got_by, *row["used_in"].split())),
        scopes=scopes,
        lives=kind["lives"] if row["kind"] in {"APP", "id_token"} else _LIVES[row["span"]],
        dies=dies_when(kind, ends=row["span"] != "without end"),
        note=row["note"],
        only=_only(row),
        code=_code(row, scopes),
        instead=_instead(row, whose, span),
    )


def _each(table: Iterable[Mapping[str, str]], column: str) -> tuple[str, ...]:
    return tuple(dict.fromkeys(row[column] for row in table))


def _having(purpose: str) -> list[dict[str, str]]:
    _check(purpose, purposes())
    return [row for row in rows("purposes.csv") if row["purpose"] == purpose]


def _check(word: str, known: Iterable[str]) -> None:
    if word not in known:
        raise InputError(f"{word!r} is not among the choices.", remedy=f"They are: {'; '.join(known)}.")


def _kind(name: str) -> Mapping[str, str]:
    return next((kind for kind in kinds() if kind["kind"] == name), _ID_TOKEN)


def _with_needs(scopes: Iterable[str]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(name for scope in scopes for name in (*sorted(permissions()[scope].needs), scope)))


def _only(row: Mapping[str, str]) -> str:
    return row["only"] or f"{row['kind']} tokens live {_kind(row['kind'])['lives']}."


def _instead(row: Mapping[str, str], whose: str, span: str) -> str:
    if row["whose"] != whose:
        return f"This is not done on behalf of {whose}."
    if row["span"] == span:
        return ""
    others = [other for other in whose_for(row["purpose"]) if span in spans_for(row["purpose"], other)]
    more = f" On behalf of {' or '.join(others)} it can be had {span}." if others else ""
    return f"Not {span} on behalf of {whose}. {_only(row)}{more}"


def _code(row: Mapping[str, str], scopes: tuple[str, ...]) -> str:
    listed = "[{}]".format(", ".join(f'"{scope}"' for scope in scopes))
    parts = {
        "listed": listed,
        "scopes": f", {listed}" if scopes else "",
        "days": ", days=60" if row["span"] == "for weeks" else "",
        "role": ', role="ADMIN"' if "business_management" in scopes else "",
    }
    lines = dict(_LINES, login=_ADMIN) if row["whose"] == _MACHINE else _LINES
    made = [lines[flow].format(**parts) for flow in row["got_by"].split()] + row["call"].split("; ")
    body = "\n".join(["client, sandbox = connect()", *made])
    return f"{importing(body)}\n\n{body}"
