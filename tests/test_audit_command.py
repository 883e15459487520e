"""`fbnb audit` as cron runs it: what it prints, whom it tells, and the exit status that says what is the matter."""

from __future__ import annotations

import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path

import httpx
import pytest
from command import Command, Graph, lines, serving_graph
from test_auditor import issued
from test_mail import Inbox, serving

from fbnb.auditor import audit
from fbnb.client import GraphClient
from fbnb.clock import SystemClock
from fbnb.commands.audit import Round, Wish
from fbnb.commands.due import renewed_all
from fbnb.commands.summary import Summary, is_under
from fbnb.errors import AppRestricted
from fbnb.flows.login import log_in
from fbnb.flows.long_lived import extend_user_token
from fbnb.flows.page_tokens import list_pages
from fbnb.notices import rung
from fbnb.redact import Secret
from fbnb.renewal import renew
from fbnb.sandbox import Sandbox
from fbnb.store import StoredToken, TokenStore
from fbnb.tokens import NEVER, AccessToken, Expiry, TokenKind
from fbnb.verdicts import Next, Verdict

NOW = SystemClock().now()
DAY = timedelta(days=1)


@pytest.fixture
def graph(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Graph]:
    """A sandbox 55 days ago."""
    with serving_graph(tmp_path_factory.mktemp("world"), days_ago=55) as graph:
        yield graph


@pytest.fixture
def command(graph: Graph, tmp_path: Path) -> Command:
    return Command(tmp_path, graph.fbnb)


@pytest.fixture
def mail() -> Iterator[tuple[Inbox, dict[str, str]]]:
    """A mail server, and the environment that leads to it."""
    inbox = Inbox()
    with serving(inbox) as port:
        told = {"FBNB_SMTP": f"smtp://127.0.0.1:{port}", "FBNB_MAIL_FROM": "notices@harbour.example"}
        yield inbox, told | {"FBNB_MAIL_TO": "mara@quay.example"}


def long_lived(command: Command, graph: Graph, scopes: str = "email") -> AccessToken:
    """Store somebody's token of 60 days."""
    token = extend_user_token(graph.client, log_in(graph.client, [scopes])).labelled("Mara")
    with command.store(graph.client) as store:
        store.admit(token)
    return token


def to_the_present(graph: Graph, days: float = 55) -> None:
    graph.sandbox.clock.advance(days=days)


def test_all_is_well_is_status_0_and_a_line(command: Command, graph: Graph) -> None:
    to_the_present(graph)
    token = long_lived(command, graph)
    done = command("audit")
    assert (done.returncode, done.stdout, done.stderr) == (0, "1 token: 1 fine.\n", "")
    (told,) = lines(command("audit", "--json", "--fresh"))
    assert (told["fingerprint"], told["state"], told["do"], told["label"]) == (token.fingerprint, "live", "fine", "Mara")
    assert datetime.fromisoformat(told["ends"]) - NOW > 59 * DAY
    assert told["expires_at"] == told["ends"]
    assert "hint" not in told
    assert not any("EAA" in str(value) for value in told.values())


def test_what_is_due_is_no_alarm_and_is_renewed_when_asked_for(command: Command, graph: Graph) -> None:
    old = long_lived(command, graph)
    to_the_present(graph)
    done = command("audit")
    assert done.returncode == 0
    assert done.stdout.splitlines()[1].startswith("renew now             USER         ")
    done = command("audit", "--renew")
    assert (done.returncode, done.stdout) == (0, "1 token: 1 fine, 1 renewed.\n")
    with command.store() as store:
        (new,) = store
        assert new.fingerprint != old.fingerprint
        assert isinstance(new.expires_at, datetime)
        assert new.expires_at - NOW > 59 * DAY


def test_the_audit_is_the_same_over_postgresql(command: Command, graph: Graph, postgres_url: str) -> None:
    command.place = postgres_url
    long_lived(command, graph)
    to_the_present(graph)
    assert command("audit", "--renew", "--db", postgres_url, FBNB_STORE="").stdout == "1 token: 1 fine, 1 renewed.\n"


