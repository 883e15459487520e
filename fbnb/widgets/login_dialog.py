"""The login dialog in the notebook: who asks for what, what can be unticked, and the token that comes of it."""

from __future__ import annotations

from collections.abc import Callable, Iterable

import ipywidgets as w

from fbnb.client import Consent, GraphClient
from fbnb.errors import FbnbError, InputError, LoginCancelled, RedirectMistake
from fbnb.flows.login import code_from_redirect, exchange_code, login_url
from fbnb.redact import Secret, redact
from fbnb.sandbox import Visitor
from fbnb.sandbox.consent import Offer
from fbnb.sandbox.transport import sandbox_behind
from fbnb.sandbox.visitor import answer_at, offer_at
from fbnb.sandbox.world import World
from fbnb.tokens import AccessToken, expiry_in_words
from fbnb.widgets.fields import SecretField, checkbox, choice
from fbnb.widgets.question import SHOWN, already, asks, form, gets, outcome, page_label, pages_title
from fbnb.widgets.view import View, discard, row
from fbnb.widgets.words import link, said


class LoginDialog(View):
    """A login that is answered here. `token` is the user token that the last one led to, None before.

    On the sandbox it puts the same question as the dialog's page, and sends what that page's form would: `who` answers,
    `boxes` (by permission or Page id) can be unticked. Elsewhere Facebook puts the question: a link leads there, and
    `pasted`, emptied as soon as it is left, takes the address that the person was led to.

    done: is told the token, once all else shows it.
    """

    def __init__(
        self,
        client: GraphClient,
        scopes: Iterable[str] | str = (),
        *,
        auth_type: str | None = None,
        done: Callable[[AccessToken], object] | None = None,
    ) -> None:
        self.client, self.done = client, done
        self.scopes, self.auth_type = scopes if isinstance(scopes, str) else tuple(scopes), auth_type
        self.token: AccessToken | None = None
        self.boxes: dict[str, w.Checkbox] = {}
        self._ticks = dict[tuple[str, str], bool]()  # what each person ticked or unticked
        self.who, self._address = choice("Who is logged in", []), SecretField("Address it led to")
        self.pasted = self._address.field
        self.who.observe(self._switch, "value")
        self.question, self.message = w.HTML(), w.HTML(said(""))
        self.continue_button = self.button("Continue", self._continue, primary=True)
        self.cancel_button = self.button("Cancel", self._cancel)
        self._gets, self._pages, self._asked, self._already = w.HTML(), w.HTML(), w.VBox(), w.HTML()
        self._offer: Offer | None = None
        self._state = self._url = ""
        sandbox = sandbox_behind(client.transport)
        self._world = sandbox.world if sandbox else None
        self._buttons = row(self.continue_button, self.cancel_button)
        above, below = [self.who, self.question, self._asked, self.pasted], [self._buttons, self._already, self.message]
        self.view = w.VBox([*above, *below])
        for part in (self.pasted,) if self._world else (self.who, self._asked, self.cancel_button, self._already):
            part.layout.display = "none"
        try:
            self._begin()
        except InputError as wrong:  # a scope or an auth_type that is misspelt
            self.view.children = [self.message]
            self.say(str(wrong), wrong=True)
        if self._world:
            self._meet(self._world, client.consent.choice.person if isinstance(client.consent, Visitor) else "")
        self.refresh()

    def refresh(self) -> None:
        """What is put before the person as things stand now. What they ticked or unticked stays so, if it is still asked."""
        if self._world and self._url:
            self._meet(self._world, self.who.value)
            self._put(self._world)

    def _begin(self) -> None:
        """A login of its own, with a state of its own."""
        self._state = self.client.nonce()
        self._url = login_url(self.client, self.scopes, state=self._state, auth_type=self.auth_type)
        if not self._world:
            self.question.value = (
                f"<p>Log in at {link(self._url, self._url)}, and paste the address of the page that it leads to.</p>"
            )

    def _meet(self, world: World, person: str) -> None:
        """Offer everyone there is, with their role on the app now, and keep who it was."""
        app = world.apps.get(self.client.settings.app_id)
        roles = {id: app and world.app_role(id, app) for id in world.people}
        people = tuple((redact(f"{who.name} ({roles[id] or 'no role'})"), id) for id, who in world.people.items())
        self.who.unobserve(self._switch, "value")
        if people != self.who.options:
            self.who.options = people
        self.who.value = person if person in world.people else next(iter(world.people), None)
        self.who.observe(self._switch, "value")

    def _switch(self, change: object) -> None:
        self.message.value = said("")
        self.refresh()

    def _put(self, world: World) -> None:
        """Show the question, or what the dialog shows or tells the app instead."""
        try:
            put, refused = self._offered(world), ""
        except FbnbError as problem:
            put, refused = None, str(problem)
        if put != self._offer:
            self._offer = put
            self._draw(put)
        self.question.value = asks(put) if put else said(refused, wrong=True)
        self._already.value = already(put, world.now()) if put else ""
        self._buttons.layout.display = None if put else "none"

    def _offered(self, world: World) -> Offer | None:
        put = offer_at(world, self._url, self.who.value)
        if isinstance(put, Offer):
            return put
        self._code(Secret(put))  # raises what the app is told
        return None

    def _draw(self, put: Offer | None) -> None:
        before, asked, pages = self.boxes, dict[str, w.Checkbox](), dict[str, w.Checkbox]()
        if put:
            self.continue_button.description = redact(f"Continue as {put.person.name}")
            self._gets.value, self._pages.value = gets(put), pages_title(put)
            asked = {one.name: self._box(one.name, f"{one.name}: {one.unlocks}", ticked=True) for one in put.optional}
            pages = {page.id: self._box(page.id, page_label(page, role), ticked=on) for page, role, on in put.pages[:SHOWN]}
        self._gets.layout.display = None if put and put.asks else "none"
        self._pages.layout.display = None if pages else "none"
        self.boxes = asked | pages
        self._asked.children = [self._gets, *asked.values(), self._pages, *pages.values()]
        discard(before.values())

    def _box(self, name: str, label: str, *, ticked: bool) -> w.Checkbox:
        answer = self.who.value, name
        box = checkbox(label, ticked=self._ticks.get(answer, ticked))
        box.observe(lambda change: self._ticks.update({answer: change.new}), "value")
        return box

    def _form(self) -> dict[str, str]:
        if self._offer is None:
            return {"_person": self.who.value}
        return form(self._offer, {name: box.value for name, box in self.boxes.items()})

    def _continue(self) -> None:
        self._answer(self._form() if self._world else {})

    def _cancel(self) -> None:
        self._answer(self._form() | {"_cancel": "true"})

    def _answer(self, form: dict[str, str]) -> None:
        before = self._offer
        try:
            redirect = self.client.acting_as(self._consent(form)).open_dialog(self._url)
            token = exchange_code(self.client, self._code(redirect))
        except LoginCancelled as no:
            self.say(f"The app is told LoginCancelled: {no}")
            return
        finally:
            self.refresh()
        self.token = token
        self._begin()
        self.say(f"The app holds a user token: {token.hint}, {expiry_in_words(token.expires_at)}.{outcome(before, self._offer)}")
        if self.done:
            self.done(token)

    def _consent(self, form: dict[str, str]) -> Consent:
        if world := self._world:
            return lambda url: answer_at(world, url, form)
        if not (address := self._address.take()):
            raise RedirectMistake("No address was pasted.", remedy="Open the link, log in, and paste the address it led to.")
        return lambda url: address.reveal()

    def _code(self, redirect: Secret) -> Secret:
        return code_from_redirect(redirect, state=self._state, redirect_uri=self.client.settings.redirect_uri)
