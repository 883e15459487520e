"""The calendar of a fire drill: what goes wrong in its year, and when. Data, to be read, and to be changed."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from enum import Enum, auto

from fbnb.sandbox.events import Events
from fbnb.sandbox.world import Event

Make = Callable[[Events[Event]], Event]
"""What makes an event of a sandbox, such as `lambda on: on.log_out("Mara Quay")`."""


class Ours(Enum):
    """What goes wrong on our own side, where no sandbox can let it happen."""

    AWAY = auto()  # somebody does not log in again, whatever they are told
    CRASH = auto()  # an audit is broken off after its first verdict, and begun again an hour later
    LATE_CLOCK = auto()  # our machine's clock is a day behind Graph's
    MAIL_DOWN = auto()  # no notice can be said


@dataclass(frozen=True, slots=True)
class Incident:
    """Something that goes wrong in a drill.

    day: since its start; it happens six hours after that day's round. event: what happens to the world. days: how long it
    lasts, where it passes; ended_by: the event that ends it then. ours: what goes wrong with us instead. who: stays away.
    """

    what: str
    day: int
    event: Make | None = None
    days: int = 0
    ended_by: Make | None = None
    ours: Ours | None = None
    who: str = ""

    def holds(self, day: int) -> bool:
        """Whether it is going on at the round of a day."""
        return self.day < day <= self.day + self.days


MARA, BEN, INES, ROBOT = "Mara Quay", "Ben Tide", "Ines Voss", "Robot"


def _heal(on: Events[Event]) -> Event:
    return on.heal()


CALENDAR = (
    Incident("Ben changes the password", 12, lambda on: on.change_password(BEN)),
    Incident("the audit is killed", 25, ours=Ours.CRASH, days=1),
    Incident("Mara logs out", 33, lambda on: on.log_out(MARA)),
    Incident("Graph has trouble", 50, lambda on: on.fail(2), 1, _heal),
    Incident("Ines removes the app", 61, lambda on: on.remove_app(INES)),
    Incident("Graph does not answer", 70, lambda on: on.fail("timeout"), 1, _heal),
    Incident("Mara takes a permission back", 80, lambda on: on.remove_permission(MARA, "", "pages_read_engagement")),
    Incident("Mara unticks a Page", 92, lambda on: on.untick_page(MARA, "", "Lighthouse Books")),
    Incident("Ben stays away for months", 100, ours=Ours.AWAY, days=130, who=BEN),
    Incident("Mara loses a role", 110, lambda on: on.change_role(MARA, "Fish Market")),
    Incident("a Page is deleted", 121, lambda on: on.delete_page("Ferry Timetable")),
    Incident("no mail goes out", 130, ours=Ours.MAIL_DOWN, days=4),
    Incident("Facebook resets Mara's sessions", 131, lambda on: on.reset_sessions(MARA)),
    Incident("the app's calls are limited", 150, lambda on: on.fail(4), 1, _heal),
    Incident("renewals are refused", 162, lambda on: on.fail(368, path="oauth/access_token"), 4, _heal),
    Incident("Meta blocks the app", 172, lambda on: on.block_app(), 1, lambda on: on.reactivate_app()),
    Incident("Facebook questions Mara", 180, lambda on: on.question(MARA), 3, lambda on: on.clear(MARA)),
    Incident("our clock is set back", 200, ours=Ours.LATE_CLOCK, days=1),
    Incident("Graph answers with pages of error", 215, lambda on: on.fail("html"), 1, _heal),
    Incident("the app's secret is reset", 245, lambda on: on.reset_secret()),
    Incident(
        "a Page is unpublished", 260, lambda on: on.hide_page("Harbour Bakery"), 5, lambda on: on.show_page("Harbour Bakery")
    ),
    Incident("a call ends Ben's sessions", 275, lambda on: on.invalidate(BEN)),
    Incident("a business demands two factors", 290, lambda on: on.demand_two_factor("Harbour Street Collective")),
    Incident("the system user is deleted", 305, lambda on: on.delete_system_user(ROBOT)),
    Incident("Facebook doubts Ines's account", 330, lambda on: on.unconfirm(INES)),
)
"""A year of it. Some is for good, some passes; some is ours."""
