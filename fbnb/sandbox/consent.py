"""What an app asks a person, what the person chooses, and the grant that follows: the heart of every login."""

from __future__ import annotations

from dataclasses import dataclass

from fbnb.catalogue import PermissionFacts, permissions, roles
from fbnb.sandbox.facts import AccountTroubled, AppUsed, Grant
from fbnb.sandbox.messages import Asked
from fbnb.sandbox.seed import App, PageSeed, Person
from fbnb.sandbox.world import World

_ALWAYS_GRANTED = frozenset({"public_profile"})


@dataclass(frozen=True, slots=True)
class Choice:
    """What a person does in the dialog.

    person: an id. decline: permissions unticked. pages: ids ticked, None for all or, where they were ticked before, no
    change. cancel: closes the dialog instead.
    """

    person: str
    decline: frozenset[str] = frozenset()
    pages: frozenset[str] | None = None
    cancel: bool = False


@dataclass(frozen=True, slots=True)
class Offer:
    """What the dialog puts before a person.

    asks: permissions to grant or decline. kept: those granted before. withheld: those declined before and not asked again.
    pages: those to share, each with the person's role there and whether it is ticked. fixed: all of it, or nothing.
    """

    app: App
    person: Person
    asks: tuple[PermissionFacts, ...]
    kept: tuple[str, ...]
    withheld: tuple[str, ...]
    pages: tuple[tuple[PageSeed, str, bool], ...]
    notes: tuple[str, ...]
    fixed: bool = False

    @property
    def optional(self) -> tuple[PermissionFacts, ...]:
        """Those of `asks` that can be unticked."""
        return () if self.fixed else tuple(asked for asked in self.asks if asked.name not in _ALWAYS_GRANTED)


def offer(world: World, app: App, person: str, scopes: frozenset[str], auth_type: str = "", *, fixed: bool = False) -> Offer:
    """What is put before a person whom an app asks for scopes."""
    before, who = world.grant(person, app.id), world.people[person]
    asks, kept = _asks(before, scopes, auth_type), before.granted
    withheld = tuple(sorted((scopes & before.declined) - asks))
    about_pages = any(permissions()[scope].for_pages for scope in asks | (kept & scopes))
    pages = _pages(world, person, before) if about_pages else ()
    in_order = sorted(asks, key=lambda scope: (scope not in _ALWAYS_GRANTED, scope))
    return Offer(
        app=app,
        person=who,
        asks=tuple(permissions()[scope] for scope in in_order),
        kept=tuple(sorted(kept)),
        withheld=withheld,
        pages=pages,
        notes=_notes(world, person, auth_type, sorted(asks & before.declined)),
        fixed=fixed,
    )


def _asks(before: Grant, scopes: frozenset[str], auth_type: str) -> frozenset[str]:
    """What is still to be answered: nothing twice, and what was declined only with `rerequest`."""
    asked_again = before.declined if "rerequest" in auth_type else frozenset()
    return (scopes | _ALWAYS_GRANTED) - before.granted - (before.declined - asked_again)


def _pages(world: World, person: str, before: Grant) -> tuple[tuple[PageSeed, str, bool], ...]:
    held = ((page, world.role(person, id)) for id, page in world.pages.items() if world.page_exists(id))
    ticked = _shared(before)
    return tuple((page, role, ticked is None or page.id in ticked) for page, role in held if roles().get(role))


def _shared(before: Grant) -> frozenset[str] | None:
    """The Pages that were ticked before; None where all were, or nothing was asked yet."""
    return before.pages if before.granted else None


def _notes(world: World, person: str, auth_type: str, again: list[str]) -> tuple[str, ...]:
    days, troubled = world.defaults.data_access_days, world.latest(AccountTroubled, (person, ""))
    notes = {
        "Facebook would ask for the password here. This sandbox has none: Continue stands for typing it.": "reauthenticate"
        in auth_type,
        f"The app asks to see your data for {days} days more.": "reauthorize" in auth_type,
        f"Asked again, for you declined it before: {', '.join(again)}.": bool(again),
        "Facebook questions this account. Continue stands for doing what it asks.": bool(troubled and troubled.why),
    }
    return tuple(note for note, holds in notes.items() if holds)


def default_person(world: World, app: App) -> str:
    """Who is in front of the dialog unless someone else is named: rather one with a role on the app, and with two Pages."""

    def fitness(person: Person) -> tuple[bool, bool]:
        mine = [page for page in world.pages if world.role(person.id, page)]
        return bool(world.app_role(person.id, app)), len(mine) >= 2

    return max(world.people.values(), key=fitness).id


def barred_in_development(world: World, app: App, person: str) -> bool:
    """Whether the app is not for this person, for it is in development and they have no role on it."""
    return world.mode(app.id) == "development" and not world.app_role(person, app)


def chosen(world: World, asked: Asked, app: App) -> Choice:
    """The choice in a request: in short (`_person _decline _pages _cancel`), or as the page's form sends it.

    The form says what it showed (`_asked`, `_listed`), and sends a field for each box that is ticked.
    """
    person = asked.get("_person") or default_person(world, app)
    unticked = {scope for scope in _listed(asked, "_asked") if not asked.get(f"_grant_{scope}")}
    decline = frozenset(_listed(asked, "_decline") | unticked)
    return Choice(person, decline, _ticked(world, asked, app, person), asked.get("_cancel") == "true")


def _ticked(world: World, asked: Asked, app: App, person: str) -> frozenset[str] | None:
    if "_pages" in asked.params:
        return frozenset(_listed(asked, "_pages"))
    if not asked.get("_listed"):
        return None
    shown = _listed(asked, "_listed")
    ticked = {page for page in shown if asked.get(f"_page_{page}")}
    # All of them means those to come as well, unless it was a choice before.
    return None if ticked == shown and _shared(world.grant(person, app.id)) is None else frozenset(ticked)


def _listed(asked: Asked, name: str) -> set[str]:
    return set(filter(None, asked.get(name).split(",")))


def follow_instructions(world: World, person: str) -> None:
    """Facebook lets a person whom it questions answer its pages only after they did what it asks."""
    troubled = world.latest(AccountTroubled, (person, ""))
    if troubled and troubled.why:
        world.note((person, ""), AccountTroubled(None))


def agree(world: World, app: str, choice: Choice, scopes: frozenset[str], auth_type: str = "") -> Grant:
    """What the person grants from here on, noted, and that they were there."""
    key = choice.person, app
    grant = decide(world.grant(*key), scopes, choice, auth_type)
    world.note(key, grant)
    world.note(key, AppUsed())
    return grant


def decide(before: Grant, scopes: frozenset[str], choice: Choice, auth_type: str) -> Grant:
    """The grant that follows: what was granted stays; what was declined is asked again only with `rerequest`."""
    asks = _asks(before, scopes, auth_type)
    declined_now = (asks & choice.decline) - _ALWAYS_GRANTED
    granted = before.granted | (asks - declined_now)
    pages = before.pages if choice.pages is None and before.granted else choice.pages
    declined = (before.declined | declined_now) - granted
    return Grant(granted, declined, pages, auth_type, before.expired - granted - declined)
