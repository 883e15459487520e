"""Twin of flows/device_login: a code to show, a person who types it in elsewhere, a device that polls meanwhile."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import timedelta
from typing import Any

from fbnb.catalogue import permissions
from fbnb.errors import DialogRefused, InputError
from fbnb.sandbox.callers import caller
from fbnb.sandbox.consent import Choice, agree, barred_in_development, follow_instructions
from fbnb.sandbox.judge import data_access_end
from fbnb.sandbox.messages import DIALOG_HOST, Asked, Refusal
from fbnb.sandbox.oauth import bearer, long_lived, scopes_of
from fbnb.sandbox.records import DeviceRecord, TokenRecord
from fbnb.sandbox.world import World
from fbnb.tokens import TokenKind

INTERVAL = 5


def start_device_login(world: World, asked: Asked) -> dict[str, Any]:
    """`POST /device/login`, with a client token: a code to poll with, and one for the person to type in."""
    token = _client(world, asked)
    scopes = scopes_of(asked)
    if unknown := sorted(scopes - set(permissions())):
        raise Refusal(100, f"(#100) Invalid Scopes: {', '.join(unknown)}")
    code = world.next_digest("device", 32)
    user_code = re.sub(r"\d", lambda digit: chr(ord("G") + int(digit.group())), world.digest(f"user code/{code}", 8).upper())
    world.devices[code] = DeviceRecord(token.app, user_code, scopes, world.moment())
    told = {"code": code, "user_code": user_code, "verification_uri": asked.address(DIALOG_HOST, "device")}
    return told | {"expires_in": world.defaults.device_seconds, "interval": INTERVAL}


def poll_device_login(world: World, asked: Asked) -> dict[str, Any]:
    """`POST /device/login_status`: the token once the person agreed; until then a refusal that says how things stand."""
    token = _client(world, asked)
    device = world.devices.get(asked.get("code"))
    if device is None or device.app != token.app:
        raise Refusal(100, world.defaults.device_unknown)
    world.devices[asked.get("code")] = replace(device, polled=world.moment())
    _check(world, device)
    del world.devices[asked.get("code")]
    made = long_lived(world, device.app, device.person, "device/login_status")
    told = bearer(world, made)
    del told["token_type"]
    return told | {"data_access_expiration_time": int(data_access_end(world, made).timestamp())}


def _client(world: World, asked: Asked) -> TokenRecord:
    refusal = Refusal(190, "(#190) This method must be called with a client access token")
    token = caller(world, asked, missing=refusal)
    if token.kind is not TokenKind.CLIENT:
        raise refusal
    return token


def _check(world: World, device: DeviceRecord) -> None:
    if _over(world, device):
        words = "The code you entered has expired. Please go back to your device for a new code and try again."
        raise Refusal(463, "The session has expired", 1349152, more=_said("Activation Code Expired", words))
    if device.polled and world.now() - device.polled.at < timedelta(seconds=INTERVAL):
        # "minium" is how Meta spells it.
        words = f"Your device is polling too frequently. Space your requests with a minium interval of {INTERVAL} seconds."
        raise Refusal(17, "User request limit reached", 1349172, more=_said("OAuth Device Excessive Polling", words))
    if device.answer == "declined":
        raise Refusal(100, world.defaults.device_declined, 1349173)
    if not device.answer:
        words = "User has not yet authorized your application. Continue polling."
        message, title = "This request requires the user to take a pending action", "Device Login Authorization Pending"
        raise Refusal(31, message, 1349174, more=_said(title, words))


def _over(world: World, device: DeviceRecord) -> bool:
    return world.now() >= device.issued.at + timedelta(seconds=world.defaults.device_seconds)


def _said(title: str, words: str) -> dict[str, Any]:
    return {"is_transient": False, "error_user_title": title, "error_user_msg": words}


def answer_device(world: World, user_code: str, choice: Choice) -> None:
    """What a person does on the device page: types the code in, and allows or declines.

    Raises InputError: no such code. DialogRefused: the app is in development, and the person has no role on it.
    """
    code = waiting(world, user_code)
    if not code:
        raise InputError(f"No device is waiting with the code {user_code}.", remedy="Start the login again on the device.")
    if barred_in_development(world, world.apps[world.devices[code].app], choice.person):
        raise DialogRefused("App Not Setup: This app is still in development mode, and you don't have access to it.")
    answered(world, code, choice)


def waiting(world: World, user_code: str) -> str:
    """The code that the device polls with which shows this one; "" for none."""
    typed = user_code.strip().upper()
    shown = [code for code, device in world.devices.items() if (device.user_code, device.answer) == (typed, "")]
    return shown[0] if shown and not _over(world, world.devices[shown[0]]) else ""


def answered(world: World, code: str, choice: Choice) -> None:
    """The person's answer, noted for when the device asks."""
    device = world.devices[code]
    if not choice.cancel:
        follow_instructions(world, choice.person)
        agree(world, device.app, choice, device.scopes)
    world.devices[code] = replace(device, person=choice.person, answer="declined" if choice.cancel else "granted")
