"""A login in one's own browser: opened, caught on this machine, over in time, and nothing left behind or told."""

from __future__ import annotations

import logging
import socket
import struct
import traceback
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from dataclasses import dataclass, field, replace
from typing import Any
from urllib.parse import parse_qs, urlsplit

import httpx
import pytest
from capture import Capture
from forms import Seen
from ports import free_port

from fbnb.browser import log_in_in_browser
from fbnb.catcher import catching
from fbnb.client import GraphClient
from fbnb.errors import FbnbError, InputError, LoginCancelled, LoginTimedOut, SettingError
from fbnb.pytest_plugin import GraphServer

Open = Callable[[str], bool]


def led_to(client: GraphClient, redirect_uri: str) -> GraphClient:
    return replace(client, settings=replace(client.settings, redirect_uri=redirect_uri))


@pytest.fixture
def home() -> str:
    """A redirect_uri that nobody else listens at."""
    return f"http://localhost:{free_port()}/callback"


@pytest.fixture
def client(client: GraphClient, home: str) -> GraphClient:
    return led_to(client, home)


def fetch(url: str, method: str = "GET", **sent: dict[str, str]) -> httpx.Response:
    with httpx.Client(verify=False) as http:  # no certificates to load: nothing here goes over TLS
        return http.request(method, url, **sent)  # type: ignore[arg-type]


@dataclass
class Browser:
    """What a person does with the dialog's address. urls: what was opened. seen: what was shown when they were led back."""

    does: Callable[[str], list[httpx.Response]]
    urls: list[str] = field(default_factory=list)
    seen: list[httpx.Response] = field(default_factory=list)

    def __call__(self, url: str) -> bool:
        self.urls.append(url)
        self.seen = self.does(url)
        return True


def press(button: str) -> Browser:
    """Presses a button of the dialog, and goes where it leads."""

    def does(url: str) -> list[httpx.Response]:
        led = fetch(url, "POST", data=Seen(fetch(url).text).asks.pressed(button))
        return [fetch(led.headers["location"])]

    return Browser(does)


def led_back(*ends: str) -> Browser:
    """Comes back from a dialog that is out of reach: to the redirect_uri, once with each end. {state}: the dialog's."""

    def does(url: str) -> list[httpx.Response]:
        asked = {name: values[0] for name, values in parse_qs(urlsplit(url).query).items()}
        return [fetch(asked["redirect_uri"] + end.format(state=asked["state"])) for end in ends]

    return Browser(does)


def idle() -> Browser:
    return Browser(lambda url: [])


def live(client: GraphClient, answer: dict[str, Any], status: int = 200) -> GraphClient:
    """The same client, of a Graph that is no sandbox and answers that."""
    return replace(client, transport=Capture([(status, answer)]))


TOKEN = {"access_token": "EAAsandboxsandboxsandbox", "token_type": "bearer"}


def test_a_sandbox_in_process_is_served_meanwhile(client: GraphClient) -> None:
    browser = press("Continue")
    token = log_in_in_browser(client, ["email"], open=browser)
    assert client.get("me", token)["name"] == "Mara Quay"
    assert browser.seen[0].status_code == 200
    assert "The dialog has answered Go back to the notebook" in Seen(browser.seen[0].text).text


def test_a_sandbox_that_is_served_is_opened_where_it_is(graph_server: GraphServer, home: str) -> None:
    client, browser = led_to(graph_server.client, home), press("Continue")
    token = log_in_in_browser(client, "email", open=browser)
    assert client.get("me", token)["name"] == "Mara Quay"
    assert browser.urls[0].startswith(f"{graph_server.url}/v26.0/dialog/oauth?client_id=")


def test_on_live_graph_facebook_itself_is_opened(client: GraphClient) -> None:
    browser = led_back("?code=c&state={state}#_=_")
    token = log_in_in_browser(live(client, TOKEN), open=browser)
    assert browser.urls[0].startswith("https://www.facebook.com/v26.0/dialog/oauth?client_id=")
    assert token.value.reveal() == TOKEN["access_token"]