def test_a_dead_token_is_status_1_and_stands_first(command: Command, graph: Graph) -> None:
    to_the_present(graph)
    long_lived(command, graph)
    with command.store(graph.client) as store:
        store.put(AccessToken(Secret(graph.variables["FB_ADMIN_TOKEN"]), TokenKind.SYSTEM_USER, "robot"))
    graph.sandbox.change_password("Mara Quay")
    done = command("audit")
    assert done.returncode == 1
    title, row, counts = done.stdout.splitlines()
    assert title.split() == ["WHAT", "TO", "DO", "KIND", "FINGERPRINT", "ENDS", "(UTC)", "LABEL", "WHY"]
    assert row.startswith("ask the person again  USER ")
    assert row.endswith("(190/460)")
    assert counts == "2 tokens: 1 fine, 1 ask the person again."


def test_too_little_left_on_either_clock_is_status_1(command: Command, graph: Graph) -> None:
    to_the_present(graph)
    long_lived(command, graph)
    assert command("audit", "--fail-under", "8w").returncode == 0
    done = command("audit", "--fail-under", "61d")
    assert done.returncode == 1
    assert done.stdout.splitlines()[-1] == "1 token: 1 fine, 1 with too little left."
    assert lines(command("audit", "--json", "--fail-under", "1500h"))[0]["under"] is True


@pytest.mark.parametrize(
    ("expires", "access", "scopes", "under"),
    [
        (NEVER, None, ("email",), False),
        (None, None, ("email",), False),
        (NOW + 13 * DAY, None, ("email",), True),
        (NOW + 14 * DAY, NOW + 14 * DAY, ("email",), False),
        (NEVER, NOW + 13 * DAY, ("email",), True),
        (NEVER, NOW - DAY, ("email",), True),
        (NEVER, NOW + 13 * DAY, ("pages_show_list", "public_profile"), False),
    ],
)
def test_data_access_is_a_clock_where_it_is_needed(expires: Expiry, access: Expiry, scopes: tuple[str, ...], under: bool) -> None:
    stored = StoredToken(
        "0", TokenKind.USER, "1", "2", "2", "", "…", NOW, expires_at=expires, data_access_until=access, scopes=scopes
    )
    assert is_under(stored, 14 * DAY, NOW) is under


def test_graph_that_stumbles_is_status_3_and_nobodys_death(command: Command, graph: Graph) -> None:
    to_the_present(graph)
    long_lived(command, graph)
    graph.sandbox.fail(2, times=99)
    done = command("audit")
    assert done.returncode == 3
    assert done.stdout.splitlines()[1].startswith("wait  ")
    graph.sandbox.heal()
    assert command("audit").returncode == 0


def test_a_renewal_that_graph_refuses_is_put_off_while_there_is_time(command: Command, graph: Graph) -> None:
    long_lived(command, graph)
    to_the_present(graph)
    graph.sandbox.fail(2, times=99, path="oauth/access_token")
    done = command("audit", "--renew")
    assert done.returncode == 3
    assert "Not renewed yet: " in done.stdout


def test_a_renewal_that_is_refused_is_somebodys_business_only_late(command: Command, graph: Graph) -> None:
    token = long_lived(command, graph)
    to_the_present(graph)
    graph.sandbox.fail(10, times=9, path="oauth/access_token")
    with command.store(graph.client) as store:
        found = Verdict(store.find(token), "live", "It ends.", Next.RENEW)
        (after,) = renewed_all(graph.client, store, [found])
        assert "Not renewed" in after.why
        graph.sandbox.clock.advance(days=4.5)
        (late,) = renewed_all(graph.client, store, [found])
        assert (late.state, late.do) == ("live", Next.ASK_PERSON)


@pytest.mark.parametrize("what", [2, 4, "timeout"])
def test_a_renewal_that_is_put_off_is_somebodys_business_once_little_time_is_left(
    what: int | str, client: GraphClient, sandbox: Sandbox
) -> None:
    with closing(TokenStore(client=client)) as store:
        store.admit(extend_user_token(client, log_in(client, ["email"])))
        for days, do in ((56, Next.WAIT), (2, Next.ASK_PERSON)):
            sandbox.clock.advance(days=days)
            due = list(audit(client, store, quiet=True))
            sandbox.fail(what, path="oauth/access_token")
            (after,) = renewed_all(client, store, due)
            assert (after.do, bool(rung(after, client.now()))) == (do, do is Next.ASK_PERSON)
            assert "Not renewed yet: " in after.why
            sandbox.heal()


