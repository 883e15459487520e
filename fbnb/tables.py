"""Values in, plain DataFrames out: times are aware UTC, and no rows still means the right columns."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from textwrap import shorten
from typing import Any

import pandas as pd

from fbnb import catalogue
from fbnb.errors import numbered
from fbnb.flows.client_code import ClientLogin
from fbnb.flows.find_pages import Finding
from fbnb.flows.marketing import AdAccount, Campaign, Insight
from fbnb.flows.page_reading import Post
from fbnb.flows.sdk_refresh import Opening
from fbnb.flows.system_user import SystemUser
from fbnb.flows.test_users import TestUser
from fbnb.sandbox.families import Kin
from fbnb.time_left import state, time_left
from fbnb.token_facts import unlocks
from fbnb.tokens import NEVER, AccessToken, Expiry, Page, Permission, TokenFault, TokenInfo
from fbnb.usage import Usage
from fbnb.wire import Exchange

TIME = "datetime64[s, UTC]"


def token_table(tokens: Iterable[AccessToken], *, now: datetime) -> pd.DataFrame:
    """One row per token: hint, kind, label, issued, expires, data access until, time left in words, state by the clock alone.

    An expiry of NEVER or None is NaT in its column; `time left` says which.
    """
    columns = {
        "hint": "str",
        "kind": "str",
        "label": "str",
        "issued": TIME,
        "expires": TIME,
        "data access until": TIME,
        "time left": "str",
        "state": "str",
    }
    rows = [
        (
            token.hint,
            str(token.kind),
            token.label,
            token.issued_at,
            instant(token.expires_at),
            instant(token.data_access_until),
            time_left(token.expires_at, now),
            state(token.expires_at, now),
        )
        for token in tokens
    ]
    return frame(rows, columns)


def page_table(pages: Iterable[Page]) -> pd.DataFrame:
    """One row per Page: name, id, category, how many tasks, and its token's hint where there is one."""
    rows = [
        (
            page.name,
            page.id,
            page.category,
            None if page.tasks is None else len(page.tasks),
            page.token.hint if page.token else "none",
        )
        for page in pages
    ]
    return frame(rows, {"name": "str", "id": "str", "category": "str", "tasks": "Int64", "page token": "str"})


def task_table(pages: Iterable[Page]) -> pd.DataFrame:
    """Page x task: `yes` where the person may do it. Of the 27 tasks, only columns that someone has."""
    held = [(page.name, frozenset(page.tasks or ())) for page in pages]
    used = catalogue.tasks_in_use(tasks for _, tasks in held)
    cells = [["yes" if task in tasks else "" for task in used] for _, tasks in held]
    return pd.DataFrame(cells, index=pd.Index([name for name, _ in held], name="Page", dtype="str"), columns=used, dtype="str")


def scope_table(info: TokenInfo, permissions: Iterable[Permission] = (), pages: Iterable[Page] = ()) -> pd.DataFrame:
    """One row per permission: its status, what it is limited to, and what it unlocks.

    info: from debug_token. permissions: from list_permissions, which alone knows what was declined or has expired. pages:
    to show names instead of ids.
    """
    names = {page.id: page.name for page in pages}
    limits = dict[str, Sequence[str] | None]()
    for scope in info.granular_scopes:  # a scope can be listed twice, with other targets
        before = limits.get(scope.scope, ())
        limits[scope.scope] = None if before is None or scope.target_ids is None else (*before, *scope.target_ids)
    status = dict.fromkeys(info.scopes, "granted") | {permission.name: permission.status for permission in permissions}
    rows = [(name, told, _targets(limits.get(name, ()), names), unlocks(name)) for name, told in sorted(status.items())]
    return frame(rows, {"permission": "str", "status": "str", "limited to": "str", "unlocks": "str"})


def _targets(targets: Sequence[str] | None, names: dict[str, str]) -> str:
    if targets is None:
        return "all"
    return ", ".join(names.get(target, target) for target in targets)


def info_table(info: TokenInfo) -> pd.DataFrame:
    """Every field debug_token answered, one row each; what it left out is not there."""
    told: dict[str, Any] = {
        "is_valid": info.is_valid,
        "error": info.error and _fault(info.error),
        "type": info.kind and str(info.kind),
        "app_id": info.app_id,
        "application": info.application,
        "user_id": info.user_id,
        "profile_id": info.profile_id,
        "issued_at": info.issued_at and in_words(info.issued_at),
        "expires_at": in_words(info.expires_at),
        "data_access_expires_at": in_words(info.data_access_expires_at),
        "scopes": ", ".join(info.scopes),
        "granular_scopes": "; ".join(
            f"{scope.scope}: {'all' if scope.target_ids is None else ', '.join(scope.target_ids)}"
            for scope in info.granular_scopes
        ),
        "metadata": ", ".join(f"{name}={value}" for name, value in info.metadata.items()),
    }
    rows = [(name, str(value)) for name, value in told.items() if value not in (None, "")]
    return frame(rows, {"field": "str", "value": "str"}).set_index("field")


