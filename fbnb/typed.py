"""What a person typed to say which app on which target: as settings, and by field what is wrong with it. No widgets."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from fbnb.errors import SettingError
from fbnb.kit import sandbox_client
from fbnb.redact import ELLIPSIS, Secret
from fbnb.sandbox import Sandbox
from fbnb.settings import DEFAULT_REDIRECT_URI, DEFAULT_VERSION, Settings, Target, load_settings, variable

# Each field's variable, which an error names first, and a value that passes while the other fields are looked at.
VARIABLES = {
    "served": ("FBNB_TARGET", "http://127.0.0.1:8765"),
    "app_id": ("FBNB_APP_ID", "1000000000001"),
    "app_secret": ("FBNB_APP_SECRET", "0" * 32),
    "version": ("FBNB_VERSION", DEFAULT_VERSION),
    "redirect_uri": ("FBNB_REDIRECT_URI", DEFAULT_REDIRECT_URI),
}
_FIELD_OF = {variable: name for name, (variable, _) in VARIABLES.items()}
_SECRET_LIKE = VARIABLES["app_secret"][1]
_ANOTHERS = "The secret of this app is not known: that of FBNB_APP_SECRET is for the app of FBNB_APP_ID. Type this one's."


def where(target: Target, served: str) -> str:
    """The target as `load_settings` takes it."""
    address = served.strip().lower().rstrip("/")
    return target.value if target is not Target.SERVED else address if "://" in address else f"http://{address}"


def read(where: str, typed: dict[str, str], secret: Secret | None) -> tuple[Settings, dict[str, str]]:
    """What is typed as settings, and by field what is wrong with it. Raises SettingError: what is wrong is in no field."""
    told = dict(os.environ) | {VARIABLES[name][0]: words for name, words in typed.items() if words}
    if typed["app_id"] == ELLIPSIS:  # all that its field left of a secret, and the error is to be that of one
        told["FBNB_APP_ID"] = _SECRET_LIKE
    # The secret and the client token of the variables are for the app of the variables, and go with no other.
    another = bool(typed["app_id"]) and typed["app_id"] != variable("FBNB_APP_ID").reveal()
    own: dict[str, Any] = ({"client_token": None} if another else {}) | ({"app_secret": secret} if another or secret else {})
    if secret or (another and variable("FBNB_APP_SECRET")):
        told["FBNB_APP_SECRET"] = _SECRET_LIKE
    settings, wrong = _checked(where, told, own)
    if another and not secret and settings.target is not Target.SANDBOX:
        wrong.setdefault("app_secret", _ANOTHERS)
    return settings, wrong


def _checked(where: str, told: dict[str, str], own: Mapping[str, Any]) -> tuple[Settings, dict[str, str]]:
    """The settings that variables say, but for the app's `own`; of what is wrong something passing takes the place."""
    wrong = dict[str, str]()
    while True:
        try:
            return replace(load_settings(where, told), **own), wrong
        except SettingError as problem:
            name = _FIELD_OF.get(problem.problem.split()[0], "")
            if not name:
                raise
            wrong[name] = str(problem)
        told[VARIABLES[name][0]] = VARIABLES[name][1]
        where = told["FBNB_TARGET"] if name == "served" else where
        own = {} if name == "app_secret" else own


def of_world(sandbox: Sandbox, settings: Settings, typed: dict[str, str], secret: Secret | None) -> Settings:
    """Settings of an app of the sandbox's world. What was typed is kept, right or wrong: it is the sandbox that refuses it."""
    own = sandbox_client(sandbox, settings).settings
    if (id := typed["app_id"] or own.app_id) != own.app_id:
        app = sandbox.world.apps.get(id)
        codes = (Secret(app.secret), Secret(app.client_token)) if app else (None, None)
        own = replace(own, app_id=id, app_secret=codes[0], client_token=codes[1])
    return replace(own, app_secret=secret or own.app_secret, redirect_uri=typed["redirect_uri"] or own.redirect_uri)
