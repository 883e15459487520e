"""What the sandbox told in its file of variables, and what every test asks of it."""

from __future__ import annotations

import hashlib
import hmac
from dataclasses import dataclass, field
from urllib.parse import parse_qsl, urlsplit

SCOPES = ["public_profile", "email", "pages_show_list", "pages_read_engagement"]
VERSION = "v24.0"
WRONG_SECRET = "0" * 32
DAY = 86_400  # seconds


@dataclass(frozen=True, slots=True)
class Served:
    """A served sandbox. graph, dialog: the roots of its two hosts. expired_token: a user token that has died of age."""

    graph: str
    dialog: str
    app_id: str
    redirect_uri: str
    secret: str = field(repr=False)
    expired_token: str = field(repr=False)

    @classmethod
    def of(cls, text: str) -> Served:
        """From the lines of `fbnb sandbox --env-file`."""
        told = dict(line.split("=", 1) for line in text.splitlines() if not line.startswith("#"))
        names = "FB_BASE_URL FB_DIALOG_URL FB_APP_ID FB_REDIRECT_URI FB_APP_SECRET FB_EXPIRED_TOKEN".split()
        return cls(*(told[name] for name in names))

    @property
    def app_token(self) -> str:
        return f"{self.app_id}|{self.secret}"

    def proof(self, token: str) -> str:
        """The appsecret_proof of a token: HMAC-SHA256 of it with the app's secret, in hex."""
        return hmac.new(self.secret.encode(), token.encode(), hashlib.sha256).hexdigest()


def query(url: str) -> dict[str, str]:
    return dict(parse_qsl(urlsplit(url).query, keep_blank_values=True))
