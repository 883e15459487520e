"""Device login: a television shows a code, the person types it in on a phone, the television polls until they have."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

from tqdm.auto import tqdm

from fbnb.answers import part, read
from fbnb.catalogue import scope_list
from fbnb.client import GraphClient
from fbnb.errors import LoginPending, RateLimited
from fbnb.flows.app_tokens import compose_client_token
from fbnb.flows.login import token_from_answer
from fbnb.redact import Secret
from fbnb.settings import Target
from fbnb.tokens import AccessToken, expiry_from_epoch


@dataclass(frozen=True, slots=True)
class DeviceLogin:
    """A login under way. user_code: to show, with verification_uri. code: to poll with, every `interval` seconds."""

    code: Secret
    user_code: str
    verification_uri: str
    expires_at: datetime
    interval: int

    def __repr__(self) -> str:
        until = f"until {self.expires_at:%Y-%m-%d %H:%M:%S} UTC"
        return f"DeviceLogin({self.user_code} at {self.verification_uri}, {until}, a poll every {self.interval} s)"

    @property
    def qr_url(self) -> str:
        """The address with the code in it, for a QR code. Source: Meta, Android SDK."""
        return f"https://facebook.com/device?user_code={self.user_code}&qr=1"


def start_device_login(client: GraphClient, scopes: Iterable[str] | str = ()) -> DeviceLogin:
    """A code to show and one to poll with. Uses the client token, never the app secret.

    Raises SettingError: FBNB_CLIENT_TOKEN is not set. WrongTokenKind: it is not this app's client token.
    Source: Meta, "Facebook Login for Devices".
    """
    token = compose_client_token(client.settings)
    answer = client.without_secret().post("device/login", token, scope=scope_list(scopes) or None)
    with read():
        seconds, interval = int(answer["expires_in"]), int(answer["interval"])
    return DeviceLogin(
        part(answer, "code", Secret),
        part(answer, "user_code", str),
        part(answer, "verification_uri", str),
        client.now() + timedelta(seconds=seconds),
        interval,
    )


def poll_device_login(client: GraphClient, login: DeviceLogin) -> AccessToken:
    """Ask once whether the person has answered; a user token of 60 days if they agreed.

    Raises LoginPending: not yet. RateLimited: asked again too soon. LoginDeclined. CodeRejected: the code has expired.
    Source: Meta, "Facebook Login for Devices".
    """
    answer = client.without_secret().post("device/login_status", compose_client_token(client.settings), code=login.code)
    token = token_from_answer(client, answer, label="from a device")
    with read():
        until = expiry_from_epoch(answer.get("data_access_expiration_time"))
    return AccessToken(token.value, token.kind, token.label, token.issued_at, token.expires_at, until)


def wait_for_device_login(client: GraphClient, login: DeviceLogin) -> AccessToken:
    """Poll at the login's interval, by the client's clock, until the person answers or the code expires.

    Raises LoginDeclined. CodeRejected: nobody answered in time.
    """
    seconds = int((login.expires_at - client.now()).total_seconds())
    with tqdm(total=max(seconds, 0), desc=login.user_code, unit="s", disable=client.settings.target is Target.SANDBOX) as bar:
        while True:
            try:
                return poll_device_login(client, login)
            except (LoginPending, RateLimited):
                if client.now() > login.expires_at:
                    raise  # Graph should have said so itself by now
                client.clock.sleep(login.interval)
                bar.update(login.interval)
