"""What Meta's Graph API Explorer is, on the sandbox or live: pick a token, write a call, look at what came of it."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable
from functools import cached_property

import ipywidgets as w

from fbnb.client import GraphClient
from fbnb.errors import FbnbError, InputError, SettingError
from fbnb.flows.app_tokens import compose_app_token
from fbnb.flows.page_tokens import list_pages
from fbnb.inquiry import METHODS, Inquiry, Reply, table_of
from fbnb.tokens import AccessToken
from fbnb.widgets.answer_view import AnswerView, counted
from fbnb.widgets.fields import choice, lines, text
from fbnb.widgets.login_dialog import LoginDialog
from fbnb.widgets.pickers import ScopePicker, TokenPicker
from fbnb.widgets.token_debugger import TokenDebugger
from fbnb.widgets.view import View, discard, row
from fbnb.widgets.words import said

KEPT = 50


class Explorer(View):
    """Calls of Graph, typed and sent with one of the tokens. `replies` are the last 50, newest first; `result` shows one.

    picker: the token to act with, the app's own among them. info_button: that token in the debugger. generate_button: a
    choice of permissions, login_button: the login that asks for them. history: the calls made, to go back to.
    """

    opened: View | None = None

    def __init__(self, client: GraphClient, tokens: Iterable[AccessToken] = ()) -> None:
        self.client = client
        self.replies = deque[Reply](maxlen=KEPT)
        self.picker = TokenPicker([*tokens, *_own(client)], "Act with")
        self.info_button = self.button("About this token", self._inform)
        self.generate_button = self.button("Generate a token", self._choose)
        self.login_button = self.button("Log in with these", self._log_in)
        self._below = row(self.login_button)
        self.beside = w.VBox()  # the debugger, the choice of permissions or the login, as asked for
        self.method = choice("Method", [(name, name) for name in METHODS])
        self.version, self.path = text("Version", client.settings.version), text("Path", "me", "me/accounts")
        self.fields, self.parameters = text("Fields", "id,name"), lines("Parameters", "", "limit=5", rows=3)
        self.send_button, self.message = self.button("Send", self._send, primary=True), w.HTML(said("Nothing was sent yet."))
        self.history, self.result = choice("Calls made", [("none yet", 0)]), AnswerView(client.settings.served)
        self.history.observe(lambda change: self._back(change.new), "value")
        acting = row(self.picker.view, self.info_button, self.generate_button)
        call = [self.method, self.version, self.path, self.fields, self.parameters, row(self.send_button)]
        self.view = w.VBox([acting, self.beside, *call, self.message, self.history, self.result.view])

    @cached_property
    def debugger(self) -> TokenDebugger:
        """What the info button opens. A token that is pasted or extended there can be acted with here."""
        debugger = TokenDebugger(self.client, self.picker.tokens)
        debugger.picker.on_pick(self._learn)
        return debugger

    def _learn(self, token: AccessToken) -> None:
        # Of the others here the debugger may look at any; that is not to change who acts.
        others = {other.fingerprint for other in self.picker.tokens if other is not self.picker.token}
        if token.fingerprint not in others:
            self.picker.add(token)

    @cached_property
    def scopes(self) -> ScopePicker:
        """The permissions that the next login asks for."""
        return ScopePicker()

    def refresh(self) -> None:
        """What is beside, such as a token in the debugger, as it stands now; answers stay what they were."""
        if self.opened:
            self.opened.refresh()

    def _open(self, view: View | None, *widgets: w.Widget) -> None:
        before, self.opened, self.beside.children = self.opened, view, widgets
        if isinstance(before, LoginDialog):  # the others come back
            discard([before.view])

    def _inform(self) -> None:
        token, looked_at = self.picker.token, self.debugger.picker.token
        if token is None:
            raise InputError("There is no token to look at.", remedy="Generate one.")
        if self.opened is self.debugger and looked_at and looked_at.fingerprint == token.fingerprint:
            self._open(None)
        else:
            self.debugger.show(token)
            self._open(self.debugger, self.debugger.view)

    def _choose(self) -> None:
        if self.scopes.view in self.beside.children:
            self._open(None)
        else:
            self._open(self.scopes, self.scopes.view, self._below)

    def _log_in(self) -> None:
        # Below the button, which stays: a keyboard would lose its place with it.
        dialog = LoginDialog(self.client, self.scopes.scopes, done=lambda token: self._logged_in(token, dialog.scopes))
        self._open(dialog, self.scopes.view, self._below, dialog.view)

    def _logged_in(self, token: AccessToken, scopes: Iterable[str]) -> None:
        words = f"{token.hint} is the token to act with."
        try:
            pages = list_pages(self.client, token) if "pages_show_list" in scopes else []
        except FbnbError as refused:
            pages, words = [], f"{words} Its Pages were not told: {refused}"
        self.picker.add(*(page.token for page in pages if page.token), token)
        self._open(None)
        self.send_button.focus()
        self.say(words)

    def _send(self) -> None:
        typed = {"method": self.method, "version": self.version, "fields": self.fields, "parameters": self.parameters}
        inquiry = Inquiry.of(self.path.value, **{name: field.value for name, field in typed.items()})
        reply = inquiry.ask(self.client, self.picker.token)
        self.replies.appendleft(reply)
        # This picks the first, which is shown then as any other is.
        self.history.options = [(_name(kept), kept.exchange.number) for kept in self.replies]

    def _back(self, number: int) -> None:
        """Put a call back as it was, and show what came of it then."""
        self._show(next(reply for reply in self.replies if reply.exchange.number == number))

    def _show(self, reply: Reply) -> None:
        self.result.show(reply)
        inquiry = reply.inquiry
        self.method.value, self.version.value, self.path.value = inquiry.method, inquiry.version, inquiry.path
        self.fields.value, self.parameters.value = inquiry.fields, inquiry.written
        self.say(_outcome(reply), wrong=reply.error is not None)


def _own(client: GraphClient) -> list[AccessToken]:
    """The app's own token, where the secret it is made of is known."""
    try:
        return [compose_app_token(client.settings)]
    except SettingError:
        return []


def _name(reply: Reply) -> str:
    exchange = reply.exchange
    outcome = "no answer" if exchange.status is None else exchange.status
    return f"{exchange.number}: {exchange.method} {reply.inquiry.path or '?ids'}, {outcome}"


def _outcome(reply: Reply) -> str:
    if reply.error:
        return str(reply.error)
    table = table_of(reply.exchange.answer)
    return f"Answered {reply.exchange.status}: {counted(table.count, 'field' if table.columns == ('field', 'value') else 'row')}."
