"""Which app, which Graph version, which target: from the environment or an `.env` file, each variable checked."""

from __future__ import annotations

import difflib
import os
import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from enum import StrEnum
from ipaddress import ip_address
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from fbnb.errors import SettingError
from fbnb.redact import ELLIPSIS, Secret

_KNOWN = frozenset(
    f"FBNB_{name}"
    for name in (
        "TARGET APP_ID APP_SECRET CLIENT_TOKEN VERSION REDIRECT_URI WORLD"
        " STORE STORE_PASSPHRASE STORE_NEW_PASSPHRASE SMTP MAIL_FROM MAIL_TO LOGIN_LINK APP_NAME"
    ).split()
)
DEFAULT_VERSION = "v26.0"
DEFAULT_REDIRECT_URI = "http://localhost:8400/callback"


class Target(StrEnum):
    """Where calls go: a sandbox in this process, Graph itself, or a sandbox that is served on this machine."""

    SANDBOX = "sandbox"
    LIVE = "live"
    SERVED = "served"


_NEEDED_BY = {Target.LIVE: "live Graph", Target.SERVED: "a served sandbox"}
_TARGETS = "It is sandbox, live, or where fbnb sandbox serves one on this machine, such as http://127.0.0.1:8765."
_FROM_SANDBOX = "The file that fbnb sandbox --env-file FILE writes has it: set -a; . FILE; set +a"
_SECRET_SHAPE = "It is 32 characters of 0-9 and a-f, on the app's dashboard (Settings, Basic, Show)."
_CLIENT_TOKEN_SHAPE = "It is 32 characters of 0-9 and a-f, on the app's dashboard (Settings, Advanced, Security)."


@dataclass(frozen=True, slots=True)
class Settings:
    """One app on one target. Raises SettingError for a value that cannot be right, naming its variable.

    served: where the sandbox of Target.SERVED is, such as http://127.0.0.1:8765; "" for any other target.
    """

    target: Target = Target.SANDBOX
    app_id: str = ""
    app_secret: Secret | None = None
    version: str = DEFAULT_VERSION
    redirect_uri: str = DEFAULT_REDIRECT_URI
    world: Path | None = None
    client_token: Secret | None = None
    served: str = ""

    def __post_init__(self) -> None:
        _check_target(self.target, self.served)
        _check_app_id(self.app_id, self.target)
        _check_secret("FBNB_APP_SECRET", self.app_secret, _SECRET_SHAPE)
        _check_secret("FBNB_CLIENT_TOKEN", self.client_token, _CLIENT_TOKEN_SHAPE)
        _check_version(self.version)
        _check_redirect_uri(self.redirect_uri)


def load_settings(target: str | None = None, environ: Mapping[str, str] | None = None, folder: Path | None = None) -> Settings:
    """Settings from FBNB_* variables; the environment wins over `.env` in `folder` (default: here) or its parent.

    Raises SettingError: a variable is missing or malformed.
    """
    told = _told(environ, folder or Path.cwd())
    if isinstance(told, SettingError):
        raise told
    settings = Settings(**told | _target(target or told["target"]))
    if settings.app_secret is None:
        _check_not_needed("FBNB_APP_SECRET", settings.target, _SECRET_SHAPE)
    return settings


def _told(environ: Mapping[str, str] | None, folder: Path) -> dict[str, Any] | SettingError:
    """The fields of Settings, the secret already one: no frame that still has it in clear can be part of a traceback."""
    found = _variables(os.environ if environ is None else environ, folder)
    if isinstance(found, SettingError):
        return found
    secret, client_token, world = found.get("FBNB_APP_SECRET"), found.get("FBNB_CLIENT_TOKEN"), found.get("FBNB_WORLD")
    return {
        "target": found.get("FBNB_TARGET", Target.SANDBOX),
        "app_id": found.get("FBNB_APP_ID", ""),
        "app_secret": Secret(secret) if secret else None,
        "version": found.get("FBNB_VERSION", DEFAULT_VERSION),
        "redirect_uri": found.get("FBNB_REDIRECT_URI", DEFAULT_REDIRECT_URI),
        "world": Path(world) if world else None,
        "client_token": Secret(client_token) if client_token else None,
    }


def variable(name: str) -> Secret:
    """One FBNB_ variable that is no setting of the client, found as those are, and hidden: it may have a password in it.

    Raises SettingError: the file `.env` cannot be read, or a variable is misspelt.
    """
    found = _variables(os.environ, Path.cwd())
    value = found if isinstance(found, SettingError) else Secret(found.get(name, ""), shown=ELLIPSIS)
    del found
    if isinstance(value, SettingError):
        raise value
    return value


