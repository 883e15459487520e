"""How close to a limit: the usage headers of Graph's answers, read. What is not as Meta documents it yields no figure."""

from __future__ import annotations

import json
import math
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from functools import lru_cache
from typing import Any

HEADERS = ("x-app-usage", "x-page-usage", "x-business-use-case-usage", "x-ad-account-usage")
_WHOLE = {"x-app-usage": "app", "x-page-usage": "page"}
_WINDOWS = {"pages": timedelta(days=1)}  # of the others Meta says an hour
_MINUTE, _MOST = timedelta(minutes=1), 1_000_000


@dataclass(frozen=True, slots=True)
class Load:
    """How full one limit is, in percent: by calls, by processor time, by time in all; None where that was not told.

    limit: app, page, ad account, or a business use case such as pages or ads_management. of: the id of the business object.
    minutes: to wait until calls are served again, 0 while they are. tier: of access to the ads API. at: when the call was
    sent whose answer told, aware UTC.
    """

    limit: str
    of: str = ""
    calls: float | None = None
    cpu_time: float | None = None
    total_time: float | None = None
    minutes: int = 0
    tier: str = ""
    at: datetime | None = field(default=None, compare=False)

    @property
    def percent(self) -> float:
        """The fullest of the three, which decides."""
        return max((part for part in (self.calls, self.cpu_time, self.total_time) if part is not None), default=0)


@dataclass(frozen=True, slots=True)
class Usage:
    """How full each limit was by the latest answer that told of it."""

    loads: tuple[Load, ...] = ()

    @property
    def nearest(self) -> Load | None:
        """The limit that will be met first; None where Graph told of none."""
        return max(self.loads, key=lambda load: (load.minutes, load.percent), default=None)

    @property
    def percent(self) -> float:
        """How full the nearest is; 0 where Graph told of none, as it does until there is enough traffic."""
        return self.nearest.percent if self.nearest else 0

    @property
    def minutes(self) -> int:
        """How long to wait until every call is served again, as far as Graph has told."""
        return max((load.minutes for load in self.loads), default=0)


def usage_of(headers: Mapping[str, str], at: datetime | None = None) -> Usage:
    """What the usage headers of an answer say. headers: names in lower case. at: when its call was sent."""
    return Usage(tuple(replace(load, at=at) for load in _all(headers)))


def latest_usage(answers: Iterable[tuple[datetime, Mapping[str, str]]], now: datetime) -> Usage:
    """The same over many answers, newest first: of each limit the newest figure, and of its minutes what is left of them.

    A figure older than its limit's window says nothing any more, unless Graph told to wait for longer.
    """
    newest = dict[tuple[str, str], Load]()
    for sent, headers in answers:
        for load in _all(headers):
            limit, age = (load.limit, load.of), now - sent
            if limit in newest:
                continue
            left = max(0, load.minutes - int(age / _MINUTE))
            if left or age < _WINDOWS.get(load.limit, timedelta(hours=1)):
                newest[limit] = replace(load, minutes=left, at=sent)
    return Usage(tuple(newest.values()))


def told_wait(headers: Mapping[str, str]) -> float | None:
    """Seconds after which Graph says to call again: `Retry-After`, else the longest of the usage headers; None: not told."""
    told = headers.get("retry-after", "").strip()
    if told.isascii() and told.isdecimal() and len(told) < 9:
        return float(told)
    return usage_of(headers).minutes * 60.0 or None


def _all(headers: Mapping[str, str]) -> Iterator[Load]:
    return (load for name in HEADERS if name in headers for load in _told(name, headers[name]))


@lru_cache(maxsize=2048)
def _told(name: str, text: str) -> tuple[Load, ...]:
    """What one header says: `latest_usage` reads the same thousand headers after every answer."""
    return tuple(_loads(name, text))


def _loads(name: str, text: str) -> Iterator[Load]:
    value = _json(text)
    if not isinstance(value, dict):
        return
    if name in _WHOLE:
        yield from _known([_load(_WHOLE[name], "", value)])
    elif name == "x-ad-account-usage":
        yield from _known([_of_account(value)])
    else:
        cases = ((str(id), case) for id, told in value.items() if isinstance(told, list) for case in told)
        yield from _known(_load(_text(case.get("type")), id, case) for id, case in cases if isinstance(case, dict))


def _known(loads: Iterable[Load]) -> Iterator[Load]:
    """Those that have a figure."""
    return (load for load in loads if (load.calls, load.cpu_time, load.total_time) != (None, None, None))


def _load(limit: str, id: str, told: dict[str, Any]) -> Load:
    calls, cpu_time, total_time = (_number(told.get(name)) for name in ("call_count", "total_cputime", "total_time"))
    minutes = math.ceil(_number(told.get("estimated_time_to_regain_access")) or 0)
    return Load(limit, id, calls, cpu_time, total_time, minutes, _text(told.get("ads_api_access_tier")))


def _of_account(told: dict[str, Any]) -> Load:
    # Its reset_time_duration is until the limit stands at 0 again, far longer than until calls are served again.
    return Load("ad account", calls=_number(told.get("acc_id_util_pct")), tier=_text(told.get("ads_api_access_tier")))


def _json(text: str) -> Any:
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        return None


def _number(value: object) -> float | None:
    """A figure as Graph gives it; None for what is none, or none that can be meant."""
    fits = isinstance(value, int | float) and not isinstance(value, bool) and 0 <= value <= _MOST
    return value if fits and isinstance(value, int | float) else None


def _text(value: object) -> str:
    return value if isinstance(value, str) else ""
