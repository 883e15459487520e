"""The people of a fire drill, who log in and hand tokens over; and the admin, who sees to what needs no login."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass, field

from fbnb.client import GraphClient
from fbnb.errors import AppCredentialsWrong, TokenMalformed, TokenRefused
from fbnb.fire_drill.calendar import MARA, ROBOT
from fbnb.flows.app_tokens import compose_app_token
from fbnb.flows.debug_token import debug_token
from fbnb.flows.login import log_in
from fbnb.flows.long_lived import extend_user_token
from fbnb.flows.page_tokens import list_pages
from fbnb.flows.system_user import create_system_user, generate_system_user_token, install_app, list_businesses, list_system_users
from fbnb.redact import Secret
from fbnb.sandbox import Sandbox
from fbnb.store import TokenStore
from fbnb.tokens import AccessToken, TokenKind

ADMIN = "an admin"
_OF_PEOPLE = ("email", "pages_show_list", "pages_read_engagement", "business_management")
_OF_ROBOTS = ("pages_show_list", "pages_read_engagement")


@dataclass
class People:
    """Those who log in, and what they have handed over so far, as fingerprints."""

    client: GraphClient
    sandbox: Sandbox
    store: TokenStore
    handed: list[str] = field(default_factory=list)

    def answer(self, who: str, kinds: set[TokenKind]) -> None:
        """Do what a notice asks for. kinds: of the tokens it was about, which is all an admin has to know. Raises FbnbError."""
        if who != ADMIN:
            self.log_in(who)
        if who == ADMIN and TokenKind.SYSTEM_USER in kinds:
            self.make_robot()
        if who == ADMIN and TokenKind.APP in kinds:
            self.compose()

    def log_in(self, person: str) -> None:
        """Log in, extend, list the Pages: each token goes to the store. Raises FbnbError: Graph has trouble, or refuses."""
        client = self.client.acting_as(self.sandbox.person(person))
        short = log_in(client, _OF_PEOPLE).labelled(person)
        long = extend_user_token(client, short).labelled(person)
        self._hand_over(short)
        self._hand_over(long, parent=short, made_by="oauth/access_token, fb_exchange_token")
        for page in list_pages(client, long):
            if page.token:
                self._hand_over(page.token, parent=long, made_by="me/accounts")

    def make_robot(self) -> None:
        """Two tokens of the business's system user, made if need be: of 60 days, and without an end. Raises FbnbError."""
        admin = log_in(self.client.acting_as(self.sandbox.person(MARA)), _OF_PEOPLE)
        business = list_businesses(self.client, admin)[0].id
        there = list_system_users(self.client, business, admin)
        robot = there[0] if there else create_system_user(self.client, business, ROBOT, admin)
        install_app(self.client, robot.id, admin)
        for days in (60, None):
            self._hand_over(generate_system_user_token(self.client, robot, _OF_ROBOTS, admin, days=days))

    def compose(self) -> None:
        """The app's own token, of the secret as it is now. Raises FbnbError."""
        self._hand_over(compose_app_token(self.client.settings))

    def look_up_secret(self) -> None:
        """Let the admin fetch the app's secret from the dashboard, where it turns out not to be ours any more."""
        app = compose_app_token(self.client.settings)
        try:
            debug_token(self.client, app, using=app)
        except (AppCredentialsWrong, TokenMalformed):
            self.client = self.client.with_secret(Secret(self.sandbox.world.secret(self.client.settings.app_id)))
            self.store.client = self.client

    def _hand_over(self, token: AccessToken, *, parent: AccessToken | None = None, made_by: str = "") -> None:
        with suppress(TokenRefused):  # such as of a Page that is unpublished just now
            self.handed.append(self.store.admit(token, parent=parent, made_by=made_by).fingerprint)
