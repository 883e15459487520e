"""`fbnb sandbox`: serve a sandbox until told to stop, and tell other programs how to reach it."""

from __future__ import annotations

import json
from collections.abc import Callable
from contextlib import nullcontext
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from secrets import token_urlsafe
from urllib.parse import urlencode

from fbnb.redact import Secret
from fbnb.sandbox import env_file
from fbnb.sandbox.control import Sandbox
from fbnb.sandbox.serve import serving
from fbnb.sandbox.variables import variables
from fbnb.settings import load_settings


@dataclass(frozen=True, slots=True)
class Wish:
    """How a sandbox is to be served. at: what its clock reads at first. frozen: and goes on reading, until it is moved."""

    host: str
    port: int
    world: Path | None = None
    at: datetime | None = None
    frozen: bool = False
    env_file: Path | None = None
    as_json: bool = False


def run(wish: Wish, told_to_stop: Callable[[], object]) -> None:
    """Serve until `told_to_stop` returns. Raises InputError, WorldError: it cannot be served like that."""
    world, key = wish.world or load_settings("sandbox").world, Secret(token_urlsafe())
    sandbox = Sandbox(world, at=wish.at, frozen=wish.frozen)
    with serving(sandbox, key, host=wish.host, port=wish.port) as url:
        told = variables(sandbox, url, key)
        with env_file.kept(wish.env_file, told) if wish.env_file else nullcontext():
            print(json.dumps(told) if wish.as_json else _greeting(sandbox, told, wish), flush=True)  # noqa: T201 - the command line speaks
            told_to_stop()


def _greeting(sandbox: Sandbox, told: dict[str, str], wish: Wish) -> str:
    asked = {"client_id": told["FB_APP_ID"], "redirect_uri": told["FB_REDIRECT_URI"], "scope": "email,pages_show_list"}
    return "\n".join(
        (
            f"Graph      {told['FB_BASE_URL']}/v26.0/",
            f"the dialog {told['FB_DIALOG_URL']}/v26.0/dialog/oauth?{urlencode(asked)}",
            f"a device   {told['FB_DIALOG_URL']}/device",
            f"the clock  {sandbox.clock.now():%Y-%m-%d %H:%M} UTC, {'standing still' if wish.frozen else 'running'}",
            f"variables  {wish.env_file or '--env-file FILE writes them, --json prints them'}",
            "Ctrl-C stops it.",
        )
    )
