"""Telling people: each rung of the ladder once, whatever is restarted; nothing secret in it; and nothing counts that failed."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from dataclasses import dataclass, field, replace
from datetime import timedelta
from urllib.parse import parse_qs, urlsplit

import pytest
from test_mail import Inbox, mailer, serving
from test_system_user import HARBOUR, SCOPES, installed

from fbnb.assurance import ensure
from fbnb.auditor import audit
from fbnb.client import GraphClient
from fbnb.errors import InputError, NoticeFailed, TokenInvalid
from fbnb.flows.login import log_in
from fbnb.flows.long_lived import extend_user_token
from fbnb.flows.page_tokens import list_pages
from fbnb.flows.system_user import generate_system_user_token
from fbnb.letter import Notice, message
from fbnb.notices import Told, tell
from fbnb.renewal import renew
from fbnb.sandbox import Sandbox
from fbnb.store import KeySource, StoredToken, TokenStore
from fbnb.verdicts import verdict

MARA = "Mara Quay"
HOME = "https://notes.harbour.example/login"


@dataclass
class Person:
    """Hears notices, or is not to be reached."""

    heard: list[Notice] = field(default_factory=list)
    deaf: bool = False

    def __call__(self, notice: Notice) -> None:
        if self.deaf:
            raise NoticeFailed("Nobody is at home.")
        self.heard.append(notice)

    @property
    def rungs(self) -> list[tuple[str, str]]:
        return [(notice.about, notice.rung) for notice in self.heard]


def mara(store: TokenStore, scopes: str = "pages_show_list") -> StoredToken:
    assert store.client
    return store.admit(extend_user_token(store.client, log_in(store.client, scopes)).labelled(MARA))


def stuck(store: TokenStore, stored: StoredToken) -> StoredToken:
    """A token that could not be renewed, so that its person has to be asked when it ends."""
    return store.note(stored, trouble="Not renewed: Graph gave nothing better.")


def told(store: TokenStore, person: Person, **how: object) -> Told:
    assert store.client
    return tell(store.client, store, audit(store.client, store, quiet=True), person, **how)  # type: ignore[arg-type]


# The ladder


def test_each_rung_is_said_once_however_often_everything_is_started_again(
    store_url: str, client: GraphClient, sandbox: Sandbox
) -> None:
    person, days = Person(), list[int]()
    with closing(TokenStore(store_url, client=client, key=KeySource.FILE)) as store:
        old = mara(store, "email")
        sandbox.clock.advance(days=40)
        renew(client, store, old, early=True)
    for day in range(40, 95):
        for _ in range(2):
            with closing(TokenStore(store_url, client=client)) as store:
                days += [day] * len(told(store, person).said)
        sandbox.clock.advance(days=1)
    assert person.rungs == [("data access", rung) for rung in ("14 days", "7 days", "3 days", "1 day", "expired")]
    assert days == [76, 83, 87, 89, 90]


def test_of_a_token_that_cannot_be_renewed_its_person_is_told_in_its_last_days(own: TokenStore, sandbox: Sandbox) -> None:
    person, days = Person(), list[int]()
    stuck(own, mara(own))
    for day in range(65):
        days += [day] * len(told(own, person).said)
        sandbox.clock.advance(days=1)
    assert person.rungs == [("token", rung) for rung in ("3 days", "1 day", "expired")]
    assert days == [57, 59, 60]


def test_of_the_rungs_that_were_slept_through_only_the_last_is_said(own: TokenStore, sandbox: Sandbox) -> None:
    person = Person()
    stuck(own, mara(own))
    for hours in (59 * 24 + 1, 1, 24):
        sandbox.clock.advance(hours=hours)
        told(own, person)
    assert [rung for _, rung in person.rungs] == ["1 day", "expired"]


def test_when_the_clock_is_set_back_no_lower_rung_is_said_after_a_higher(
    own: TokenStore, client: GraphClient, sandbox: Sandbox
) -> None:
    person, start = Person(), sandbox.clock.now()
    stuck(own, mara(own))
    for day in (59, 47, 57, 58, 60):
        sandbox.clock.set(start + timedelta(days=day))
        told(own, person)
    assert [rung for _, rung in person.rungs] == ["1 day", "expired"]


def test_a_renewed_token_climbs_a_ladder_of_its_own(own: TokenStore, client: GraphClient, sandbox: Sandbox) -> None:
    person, old = Person(), mara(own)
    stuck(own, old)
    sandbox.clock.advance(days=58)
    told(own, person)
    new = stuck(own, renew(client, own, old, early=True))
    told(own, person)
    assert [rung for _, rung in person.rungs] == ["3 days"]
    sandbox.clock.advance(days=58)
    told(own, person)
    assert [rung for _, rung in person.rungs] == ["3 days", "3 days"]
    assert [notice.fingerprint for notice in person.heard] == [old.fingerprint, new.fingerprint]


def test_a_renewal_begins_no_new_ladder_of_data_access(own: TokenStore, client: GraphClient, sandbox: Sandbox) -> None:
    person, old = Person(), mara(own, "email")
    sandbox.clock.advance(days=40)
    old = renew(client, own, old, early=True)
    sandbox.clock.advance(days=45)
    told(own, person)
    renew(client, own, old, early=True)
    told(own, person)
    assert person.rungs == [("data access", "7 days")]


def test_a_death_is_told_at_once_and_only_once(store: TokenStore, sandbox: Sandbox) -> None:
    person = Person()
    mara(store)
    sandbox.change_password(MARA)
    for _ in range(8):
        told(store, person)
        sandbox.clock.advance(days=10)
    assert person.rungs == [("token", "expired")]
    assert person.heard[0].why.startswith("The person changed the password")
    assert person.heard[0].label == MARA


def test_data_access_has_its_ladder_while_a_renewal_is_due(own: TokenStore, client: GraphClient, sandbox: Sandbox) -> None:
    person, old = Person(), mara(own, "email")
    sandbox.clock.advance(days=33)
    renew(client, own, old, early=True)
    for _ in range(33, 95):
        told(own, person)
        sandbox.clock.advance(days=1)
    ladder = ["14 days", "7 days", "3 days", "1 day", "expired"]
    assert [rung for about, rung in person.rungs if about == "data access"] == ladder
    assert [rung for about, rung in person.rungs if about == "token"] == ladder[2:]


def test_of_what_died_and_works_again_no_rung_is_said_twice(own: TokenStore, sandbox: Sandbox) -> None:
    person = Person()
    stuck(own, mara(own))
    sandbox.clock.advance(days=57, hours=1)
    told(own, person)
    sandbox.question(MARA)
    told(own, person)
    sandbox.clear(MARA)
    told(own, person)
    assert [rung for _, rung in person.rungs] == ["3 days", "expired"]


@pytest.mark.parametrize("days", [0, 58])
def test_what_graph_has_ended_before_its_time_is_told_as_over(
    days: int, own: TokenStore, client: GraphClient, sandbox: Sandbox
) -> None:
    person, stored = Person(), mara(own)
    sandbox.clock.advance(days=days)
    token = own.get(stored)
    sandbox.expire(token)
    for _ in range(2):
        with pytest.raises(TokenInvalid) as refused:
            client.get("me", token)
        own.saw(refused.value)
    for _ in range(2):
        tell(client, own, [verdict(own.find(stored), client.now())], person)
        sandbox.clock.advance(days=61)
    assert person.rungs == [("token", "expired")]
    assert "since" not in message(person.heard[0], "a@b.example", "c@d.example").get_content()


@pytest.mark.parametrize("days", [0, 20, 55])
def test_nobody_is_told_of_what_is_fine_or_can_be_renewed(days: int, own: TokenStore, sandbox: Sandbox) -> None:
    mara(own)
    sandbox.clock.advance(days=days)
    assert told(own, Person()) == Told()


@pytest.mark.parametrize("what", [2, "timeout", "html", 100])
def test_nobody_is_told_of_what_passes_or_is_no_death(what: int | str, own: TokenStore, sandbox: Sandbox) -> None:
    mara(own)
    sandbox.fail(what, path="debug_token", words="App_id in the input_token" if what == 100 else "")
    assert told(own, Person()) == Told()


def test_one_that_logged_in_again_hears_no_more_of_the_old_token(own: TokenStore, sandbox: Sandbox) -> None:
    person = Person()
    mara(own)
    sandbox.change_password(MARA)
    told(own, person)
    mara(own)
    told(own, person)
    assert len(person.heard) == 1
    sandbox.log_out(MARA)
    told(own, person)
    assert len(person.heard) == 2


# What went wrong does not count


def test_what_could_not_be_said_is_said_the_next_time(store: TokenStore, sandbox: Sandbox) -> None:
    person = Person(deaf=True)
    mara(store)
    sandbox.change_password(MARA)
    outcome = told(store, person)
    assert outcome.said == []
    assert [(notice.label, str(why).startswith("Nobody is at home.")) for notice, why in outcome.failed] == [(MARA, True)]
    person.deaf = False
    assert len(told(store, person).said) == 1
    assert told(store, person) == Told()


def test_one_that_cannot_be_told_keeps_nobody_else_from_it(own: TokenStore, client: GraphClient, sandbox: Sandbox) -> None:
    mara(own)
    own.admit(extend_user_token(client, log_in(client.acting_as(sandbox.person("Ben Tide")), "email")).labelled("Ben Tide"))
    for name in (MARA, "Ben Tide"):
        sandbox.change_password(name)

    def say(notice: Notice) -> None:
        if notice.label == MARA:
            raise NoticeFailed("No address.")

    outcome = tell(client, own, audit(client, own, quiet=True), say)
    assert [notice.label for notice in outcome.said] == ["Ben Tide"]
    assert [notice.label for notice, _ in outcome.failed] == [MARA]


def test_a_link_that_cannot_be_made_keeps_nobody_else_from_being_told(
    own: TokenStore, client: GraphClient, sandbox: Sandbox
) -> None:
    person = Person()
    mara(own)
    own.admit(extend_user_token(client, log_in(client.acting_as(sandbox.person("Ben Tide")), "email")).labelled("Ben Tide"))
    for name in (MARA, "Ben Tide"):
        sandbox.change_password(name)

    def link(stored: StoredToken) -> str:
        if stored.label == MARA:
            raise InputError("There is no page for her.")
        return HOME

    outcome = told(own, person, link=link)
    assert [notice.label for notice in outcome.said] == ["Ben Tide"]
    assert [(notice.label, str(why)[:50]) for notice, why in outcome.failed] == [
        (MARA, "Mara Quay could not be told: There is no page for ")
    ]
    assert [notice.label for notice in told(own, person).said] == [MARA]


def test_a_permission_newer_than_our_list_is_asked_for_as_graph_named_it(
    own: TokenStore, client: GraphClient, sandbox: Sandbox
) -> None:
    person, stored = Person(), mara(own)
    sandbox.change_password(MARA)
    list(audit(client, own, quiet=True))
    dead = own.note(stored, scopes="email pages_show_lists")
    assert tell(client, own, [verdict(dead, client.now())], person).failed == []
    assert parse_qs(urlsplit(person.heard[0].link).query)["scope"] == ["email,pages_show_lists"]


def test_whatever_else_goes_wrong_while_it_is_said_is_not_hidden_and_does_not_count(own: TokenStore, sandbox: Sandbox) -> None:
    mara(own)
    sandbox.change_password(MARA)

    def crash(notice: Notice) -> None:
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        told(own, crash)  # type: ignore[arg-type]
    assert len(told(own, Person()).said) == 1


def test_a_link_that_is_none_is_not_passed_over_in_silence(own: TokenStore, sandbox: Sandbox) -> None:
    mara(own)
    sandbox.change_password(MARA)
    mail = mailer(1)
    try:
        outcome = told(own, mail, link=lambda stored: "notes.harbour.example/login")  # type: ignore[arg-type]
    except InputError as problem:
        assert "The link is no web address" in str(problem)  # noqa: PT017 - an error or a failure, but not nothing
    else:
        assert len(outcome.failed) == 1
    finally:
        mail.close()


def test_of_what_was_forgotten_meanwhile_nobody_is_told(own: TokenStore, client: GraphClient, sandbox: Sandbox) -> None:
    stored = mara(own)
    sandbox.change_password(MARA)
    verdicts = list(audit(client, own, quiet=True))
    own.forget(stored)
    assert tell(client, own, verdicts, Person()) == Told()


def test_of_what_was_renewed_meanwhile_nobody_is_told(own: TokenStore, client: GraphClient, sandbox: Sandbox) -> None:
    stored = stuck(own, mara(own))
    sandbox.clock.advance(days=58)
    verdicts = list(audit(client, own, quiet=True))
    renew(client, own, stored, early=True)
    assert tell(client, own, verdicts, Person()) == Told()


def test_of_many_who_tell_at_once_one_does(store: TokenStore, client: GraphClient, sandbox: Sandbox) -> None:
    mara(store)
    sandbox.change_password(MARA)
    verdicts, person, ready = list(audit(client, store, quiet=True)), Person(), threading.Barrier(6)

    def one() -> int:
        ready.wait()
        return len(tell(client, store, verdicts, person).said)

    with ThreadPoolExecutor(6) as pool:
        counts = [future.result() for future in [pool.submit(one) for _ in range(6)]]
    assert sorted(counts) == [0, 0, 0, 0, 0, 1]
    assert len(person.heard) == 1


# What is said, and to whom


def test_a_person_is_led_to_the_dialog_with_the_permissions_of_the_token(own: TokenStore, sandbox: Sandbox) -> None:
    person = Person()
    mara(own, "email,pages_show_list")
    sandbox.change_password(MARA)
    told(own, person)
    asked = parse_qs(urlsplit(person.heard[0].link).query)
    assert set(asked["scope"][0].split(",")) == {"email", "pages_show_list", "public_profile"}
    assert "auth_type" not in asked
    assert person.heard[0].do == "Log in again."
    assert person.heard[0].app == "app 1000000000001"


def test_for_data_access_the_dialog_asks_to_go_on(own: TokenStore, sandbox: Sandbox) -> None:
    person, stored = Person(), mara(own, "email")
    sandbox.clock.advance(days=40)
    assert own.client
    renew(own.client, own, stored, early=True)
    sandbox.clock.advance(days=40)
    told(own, person)
    assert person.rungs == [("data access", "14 days")]
    assert parse_qs(urlsplit(person.heard[0].link).query)["auth_type"] == ["reauthorize"]


def test_a_link_and_a_name_of_ones_own_are_said(own: TokenStore, sandbox: Sandbox) -> None:
    person = Person()
    mara(own)
    sandbox.change_password(MARA)
    told(own, person, link=lambda stored: f"{HOME}?who={stored.subject}", app="Harbour Notes")
    assert (person.heard[0].app, person.heard[0].link) == ("Harbour Notes", f"{HOME}?who=2100000000001")


def test_what_only_an_admin_can_mend_is_said_in_other_words(own: TokenStore, client: GraphClient, sandbox: Sandbox) -> None:
    person, admin = Person(), log_in(client, ["business_management"])
    robot = installed(client, HARBOUR, "Report Robot", admin)
    own.admit(generate_system_user_token(client, robot, SCOPES, admin))
    page = list_pages(client, log_in(client, "pages_show_list"))[0]
    assert page.token
    own.admit(page.token.labelled(page.name))
    sandbox.delete_system_user("Report Robot")
    sandbox.hide_page(page.name)
    told(own, person)
    assert {notice.label for notice in person.heard} == {"Report Robot", page.name}
    assert {notice.do for notice in person.heard} == {"Ask an admin of the app, the business or the Page to look into it."}
    assert {notice.link for notice in person.heard} == {""}


def test_who_has_to_log_in_again_is_not_asked_for_each_page_too(own: TokenStore, client: GraphClient, sandbox: Sandbox) -> None:
    person, user = Person(), mara(own)
    for page in list_pages(client, own.get(user)):
        assert page.token
        own.admit(page.token.labelled(page.name), parent=user)
    sandbox.change_password(MARA)
    told(own, person)
    assert [notice.label for notice in person.heard] == [MARA]


def test_who_is_asked_for_data_access_is_asked_for_no_page_but_one_that_dies(
    own: TokenStore, client: GraphClient, sandbox: Sandbox
) -> None:
    person, user = Person(), mara(own, "email,pages_show_list")
    pages = [page.token for page in list_pages(client, own.get(user)) if page.token][:2]
    for page in pages:
        own.admit(page, parent=user)
    sandbox.clock.advance(days=40)
    renew(client, own, user, early=True)
    for _ in range(40, 92):
        told(own, person)
        sandbox.clock.advance(days=1)
    assert [notice.label for notice in person.heard] == [MARA] * 5
    sandbox.untick_page(MARA, client.settings.app_id, pages[0].label)
    told(own, person)
    assert [(notice.label, notice.about) for notice in person.heard[5:]] == [(pages[0].label, "token")]


def test_no_token_and_no_hint_of_one_is_in_a_notice(own: TokenStore, client: GraphClient, sandbox: Sandbox) -> None:
    person, stored = Person(), mara(own, "email")
    unnamed = own.put(replace(extend_user_token(client, own.get(stored)), label=""))
    secrets = [own.get(one).value.reveal() for one in (stored, unnamed)] + [stored.hint, unnamed.hint]
    sandbox.change_password(MARA)
    told(own, person)
    assert len(person.heard) == 2
    assert not [secret for secret in secrets if secret in repr(person.heard)]


# By e-mail


def test_a_person_gets_one_mail_with_instructions_and_a_link(store: TokenStore, sandbox: Sandbox) -> None:
    inbox = Inbox()
    mara(store)
    sandbox.change_password(MARA)
    with serving(inbox) as port, mailer(port) as mail:
        for _ in range(3):
            told(store, mail, link=lambda stored: HOME, app="Harbour Notes")  # type: ignore[arg-type]
    [sent] = inbox.mails
    text = sent.get_content()
    assert sent["Subject"] == "Harbour Notes needs you to log in again"
    assert HOME in text
    assert "Why: The person changed the password" in " ".join(text.split())


def test_while_the_mail_server_is_down_nothing_is_marked_as_said(store: TokenStore, sandbox: Sandbox) -> None:
    inbox = Inbox()
    mara(store)
    sandbox.change_password(MARA)
    with serving(inbox) as port:
        pass
    with mailer(port) as mail:
        outcome = told(store, mail, link=lambda stored: HOME)  # type: ignore[arg-type]
        assert (outcome.said, len(outcome.failed)) == ([], 1)
        assert "could not be told by e-mail" in str(outcome.failed[0][1])
    with serving(inbox) as port, mailer(port) as mail:
        assert len(told(store, mail, link=lambda stored: HOME).said) == 1  # type: ignore[arg-type]
    assert len(inbox.mails) == 1


def test_an_end_that_ends_is_told_again(store: TokenStore, client: GraphClient, sandbox: Sandbox) -> None:
    said = list[Notice]()
    mara = store.admit(extend_user_token(client, log_in(client, ["email"])))
    for _ in range(2):
        sandbox.question("Mara Quay")
        tell(client, store, list(audit(client, store, quiet=True)), said.append)
        sandbox.clear("Mara Quay")
        assert ensure(client, store, mara.subject, ["email"])
    assert [notice.rung for notice in said] == ["expired", "expired"]


def test_what_is_not_renewed_is_told_before_its_end(store: TokenStore, client: GraphClient, sandbox: Sandbox) -> None:
    store.admit(extend_user_token(client, log_in(client, ["pages_show_list"])))
    said = list[str]()
    for _ in range(61):
        sandbox.clock.advance(days=1)
        tell(client, store, list(audit(client, store, quiet=True)), lambda notice: said.append(notice.rung))
    assert said == ["3 days", "1 day", "expired"]


def test_why_to_log_in_is_that_no_renewal_was_made(own: TokenStore, sandbox: Sandbox) -> None:
    person = Person()
    mara(own)
    sandbox.clock.advance(days=58)
    told(own, person)
    assert person.heard[0].why == "It expires 2027-01-01 09:00 UTC, and a renewal is due."


def test_what_no_login_helps_is_no_invitation_to_log_in(store: TokenStore, client: GraphClient, sandbox: Sandbox) -> None:
    said = list[Notice]()
    user = extend_user_token(client, log_in(client, ["pages_show_list"]))
    page = list_pages(client, user)[0]
    assert page.token
    store.admit(page.token)
    sandbox.change_role("Mara Quay", page.name)
    tell(client, store, list(audit(client, store, quiet=True)), said.append, app="Harbour Notes")
    text = message(said[0], "notes@harbour.example", "admin@harbour.example")
    assert text["Subject"] == f"Harbour Notes needs an admin to look into {page.name}"
    assert "og in" not in text.get_content()
