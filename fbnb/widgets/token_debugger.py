"""Paste or pick a token: read all that Graph says of it, and extend it. Meta's own is called Access Token Debugger."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

import ipywidgets as w

from fbnb.client import GraphClient
from fbnb.errors import FbnbError, InputError
from fbnb.flows.debug_token import debug_token
from fbnb.flows.long_lived import extend_user_token
from fbnb.redact import Secret
from fbnb.token_facts import in_words, standing, why_not_extended
from fbnb.tokens import AccessToken, TokenInfo, TokenKind, expiry_in_words
from fbnb.widgets.fields import SecretField
from fbnb.widgets.pickers import TokenPicker
from fbnb.widgets.view import View, row
from fbnb.widgets.words import facts, said


class TokenDebugger(View):
    """Both buttons act on the picked token; one that is pasted is added to the picker, and its field emptied at once.

    info: what Graph said last; None before the first answer. extended: the last token that Extend gave.
    """

    def __init__(self, client: GraphClient, tokens: Iterable[AccessToken] = ()) -> None:
        self._client = client
        self.info: TokenInfo | None = None
        self.extended: AccessToken | None = None
        self._shown: AccessToken | None = None
        self.picker, self._secret = TokenPicker(tokens), SecretField("Or paste one")
        self.pasted = self._secret.field
        self.pasted.observe(self._read, "value")
        self.debug_button = self.button("Debug", self._debug, primary=True)
        self.extend_button = self.button("Extend", self._extend)
        self.message, self.table = w.HTML(said("Nothing was debugged yet.")), w.HTML()
        buttons = row(self.debug_button, self.extend_button)
        self.view = w.VBox([self.picker.view, self.pasted, buttons, self.message, self.table])

    def show(self, token: AccessToken) -> None:
        """Add a token to the picker, and debug it; what is in the way of that is said in `message`."""
        self.picker.add(token)
        self._or_say(self._debug)

    def refresh(self) -> None:
        """Debug again what is on show."""
        if token := self._shown:
            self._or_say(lambda: self._put(token, debug_token(self._client, token)))

    def _or_say(self, act: Callable[[], object]) -> None:
        try:
            act()
        except FbnbError as refused:
            self.say(str(refused), wrong=True)

    def _read(self, change: Any) -> None:
        if change.new:
            self._or_say(self._take)

    def _take(self) -> None:
        token = _token_in(self._secret.take())
        known = {each.fingerprint: each for each in self.picker.tokens}
        self.picker.add(known.get(token.fingerprint, token))
        self.say(f"Picked what was pasted, {token.hint}.")

    def _picked(self) -> AccessToken:
        if self.picker.token is None:
            raise InputError("There is no token to look at.", remedy="Paste one.")
        return self.picker.token

    def _debug(self) -> None:
        token = self._picked()
        info = debug_token(self._client, token)
        self.picker.add(token.confirmed(info))
        self._put(token, info)

    def _extend(self) -> None:
        token = self._picked()
        if problem := why_not_extended(token) or why_not_extended(token, debug_token(self._client, token)):
            raise problem
        new = self.extended = extend_user_token(self._client, token)
        self.picker.add(new)  # first of all, for the new token must not get lost
        ends = expiry_in_words(new.expires_at)
        # Graph may give the same one again on the same day.
        old = f" The old one, {token.hint}, lives on to its own end." if new.fingerprint != token.fingerprint else ""
        words = f"Extended: the {'new' if old else 'same'} token, {new.hint}, {ends}.{old}"
        try:
            self._debug()
        except FbnbError as refused:
            words = f"{words} Debugging it failed: {refused}"
        self.say(words)

    def _put(self, token: AccessToken, info: TokenInfo) -> None:
        now = self._client.now()
        self.info, self._shown = info, token
        self.table.value = facts(f"What Graph says of {token.hint}", in_words(info, now, token))
        self.say(f"{token.hint}: {standing(token, info, now)}")


def _token_in(pasted: Secret) -> AccessToken:
    """The token that was pasted. Its kind is a guess until Graph says. Raises InputError: it cannot be one."""
    return AccessToken.of(pasted.reveal(), TokenKind.APP if "|" in pasted.reveal() else TokenKind.USER, label="pasted")
