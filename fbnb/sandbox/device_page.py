"""The page on which a person types in the code that a device shows, and says what the app on it gets."""

from __future__ import annotations

from fbnb.sandbox.consent import barred_in_development, chosen, offer
from fbnb.sandbox.device_login import answered, waiting
from fbnb.sandbox.login import NOT_SET_UP
from fbnb.sandbox.messages import Answer, Asked
from fbnb.sandbox.pages import ask_for_consent, message, page
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
    if choice.person not in world.people or barred_in_development(world, app, choice.person):
        return message("App Not Setup", NOT_SET_UP.partition(": ")[2])
    if asked.method == "GET":
        return ask_for_consent(world, asked, offer(world, app, choice.person, device.scopes), "your device")
    answered(world, code, choice)
    return message("Back to your device", "You said no, and it will know." if choice.cancel else "It is logged in now.")
