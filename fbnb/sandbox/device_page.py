"""The page on which a person types in the code that a device shows, and says what the app on it gets."""

from __future__ import annotations

from fbnb.sandbox.consent import barred_in_development, chosen, offer
from fbnb.sandbox.device_login import answered, waiting
from fbnb.sandbox.judge import app_deleted, app_stopped
from fbnb.sandbox.login import NOBODY, NOT_SET_UP, UNAVAILABLE
from fbnb.sandbox.messages import Answer, Asked
from fbnb.sandbox.pages import ask_for_consent, message, page
from fbnb.sandbox.seed import App
from fbnb.sandbox.world import World


def device_page(world: World, asked: Asked) -> Answer:
    """`/device`: a place to type the code in, then what the app asks, then a page that sends the person back to the device."""
    typed = asked.get("user_code")
    code = waiting(world, typed)
    if not code:
        problem = "No device is waiting with that code. Look at the device again: it may show a new one." if typed else ""
        return page("device", typed=typed, problem=problem)
    device = world.devices[code]
    app = world.apps[device.app]
    choice = chosen(world, asked, app)
    if refused := _barred(world, app, choice.person):
        return refused
    if asked.method == "GET":
        return ask_for_consent(world, asked, offer(world, app, choice.person, device.scopes), "your device")
    answered(world, code, choice)
    return message("Back to your device", "You said no, and it will know." if choice.cancel else "It is logged in now.")


def _barred(world: World, app: App, person: str) -> Answer | None:
    """What this person sees of this app in place of its question."""
    if app_deleted(world, app.id) or app_stopped(world, app.id):
        return message(*UNAVAILABLE.split(": ", 1))
    if person not in world.people:
        return message(*NOBODY.split(": ", 1))
    return message(*NOT_SET_UP.split(": ", 1)) if barred_in_development(world, app, person) else None