def test_what_is_forgotten_before_its_renewal_is_left_out(client: GraphClient, sandbox: Sandbox) -> None:
    with closing(TokenStore(client=client)) as store:
        gone, there = (store.put(extend_user_token(client, log_in(client, ["email"]))) for _ in range(2))
        sandbox.clock.advance(days=56)
        due = sorted(audit(client, store, quiet=True), key=lambda one: one.token.fingerprint != gone.fingerprint)
        store.forget(gone)
        (after,) = renewed_all(client, store, due)
        assert (after.fine, store.find(there).successor, due) == (True, after.token.fingerprint, [])


def test_without_a_call_left_no_renewal_is_tried(client: GraphClient) -> None:
    store = TokenStore(client=client)
    found = Verdict(store.put(log_in(client, ["email"])), "live", "It ends.", Next.RENEW)
    before = len(client.wire.exchanges)
    (after,) = renewed_all(client, store, [found], limited=True)
    assert (after.do, len(client.wire.exchanges)) == (Next.WAIT, before)
    store.close()


def test_a_renewal_that_is_due_hides_no_end_of_data_access(
    tmp_path_factory: pytest.TempPathFactory, tmp_path: Path, mail: tuple[Inbox, dict[str, str]]
) -> None:
    with serving_graph(tmp_path_factory.mktemp("world"), days_ago=106) as graph:
        command = Command(tmp_path, graph.fbnb)
        token = long_lived(command, graph)
        to_the_present(graph, 50)
        with command.store(graph.client) as store:
            renew(graph.client, store, token, early=True)
        to_the_present(graph, 56)
        done = command("audit", "--notify", **mail[1])
        assert (done.returncode, done.stdout.splitlines()[-1]) == (1, "1 token: 1 renew now, 1 told by e-mail.")
        assert "Access to the person's data has ended on" in done.stdout
        (sent,) = mail[0].mails
        assert "can no longer read your data" in " ".join(sent.get_content().split())


def test_people_are_told_once(command: Command, graph: Graph, mail: tuple[Inbox, dict[str, str]]) -> None:
    inbox, environ = mail
    token = long_lived(command, graph)
    to_the_present(graph)
    graph.sandbox.log_out("Mara Quay")
    link = {"FBNB_LOGIN_LINK": "https://notes.harbour.example/login"}
    done = command("audit", "--notify", **environ, **link)
    assert done.returncode == 1
    assert done.stdout.endswith("1 ask the person again, 1 told by e-mail.\n")
    (sent,) = inbox.mails
    assert link["FBNB_LOGIN_LINK"] in sent.get_content()
    assert token.value.reveal() not in str(sent)
    assert command("audit", "--notify", **environ).stdout.endswith("1 ask the person again.\n")
    assert len(inbox.mails) == 1


def test_without_a_link_of_ones_own_people_are_sent_to_the_dialog(
    command: Command, graph: Graph, mail: tuple[Inbox, dict[str, str]]
) -> None:
    long_lived(command, graph)
    to_the_present(graph)
    graph.sandbox.log_out("Mara Quay")
    command("audit", "--notify", **mail[1])
    assert "/v26.0/dialog/oauth?" in mail[0].mails[0].get_content()


def test_who_could_not_be_told_is_status_1_and_told_next_time(
    command: Command, graph: Graph, mail: tuple[Inbox, dict[str, str]]
) -> None:
    inbox, environ = mail
    long_lived(command, graph)
    to_the_present(graph)
    graph.sandbox.log_out("Mara Quay")
    done = command("audit", "--notify", **environ | {"FBNB_MAIL_TO": "nobody@quay.example"})
    assert done.returncode == 1
    assert done.stderr.startswith("fbnb: Mara could not be told by e-mail: ")
    assert command("audit", "--notify", **environ).stdout.endswith("1 told by e-mail.\n")
    assert len(inbox.mails) == 1