def test_the_dialog_is_asked_for_what_the_caller_asks(client: GraphClient) -> None:
    browser = idle()
    with pytest.raises(LoginTimedOut):
        log_in_in_browser(client, ["email", "user_likes"], auth_type="rerequest", seconds=1, open=browser)
    asked = parse_qs(urlsplit(browser.urls[0]).query)
    assert (asked["scope"], asked["auth_type"]) == (["email,user_likes"], ["rerequest"])


def test_only_the_one_answer_of_this_login_counts(client: GraphClient) -> None:
    others = ("?code=theirs&state=other", "?code=theirs", "/elsewhere?code=theirs&state={state}")
    browser, graph = led_back(*others, "?code=ours&state={state}", "?code=late&state={state}"), Capture([TOKEN])
    log_in_in_browser(replace(client, transport=graph), open=browser)
    assert [answer.status_code for answer in browser.seen] == [400, 400, 404, 200, 410]
    assert graph.last[3]["code"] == "ours"


def test_of_many_answers_at_once_one_counts(home: str) -> None:
    with catching(home, "s") as catcher, ThreadPoolExecutor(8) as pool:
        told = sorted(answer.status_code for answer in pool.map(fetch, [f"{home}?code=c&state=s"] * 8))
        assert told == [200] + [410] * 7
        assert catcher.caught.get(timeout=10) == f"{home}?code=c&state=s"
        assert catcher.caught.empty()


@pytest.mark.parametrize("method", ["POST", "HEAD", "PUT"])
def test_only_a_visit_is_an_answer(home: str, method: str) -> None:
    with catching(home, "s") as catcher:
        assert fetch(f"{home}?code=c&state=s", method).status_code == 501
        assert catcher.caught.empty()


def test_cancel_is_said_in_the_browser_and_in_the_notebook(client: GraphClient) -> None:
    browser = press("Cancel")
    with pytest.raises(LoginCancelled):
        log_in_in_browser(client, ["email"], open=browser)
    assert "You are not logged in" in Seen(browser.seen[0].text).text


def test_nobody_answers_for_ever(client: GraphClient) -> None:
    with pytest.raises(LoginTimedOut, match="within 1 seconds") as caught:
        log_in_in_browser(client, seconds=1, open=idle())
    assert "seconds=" in caught.value.remedy
    assert "paste=True" in caught.value.remedy


@pytest.mark.parametrize("uri", ["https://localhost:8400/callback", "http://192.168.0.2:8400/", "https://app.example/callback"])
def test_a_redirect_that_leads_elsewhere_cannot_be_caught(client: GraphClient, uri: str) -> None:
    with pytest.raises(InputError, match="cannot be caught on this machine") as caught:
        log_in_in_browser(led_to(client, uri), open=lambda url: pytest.fail("nothing is opened"))
    assert "paste=True" in caught.value.remedy


@pytest.mark.parametrize("address", ["127.0.0.1", "::1"])
def test_a_port_that_is_taken_is_said_before_anything_is_opened(client: GraphClient, home: str, address: str) -> None:
    if not here(address):
        return
    with (
        socket.create_server((address, urlsplit(home).port), family=family(address)),
        pytest.raises(InputError, match=r"Nothing can listen at localhost:\d+: Address already in use"),
    ):
        log_in_in_browser(client, open=lambda url: pytest.fail("nothing is opened"))


def family(address: str) -> socket.AddressFamily:
    return socket.AF_INET6 if ":" in address else socket.AF_INET


def here(address: str) -> bool:
    """Whether this machine has the address."""
    try:
        socket.create_server((address, 0), family=family(address)).close()
    except OSError:
        return False
    return True


def test_localhost_is_caught_at_whichever_address_the_browser_takes_it_for(home: str) -> None:
    for name in [name for name, address in (("127.0.0.1", "127.0.0.1"), ("[::1]", "::1")) if here(address)]:
        with catching(home, "s") as catcher:
            assert fetch(f"{home.replace('localhost', name)}?code=c&state=s").status_code == 200
            assert catcher.caught.get(timeout=10) == f"{home}?code=c&state=s", "the redirect_uri's own name, for it is compared"


def test_a_redirect_uri_without_a_path_is_caught_at_the_root() -> None:
    home = f"http://127.0.0.1:{free_port()}"
    with catching(home, "s"):
        assert fetch(f"{home}?code=c&state=s").status_code == 200


