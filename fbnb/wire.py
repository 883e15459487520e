"""What went over the wire, secrets hidden before anything is kept: nothing here could leak one if it tried."""

from __future__ import annotations

import json
import threading
from collections import deque
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from fbnb.redact import redact, redact_json, redact_params
from fbnb.usage import HEADERS as USAGE_HEADERS

KEPT = 1000
CREDENTIALS = frozenset({"access_token", "appsecret_proof", "appsecret_time"})
"""The parameters by which a client says who is asking."""
_HEADERS = ("facebook-api-version", "www-authenticate", "retry-after", *USAGE_HEADERS, "location")


@dataclass(frozen=True, slots=True)
class Exchange:
    """One request and its answer, as they may be shown.

    at: when it was sent (aware UTC). params: names and redacted values. status: None where nothing came back. answer:
    the decoded, redacted body.
    """

    number: int
    at: datetime
    method: str
    host: str
    path: str
    params: Mapping[str, str]
    status: int | None = None
    answer: Any = None
    headers: Mapping[str, str] = field(default_factory=dict)

    @property
    def request(self) -> str:
        """One line: method, path and parameters."""
        query = "&".join(f"{name}={value}" for name, value in self.params.items())
        return f"{self.method} {self.path}{'?' if query else ''}{query}"

    @property
    def answer_text(self) -> str:
        """The answer as JSON, or as the text it was."""
        return self.answer if isinstance(self.answer, str) else json.dumps(self.answer, ensure_ascii=False)


@dataclass(slots=True)
class Wire:
    """The last exchanges of a client, oldest first. brief: of their parameters and answers none are kept."""

    exchanges: deque[Exchange] = field(default_factory=lambda: deque(maxlen=KEPT))
    count: int = 0
    brief: bool = False
    _lock: threading.Lock = field(default_factory=threading.Lock, repr=False, compare=False)

    def record(
        self,
        at: datetime,
        method: str,
        url: tuple[str, str],
        params: Mapping[str, str],
        outcome: tuple[int | None, Any, Mapping[str, str]],
        known: Iterable[str],
    ) -> Exchange:
        """Keep one exchange, redacted. url: host and path. outcome: status, body, headers. known: the secrets it carried."""
        status, body, headers = outcome
        with self._lock:
            self.count += 1
            exchange = Exchange(
                number=self.count,
                at=at,
                method=method,
                host=url[0],
                path=redact(url[1], known),
                params={} if self.brief else redact_params(params, known),
                status=status,
                answer=None if self.brief else redact_json(body, known),
                headers={name: redact(headers[name], known) for name in _HEADERS if name in headers},
            )
            self.exchanges.append(exchange)
            return exchange

    def since(self, number: int) -> list[Exchange]:
        """The exchanges after a number, such as an earlier `count`."""
        with self._lock:
            return [exchange for exchange in self.exchanges if exchange.number > number]

    def last(self, count: int = 1) -> list[Exchange]:
        """The last few, oldest first."""
        with self._lock:
            return list(self.exchanges)[-count:]