def test_who_can_be_renewed_is_not_told(command: Command, graph: Graph, mail: tuple[Inbox, dict[str, str]]) -> None:
    long_lived(command, graph)
    to_the_present(graph)
    done = command("audit", "--notify", "--renew", **mail[1])
    assert (done.returncode, mail[0].mails) == (0, [])


def test_stopped_by_ctrl_c_it_goes_on_where_it_was(command: Command, graph: Graph) -> None:
    to_the_present(graph)
    with command.store(graph.client) as store:
        store.put_all(AccessToken(Secret(f"EAA_SANDBOX_USER_{n:032x}")) for n in range(120))
    before = asked(graph)
    graph.sandbox.fail("slow", times=99, seconds=1)
    process = command.start("audit")
    while asked(graph) < before + 2:
        time.sleep(0.02)
    process.send_signal(signal.SIGINT)
    out, err = process.communicate(timeout=60)
    assert (process.returncode, err) == (130, STOPPED.encode())
    assert 50 <= len(out.splitlines()) - 2 < 120, "what was found is printed"
    graph.sandbox.heal()
    done = command("audit", "--json")
    assert (done.returncode, len(lines(done))) == (1, 120), "what was found before is told again"
    assert asked(graph) - before == 3, "and not asked again"


STOPPED = "fbnb: Stopped. What was found is stored, and the next fbnb audit goes on where this one was.\n"


def test_stopped_in_mid_renewal_what_is_due_is_printed_all_the_same(command: Command, graph: Graph) -> None:
    with command.store(graph.client) as store:
        store.put_all(issued(graph.client, graph.sandbox, 5))
    to_the_present(graph)
    before = len(graph.sandbox.requests)
    graph.sandbox.fail("slow", path="oauth/access_token", seconds=1)
    process = command.start("audit", "--renew")
    while len(graph.sandbox.requests) < before + 2:
        time.sleep(0.02)
    process.send_signal(signal.SIGINT)
    out, err = process.communicate(timeout=60)
    assert (process.returncode, err) == (130, STOPPED.encode())
    assert out.decode().splitlines()[-1].startswith("5 tokens: ")
    assert b"renew now" in out


def test_an_error_in_mid_audit_loses_nothing_that_is_due(command: Command, graph: Graph) -> None:
    with command.store(graph.client) as store:
        store.put_all(issued(graph.client, graph.sandbox, 60))
    to_the_present(graph)
    summary = Summary()
    answered = replace(graph.client, transport=Blocking(graph.client.transport, graph.sandbox))
    with command.store(answered) as store, pytest.raises(AppRestricted):
        Round(answered, store, Wish(renew=True), summary).audit()
    assert summary.counts[Next.RENEW] >= 49


class Blocking(httpx.BaseTransport):
    """Graph, where Meta blocks the app after the first answer."""

    def __init__(self, graph: httpx.BaseTransport, sandbox: Sandbox) -> None:
        self.graph, self.sandbox = graph, sandbox

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        answer = self.graph.handle_request(request)
        answer.read()
        self.sandbox.block_app()
        return answer


@pytest.mark.parametrize("typed", [["audit", "--json", "--fresh"], ["audit", "--fresh"], ["tokens", "list"]])
def test_whoever_reads_along_and_leaves_is_no_token_that_needs_someone(typed: list[str], command: Command, graph: Graph) -> None:
    to_the_present(graph)
    with command.store(graph.client) as store:
        store.put_all(issued(graph.client, graph.sandbox, 200))
    with command.start(*typed) as process:
        assert process.stdout
        assert process.stderr
        process.stdout.close()
        assert process.stderr.read() == b""
    assert process.returncode == 2


def test_a_full_disk_is_one_line_and_status_2(command: Command, graph: Graph) -> None:
    to_the_present(graph)
    long_lived(command, graph)
    typed = [sys.executable, "-m", "fbnb.cli", "audit"]
    with Path("/dev/full").open("w") as full:
        done = subprocess.run(typed, env=command.environ(), cwd=command.home, stdout=full, stderr=subprocess.PIPE)
    assert (done.returncode, done.stderr) == (2, b"fbnb: audit: No space left on device.\n")