def _variables(environ: Mapping[str, str], folder: Path) -> dict[str, str] | SettingError:
    found: dict[str, str | None] = {}
    # A notebook's kernel stands in notebooks/, the .env usually one folder up.
    for place in (folder.parent, folder):
        if (place / ".env").is_file():
            from dotenv import dotenv_values  # most have no such file

            try:
                found |= {name: value for name, value in dotenv_values(place / ".env", interpolate=False).items() if value}
            except (UnicodeDecodeError, OSError) as wrong:
                problem = f"The file .env cannot be read ({type(wrong).__name__})."
                return SettingError(problem, remedy="Save it as UTF-8, readable by you.")
    found |= {name: value for name, value in environ.items() if value}
    ours = {name: value.strip() for name, value in found.items() if name.startswith("FBNB_") and value and value.strip()}
    return _misspelt(ours.keys()) or ours


def _misspelt(names: Collection[str]) -> SettingError | None:
    for name in sorted(set(names) - _KNOWN):
        if meant := difflib.get_close_matches(name, _KNOWN, n=1, cutoff=0.85):
            return SettingError(f"There is no variable {name}.", remedy=f"Did you mean {meant[0]}?")
    return None


def _target(text: str) -> dict[str, Any]:
    """The fields of Settings that say where calls go."""
    if "://" in text:
        return {"target": Target.SERVED, "served": text.lower().rstrip("/")}
    try:
        return {"target": Target(text.lower())}
    except ValueError:
        raise SettingError(f"FBNB_TARGET is {text!r}.", remedy=_TARGETS) from None


def _check_target(target: Target, served: str) -> None:
    if (target is Target.SERVED) != bool(served):
        raise SettingError(f"FBNB_TARGET is {target.value!r}, {'with' if served else 'without'} an address.", remedy=_TARGETS)
    if served and not _is_near(served):  # and not shown: what is pasted in the wrong place may have a password in it
        raise SettingError("FBNB_TARGET is not the address of a sandbox on this machine.", remedy=_TARGETS)


def _is_near(url: str) -> bool:
    """Whether it is no more than scheme, host and port, and the host is this machine."""
    try:
        parts = urlsplit(url)
        _ = parts.port  # only reading it checks it
        near = parts.hostname == "localhost" or ip_address(parts.hostname or "").is_loopback
    except ValueError:
        return False
    return near and "@" not in parts.netloc and url == f"http://{parts.netloc}"


def _check_not_needed(variable: str, target: Target, shape: str) -> None:
    if target in _NEEDED_BY:
        remedy = _FROM_SANDBOX if target is Target.SERVED else shape
        raise SettingError(f"{variable} is not set, and {_NEEDED_BY[target]} needs it.", remedy=remedy)


def _check_app_id(app_id: str, target: Target) -> None:
    shape = "It is the number of 13 to 17 digits on the app's dashboard (Settings, Basic)."
    if not app_id:
        _check_not_needed("FBNB_APP_ID", target, shape)
        return
    if re.fullmatch(r"[0-9a-f]{32}", app_id):
        raise SettingError(
            "FBNB_APP_ID holds what looks like an app secret.", remedy=f"{shape} Reset the secret if it was shown to anyone."
        )
    if not re.fullmatch(r"[0-9]{5,20}", app_id):
        raise SettingError("FBNB_APP_ID is not a number.", remedy=shape)


def _check_secret(variable: str, secret: Secret | None, shape: str) -> None:
    if secret is None:
        return
    noun = "an app secret" if variable == "FBNB_APP_SECRET" else "a client token"
    if not isinstance(secret, Secret):
        raise SettingError(f"{variable} is a plain string.", remedy="Write Secret(...) around it, so that nothing shows it.")
    if not re.fullmatch(r"[0-9a-f]{32}", secret.reveal()):
        raise SettingError(f"{variable} does not look like {noun}.", remedy=shape)


def _check_version(version: str) -> None:
    if not re.fullmatch(r"v\d+\.\d+", version):
        number = re.fullmatch(r"v?(\d+)(?:\.(\d+))?", version)
        meant = f"v{number.group(1)}.{number.group(2) or 0}" if number else DEFAULT_VERSION
        raise SettingError(f"FBNB_VERSION is {version!r}.", remedy=f"Did you mean {meant}?")


def _check_redirect_uri(uri: str) -> None:
    try:
        parts = urlsplit(uri)
        _ = parts.port  # only reading it checks it
    except ValueError:
        parts = urlsplit("")
    if parts.scheme not in {"http", "https"} or not parts.netloc or parts.fragment:
        raise SettingError(
            f"FBNB_REDIRECT_URI is {uri!r}.", remedy=f"It is a whole URL without #, such as {DEFAULT_REDIRECT_URI}."
        )