def in_words(expiry: Expiry) -> str | None:
    """`2026-11-02 11:00 UTC`, or what Graph's 0 means; None where it did not say."""
    if expiry is None:
        return None
    return "0, which means never" if expiry is NEVER else f"{expiry:%Y-%m-%d %H:%M} UTC"


def _fault(fault: TokenFault) -> str:
    return f"{numbered(fault.code, fault.subcode)}: {fault.message}"


def wire_table(exchanges: Iterable[Exchange]) -> pd.DataFrame:
    """One row per request: when, method, where to, with what (secrets hidden), and how it was answered."""
    rows = [
        (
            exchange.number,
            exchange.at,
            exchange.method,
            f"{exchange.host.partition('.')[0]}{exchange.path}",
            ", ".join(f"{name}={value}" for name, value in exchange.params.items()),
            exchange.status,
        )
        for exchange in exchanges
    ]
    columns = {"number": "int64", "at": TIME, "method": "str", "path": "str", "parameters": "str", "status": "Int64"}
    return frame(rows, columns).set_index("number")


def kind_table() -> pd.DataFrame:
    """The five kinds of token: who it acts for, how it is got, how long it lives, how it dies."""
    rows = [tuple(row.values()) for row in catalogue.kinds()]
    return frame(rows, {"kind": "str", "acts for": "str", "got by": "str", "lives": "str", "dies when": "str"}).set_index("kind")


def flow_table() -> pd.DataFrame:
    """Every token flow: the question it answers, what one starts with, what one gets; by the name of its notebook."""
    rows = [tuple(row.values()) for row in catalogue.flows()]
    columns = dict.fromkeys(["notebook", "the question", "you start with", "you get"], "str")
    return frame(rows, columns).set_index("notebook")


def permission_table(prefix: str = "") -> pd.DataFrame:
    """The permissions whose names begin with `prefix`: what each unlocks, and which others it needs."""
    found = [facts for facts in catalogue.permissions().values() if facts.name.startswith(prefix)]
    rows = [(facts.name, facts.unlocks, ", ".join(facts.needs)) for facts in found]
    return frame(rows, {"permission": "str", "unlocks": "str", "needs": "str"}).set_index("permission")


def status_table(permissions: Iterable[Permission]) -> pd.DataFrame:
    """One row per permission the person was asked for: granted, declined or expired, and what it unlocks."""
    rows = [(permission.name, permission.status, unlocks(permission.name)) for permission in permissions]
    return frame(rows, {"permission": "str", "status": "str", "unlocks": "str"}).set_index("permission")


def client_table(clients: Mapping[str, ClientLogin], *, now: datetime) -> pd.DataFrame:
    """One row per client: its own token and machine id, as much of them as may be shown, and what is left of the token."""
    rows = [
        (name, login.token.hint, login.machine_id.hint if login.machine_id else "none", time_left(login.token.expires_at, now))
        for name, login in clients.items()
    ]
    return frame(rows, {"client": "str", "token": "str", "machine id": "str", "time left": "str"}).set_index("client")


def system_user_table(tokens: Iterable[tuple[SystemUser, TokenInfo]]) -> pd.DataFrame:
    """System user x scope: `yes` where its token has it; before that its role, and when the token ends."""
    held = list(tokens)
    scopes = sorted({scope for _, info in held for scope in info.scopes})
    rows = [
        (
            user.name,
            user.role,
            "never" if info.expires_at is NEVER else in_words(info.expires_at) or "not told",
            *("yes" if scope in info.scopes else "" for scope in scopes),
        )
        for user, info in held
    ]
    columns = dict.fromkeys(["system user", "role", "token ends", *scopes], "str")
    return frame(rows, columns).set_index("system user")


def opening_table(openings: Iterable[Opening]) -> pd.DataFrame:
    """One row per opening of the app: how long after the last, what became of the token, and when it ends now."""
    rows = [
        (
            opening.at,
            opening.days_since,
            "refused" if opening.refused else "refreshed" if opening.refreshed else "kept",
            instant(opening.token.expires_at),
            opening.token.hint,
        )
        for opening in openings
    ]
    return frame(rows, {"opened": TIME, "days since": "int64", "token": "str", "ends": TIME, "hint": "str"})


def finding_table(findings: Iterable[Finding]) -> pd.DataFrame:
    """One row per Page looked for: where it was found, its token's hint, and what may be the matter where there is none."""
    rows = [
        (
            found.name or "not told",
            found.page_id,
            ", ".join(found.rungs) or "nowhere",
            found.token.hint if found.token else "none",
            "; or ".join(found.causes),
        )
        for found in findings
    ]
    return frame(rows, dict.fromkeys(["name", "id", "found by", "page token", "why not"], "str"))


def post_table(posts: Iterable[Post]) -> pd.DataFrame:
    """One row per post: when, and its text."""
    return frame([(post.created, post.text, post.id) for post in posts], {"created": TIME, "text": "str", "id": "str"})