def asked(graph: Graph) -> int:
    """How many batches were sent."""
    return sum("batch" in request.asked.params for request in graph.sandbox.requests)


@pytest.mark.parametrize(
    ("typed", "environ", "words"),
    [
        ([], {"FBNB_TARGET": "sandbox"}, "Set FBNB_TARGET=live, or the address"),
        ([], {"FBNB_TARGET": ""}, "Set FBNB_TARGET=live, or the address"),
        ([], {"FBNB_TARGET": "lve"}, "FBNB_TARGET is 'lve'"),
        ([], {"FBNB_APP_SECRET": ""}, "FBNB_APP_SECRET is not set"),
        ([], {"FBNB_APP_ID": "1"}, "FBNB_APP_ID is not a number"),
        ([], {}, "There is no token store at"),
        (["--db", "other.db"], {}, "There is no token store at"),
        (["--db", "mysql://x/y"], {}, "That is no database for tokens."),
        (["--notify"], {}, "FBNB_SMTP is not set"),
        (["--notify"], {"FBNB_LOGIN_LINK": "notes.example"}, "FBNB_LOGIN_LINK is no web address"),
        (["--notify"], {"FBNB_LOGIN_LINK": "https://admin:hunter2@x/login"}, "FBNB_LOGIN_LINK is no web address"),
        (["--notify"], {"FBNB_LOGIN_LINK": "https://x/?access_token=EAAcanary123456789"}, "FBNB_LOGIN_LINK is no web address"),
        (["--fail-under", "14"], {}, "that is no span of time, such as 36h, 14d or 2w"),
        (["--fail-under", "-1d"], {}, "fail-under"),
        (["--fail-under", "999999999w"], {}, "that is no span of time"),
        (["--fre"], {}, "--fre"),
        (["tokens.db"], {}, "there is no option tokens.db"),
        (["--dbb=x"], {}, "there is no option --dbb"),
        (["--json=yes"], {}, "ignored explicit argument"),
    ],
)
def test_what_cannot_be_done_is_status_2_and_says_why(
    typed: list[str], environ: dict[str, str], words: str, command: Command
) -> None:
    status, said = command.here("audit", *typed, **environ)
    assert (status, words in said) == (2, True), said
    assert said.splitlines()[-1].startswith("fbnb")
    assert "canary" not in said
    assert not list(command.home.iterdir())


def test_a_store_of_other_apps_only_is_not_well(command: Command, graph: Graph) -> None:
    with command.store() as store:
        store.put(AccessToken(Secret("EAAxyz")), app_id="4242")
    done = command("audit")
    assert (done.returncode, done.stdout) == (2, "")
    assert "has no token of app 1000000000001, and 1 of others" in done.stderr


def test_an_empty_store_is_well(command: Command, graph: Graph) -> None:
    with command.store():
        pass
    done = command("audit")
    assert (done.returncode, done.stdout) == (0, "0 tokens.\n")


def test_a_wrong_secret_is_status_2(command: Command, graph: Graph) -> None:
    to_the_present(graph)
    long_lived(command, graph)
    done = command("audit", FBNB_APP_SECRET="0" * 32)
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr.count("\n") == 1


def test_pages_are_renewed_with_the_token_they_were_made_with(command: Command, graph: Graph) -> None:
    user = long_lived(command, graph, "pages_show_list")
    with command.store(graph.client) as store:
        for page in list_pages(graph.client, user):
            assert page.token
            store.admit(page.token, parent=user)
    to_the_present(graph)
    done = command("audit", "--renew", "--json")
    assert done.returncode == 0
    assert {told["do"] for told in lines(done)} == {"fine"}
    assert len(lines(done)) == 9


def test_help_says_what_each_exit_status_means(command: Command) -> None:
    status, said = command.here("audit", "--help")
    assert status == 0
    assert [line.split()[0] for line in said.splitlines() if line[:5].strip().isdigit()] == ["0", "1", "2", "3", "130"]