def test_the_paste_way_listens_nowhere_and_opens_nothing(
    client: GraphClient, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def pasted(prompt: str) -> str:
        url = capsys.readouterr().out.split()[-1]
        return fetch(url, "POST", data=Seen(fetch(url).text).asks.pressed("Continue")).headers["location"]

    monkeypatch.setattr("getpass.getpass", pasted)
    token = log_in_in_browser(led_to(client, "https://harbour-notes.example/auth/callback"), paste=True, open=pytest.fail)
    assert client.get("me", token)["name"] == "Mara Quay"


@pytest.mark.parametrize(("opens", "words"), [(True, "Your browser shows the dialog. If not, open this"), (False, "Open this")])
def test_the_address_is_printed_whether_or_not_a_browser_opens(
    client: GraphClient, capsys: pytest.CaptureFixture[str], opens: bool, words: str
) -> None:
    log_in_in_browser(client, open=lambda url: press("Continue")(url) and opens)
    out = capsys.readouterr().out
    assert out.startswith(f"{words} address:\nhttp://127.0.0.1:")
    assert "/v26.0/dialog/oauth?client_id=1000000000001" in out


def test_no_code_and_no_token_is_told(
    client: GraphClient, capfd: pytest.CaptureFixture[str], caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    browser = press("Continue")
    token = log_in_in_browser(client, open=browser)
    code = parse_qs(browser.seen[0].url.query.decode())["code"][0]
    told = f"{capfd.readouterr()}{caplog.text}{client.wire.last(50)}{browser.seen[0].text}"
    assert len(told) > 200
    assert code not in told
    assert token.value.reveal() not in told


@pytest.mark.parametrize("end", ["?code=hushhushhush&state={state}", "?code=hushhushhush&state={state}&error_code=1349126"])
def test_no_code_is_in_a_traceback(client: GraphClient, end: str) -> None:
    used = {"error": {"message": "This authorization code has been used.", "code": 100, "error_subcode": 36009}}
    with pytest.raises(FbnbError) as caught:
        log_in_in_browser(live(client, used, 400), open=led_back(end))
    lines = traceback.TracebackException.from_exception(caught.value, capture_locals=True).format()
    ours = "".join(line for line in lines if __file__ not in line)
    assert "log_in_in_browser" in ours
    assert "hushhushhush" not in ours


def interrupted(url: str) -> bool:
    raise KeyboardInterrupt


@pytest.mark.parametrize(
    ("open", "error"),
    [(interrupted, KeyboardInterrupt), (idle(), LoginTimedOut), (press("Cancel"), LoginCancelled)],
)
def test_nothing_listens_when_it_is_over(client: GraphClient, home: str, open: Open, error: type[BaseException]) -> None:
    with pytest.raises(error):
        log_in_in_browser(client, seconds=1, open=open)
    for address in filter(here, ("127.0.0.1", "::1")):
        socket.create_server((address, urlsplit(home).port), family=family(address)).close()


def test_a_connection_that_says_nothing_holds_nobody_up(client: GraphClient, home: str) -> None:
    with ExitStack() as idle:

        def open(url: str) -> bool:
            for _ in range(3):
                idle.enter_context(socket.create_connection(("localhost", urlsplit(home).port)))
            return press("Continue")(url)

        assert log_in_in_browser(client, seconds=5, open=open)


def test_an_answer_counts_even_if_the_browser_does_not_wait_for_the_page(home: str, capfd: pytest.CaptureFixture[str]) -> None:
    with catching(home, "s") as catcher:
        with socket.create_connection(("localhost", urlsplit(home).port)) as browser:
            browser.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            browser.sendall(b"GET /callback?code=c&state=s HTTP/1.1\r\n\r\n")
        assert catcher.caught.get(timeout=5) == f"{home}?code=c&state=s"
    assert capfd.readouterr() == ("", "")


def test_a_port_that_there_is_not_is_a_setting_to_correct(client: GraphClient) -> None:
    with pytest.raises(SettingError, match="99999"):
        led_to(client, "http://localhost:99999/callback")