def ad_account_table(accounts: Iterable[AdAccount]) -> pd.DataFrame:
    """One row per ad account."""
    rows = [(account.name, account.id, account.status, account.currency, account.timezone) for account in accounts]
    return frame(rows, dict.fromkeys(["name", "id", "status", "currency", "timezone"], "str"))


def campaign_table(campaigns: Iterable[Campaign], insights: Iterable[Insight] = ()) -> pd.DataFrame:
    """One row per campaign, with its daily budget in whole units; with insights, also what was shown and spent."""
    shown = {insight.campaign_id: insight for insight in insights}
    rows = [
        (
            campaign.name,
            campaign.status,
            None if campaign.daily_budget is None else campaign.daily_budget / 100,
            shown[campaign.id].impressions if campaign.id in shown else None,
            float(shown[campaign.id].spend) if campaign.id in shown else None,
        )
        for campaign in campaigns
    ]
    columns = {"campaign": "str", "status": "str", "daily budget": "float64", "impressions": "Int64", "spend": "float64"}
    return frame(rows, columns).set_index("campaign")


def insight_table(insights: Iterable[Insight]) -> pd.DataFrame:
    """One row per span of days (and campaign): impressions, spend, and the cost of a thousand impressions."""
    rows = [
        (
            i.start,
            i.stop,
            i.campaign or "all",
            i.impressions,
            float(i.spend),
            round(float(i.spend) * 1000 / max(i.impressions, 1), 2),
        )
        for i in insights
    ]
    columns = {"from": "datetime64[s]", "to": "datetime64[s]", "campaign": "str", "impressions": "int64"}
    return frame(rows, columns | {"spend": "float64", "cost of 1000": "float64"}).round({"cost of 1000": 2})


def test_user_table(users: Iterable[TestUser]) -> pd.DataFrame:
    """One row per test user: id, e-mail where it was told, and the token's hint where there is one."""
    rows = [(user.id, user.email or "not told", user.token.hint if user.token else "none") for user in users]
    return frame(rows, dict.fromkeys(["id", "email", "token"], "str"))


def family_table(family: Iterable[Kin]) -> pd.DataFrame:
    """One row per token, indented below the one it was made with: what it acts as, what made it, when it ends, how it stands.

    why: Graph's numbers, and the beginning of its words.
    """
    rows = [
        (
            f"{'↳ ' * kin.depth}{kin.hint}",
            str(kin.kind),
            kin.whose,
            kin.call,
            "never" if kin.expires_at is NEVER else in_words(kin.expires_at) or "not told",
            kin.state,
            kin.since,
            shorten(kin.why, 64, placeholder=" …"),
        )
        for kin in family
    ]
    columns = dict.fromkeys(["token", "kind", "acts as", "made by", "ends", "state"], "str")
    return frame(rows, columns | {"since": TIME, "why": "str"})


def blast_table(radii: Mapping[str, Iterable[Kin]]) -> pd.DataFrame:
    """One row per event: how many tokens of each kind would die of it, and the error that the first of them would meet."""
    held = [(event, list(kin)) for event, kin in radii.items()]
    rows = [(event, _kinds(kin) or "none", kin[0].why if kin else "") for event, kin in held]
    return frame(rows, dict.fromkeys(["event", "tokens that would die", "error"], "str")).set_index("event")


def _kinds(family: Iterable[Kin]) -> str:
    return ", ".join(f"{count} {kind}" for kind, count in Counter(kin.kind for kin in family).items())


def event_table(happened: Iterable[tuple[datetime, str]]) -> pd.DataFrame:
    """One row per event of the sandbox: when, and what."""
    return frame(list(happened), {"when": TIME, "what happened": "str"})


def suspect_table(line_up: Mapping[str, Iterable[str]]) -> pd.DataFrame:
    """One row per answer that a line-up gave, in its first words: the suspects that it leaves."""
    rows = [(shorten(answer, 80, placeholder=" …"), ", ".join(names)) for answer, names in line_up.items()]
    return frame(rows, {"answer": "str", "suspects left": "str"})


def usage_table(usage: Usage) -> pd.DataFrame:
    """One row per limit that Graph told of: of what, how full in percent by each measure, and the minutes to wait, if any."""
    rows = [(load.limit, load.of, load.calls, load.cpu_time, load.total_time, load.minutes, load.tier) for load in usage.loads]
    columns = {"limit": "str", "of": "str", "calls %": "Float64", "cpu %": "Float64", "time %": "Float64"}
    return frame(rows, columns | {"minutes to wait": "Int64", "tier": "str"})


def instant(expiry: Expiry) -> datetime | None:
    """The expiry for a column of times, which has no NEVER."""
    return expiry if isinstance(expiry, datetime) else None


def frame(rows: Sequence[tuple[Any, ...]], columns: dict[str, str]) -> pd.DataFrame:
    """Rows as a frame. columns: name -> dtype."""
    series = {name: pd.Series([row[n] for row in rows], dtype=dtype) for n, (name, dtype) in enumerate(columns.items())}
    return pd.DataFrame(series)
