"""A token at a glance, as Graph sees it now."""

from __future__ import annotations

import ipywidgets as w

from fbnb.client import GraphClient
from fbnb.errors import FbnbError
from fbnb.flows.debug_token import debug_token
from fbnb.token_facts import card
from fbnb.tokens import AccessToken, TokenInfo
from fbnb.widgets.view import View
from fbnb.widgets.words import facts


class TokenCard(View):
    """How a token stands, both its clocks, what it can call and how it will die; asked of Graph when built and at `refresh`.

    info: the last answer; None where Graph could not be asked, and then the card shows what is known without.
    """

    def __init__(self, client: GraphClient, token: AccessToken) -> None:
        self._client, self.token = client, token
        self.info: TokenInfo | None = None
        self.message, self.table = w.HTML(), w.HTML()
        self.view = w.VBox([self.message, self.table])
        self.refresh()

    def refresh(self) -> None:
        """Ask again, with the app's token."""
        refusal = ""
        try:
            self.info = debug_token(self._client, self.token)
        except FbnbError as refused:
            self.info, refusal = None, str(refused)
        (_, state), *rest = card(self.token, self.info, self._client.now())
        self.say(f"{refusal} {state}" if refusal else state, wrong=bool(refusal))
        self.table.value = facts("The token at a glance", rest)
