"""A setting that is missing or malformed is named, with what it should look like."""

from __future__ import annotations

from pathlib import Path

import pytest

from fbnb.errors import SettingError
from fbnb.redact import Secret
from fbnb.settings import Settings, Target, load_settings, variable

SECRET = "decafbadc0ffee00decafbadc0ffee01"
SERVED = {"FBNB_TARGET": "http://127.0.0.1:8765", "FBNB_APP_ID": "1000000000001", "FBNB_APP_SECRET": SECRET}
LIVE = {"FBNB_TARGET": "live", "FBNB_APP_ID": "1000000000001", "FBNB_APP_SECRET": SECRET}


def test_the_defaults_are_the_sandbox(tmp_path: Path) -> None:
    settings = load_settings(environ={}, folder=tmp_path)
    assert settings == Settings()
    assert (settings.target, settings.version, settings.redirect_uri) == (
        Target.SANDBOX,
        "v26.0",
        "http://localhost:8400/callback",
    )


def test_everything_from_the_environment(tmp_path: Path) -> None:
    more = {
        "FBNB_CLIENT_TOKEN": SECRET,
        "FBNB_VERSION": "v25.0",
        "FBNB_REDIRECT_URI": "https://a.example/cb",
        "FBNB_WORLD": "w.json",
        "OTHER": "x",
    }
    settings = load_settings(environ=LIVE | more, folder=tmp_path)
    assert settings == Settings(
        Target.LIVE, "1000000000001", Secret(SECRET), "v25.0", "https://a.example/cb", Path("w.json"), Secret(SECRET)
    )
    assert SECRET not in repr(settings)


def test_the_environment_wins_over_the_env_file_here_and_that_over_its_parents(tmp_path: Path) -> None:
    here = tmp_path / "notebooks"
    here.mkdir()
    (tmp_path / ".env").write_text("FBNB_APP_ID=1111111111111\nFBNB_VERSION=v24.0\nFBNB_TARGET=live\nFBNB_APP_SECRET=\n")
    (here / ".env").write_text(f"FBNB_APP_SECRET='{SECRET}'\nFBNB_VERSION=v25.0 # newer\nPATH=/nowhere\n")
    settings = load_settings(environ={"FBNB_APP_ID": "2222222222222"}, folder=here)
    assert (settings.target, settings.app_id, settings.version) == (Target.LIVE, "2222222222222", "v25.0")
    assert settings.app_secret == Secret(SECRET)


def test_the_argument_wins_over_the_variable(tmp_path: Path) -> None:
    assert load_settings("sandbox", environ=LIVE, folder=tmp_path).target is Target.SANDBOX


@pytest.mark.parametrize(
    ("variables", "variable", "remedy"),
    [
        ({"FBNB_TRAGET": "live"}, "no variable FBNB_TRAGET", "Did you mean FBNB_TARGET?"),
        ({"FBNB_TARGET": "life"}, "FBNB_TARGET is 'life'", "sandbox, live, or"),
        ({"FBNB_TARGET": "served"}, "FBNB_TARGET is 'served', without an address", "such as http://127.0.0.1:8765"),
        ({"FBNB_TARGET": "127.0.0.1:8765"}, "FBNB_TARGET is '127.0.0.1:8765'", "such as http://127.0.0.1:8765"),
        (SERVED | {"FBNB_APP_ID": ""}, "FBNB_APP_ID is not set, and a served sandbox needs it", "--env-file"),
        (SERVED | {"FBNB_APP_SECRET": ""}, "FBNB_APP_SECRET is not set, and a served sandbox needs it", "--env-file"),
        (LIVE | {"FBNB_APP_ID": ""}, "FBNB_APP_ID is not set", "number of 13 to 17 digits"),
        (LIVE | {"FBNB_APP_SECRET": ""}, "FBNB_APP_SECRET is not set", "32 characters"),
        ({"FBNB_APP_ID": "my app"}, "FBNB_APP_ID is not a number", "number of 13 to 17 digits"),
        ({"FBNB_APP_ID": SECRET}, "FBNB_APP_ID holds what looks like an app secret", "Reset the secret"),
        ({"FBNB_APP_SECRET": "1000000000001"}, "FBNB_APP_SECRET does not look like an app secret", "32 characters"),
        ({"FBNB_CLIENT_TOKEN": "x"}, "FBNB_CLIENT_TOKEN does not look like a client token", "Settings, Advanced, Security"),
        ({"FBNB_VERSION": "26"}, "FBNB_VERSION is '26'", "Did you mean v26.0?"),
        ({"FBNB_VERSION": "v26"}, "FBNB_VERSION is 'v26'", "Did you mean v26.0?"),
        ({"FBNB_VERSION": "25.0"}, "FBNB_VERSION is '25.0'", "Did you mean v25.0?"),
        ({"FBNB_VERSION": "latest"}, "FBNB_VERSION is 'latest'", "Did you mean v26.0?"),
        ({"FBNB_REDIRECT_URI": "http://[half"}, "FBNB_REDIRECT_URI", "a whole URL"),
        ({"FBNB_REDIRECT_URI": "localhost:8400"}, "FBNB_REDIRECT_URI is 'localhost:8400'", "a whole URL"),
    ],
)
def test_a_wrong_value_is_named_with_its_remedy(variables: dict[str, str], variable: str, remedy: str, tmp_path: Path) -> None:
    with pytest.raises(SettingError) as caught:
        load_settings(environ=variables, folder=tmp_path)
    assert variable in str(caught.value)
    assert remedy in str(caught.value)
    assert SECRET not in str(caught.value)
    assert "\n" not in str(caught.value)


def test_an_env_file_that_is_no_text_is_one_line(tmp_path: Path) -> None:
    (tmp_path / ".env").write_bytes(b"FBNB_APP_ID=\xff\xfe")
    with pytest.raises(SettingError, match=r"\.env cannot be read"):
        load_settings(environ={}, folder=tmp_path)


def test_an_empty_variable_leaves_the_files_value(tmp_path: Path) -> None:
    (tmp_path / ".env").write_text("FBNB_VERSION=v25.0")
    assert load_settings(environ={"FBNB_VERSION": ""}, folder=tmp_path).version == "v25.0"


@pytest.mark.parametrize("url", ["http://127.0.0.1:8765", "http://127.8.9.1", "http://[::1]:8765", "http://localhost:80"])
def test_a_sandbox_that_is_served_here_is_a_target(url: str, tmp_path: Path) -> None:
    for text in (url, f"{url}/", url.upper()):
        settings = load_settings(text, environ=LIVE, folder=tmp_path)
        assert (settings.target, settings.served) == (Target.SERVED, url)
    assert load_settings(environ=SERVED, folder=tmp_path).served == SERVED["FBNB_TARGET"]


@pytest.mark.parametrize(
    "url",
    [
        "http://192.168.0.2:8765",
        "http://0.0.0.0:8765",
        "http://sandbox.example",
        "http://localhost.example:8765",
        "https://graph.facebook.com",
        "https://127.0.0.1:8765",
        "http://127.0.0.1:99999",
        "http://127.0.0.1:8765/v26.0",
        "http://127.0.0.1:8765/?access_token=hunter2",
        "http://user:hunter2@127.0.0.1:8765",
        "http://127.0.0.1:87\n65",
        "http://",
        "http://[half",
    ],
)
def test_a_served_sandbox_is_on_this_machine_and_its_address_no_more_than_that(url: str, tmp_path: Path) -> None:
    with pytest.raises(SettingError, match="FBNB_TARGET is not the address of a sandbox on this machine") as caught:
        load_settings(url, environ=LIVE, folder=tmp_path)
    assert "such as http://127.0.0.1:8765" in str(caught.value)
    assert "hunter2" not in str(caught.value)


def test_an_address_belongs_to_a_served_sandbox_alone() -> None:
    for target, served in ((Target.SANDBOX, "http://127.0.0.1:8765"), (Target.SERVED, "")):
        with pytest.raises(SettingError, match="FBNB_TARGET"):
            Settings(target, "1000000000001", served=served)


def test_a_variable_that_is_no_setting_is_found_in_the_env_file_too(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / ".env").write_text("FBNB_STORE=postgresql://u:hidden-there@host/name\nFBNB_APP_NAME=from the file\n")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("FBNB_APP_NAME", "from the environment")
    assert variable("FBNB_STORE").reveal() == "postgresql://u:hidden-there@host/name"
    assert "hidden" not in repr(variable("FBNB_STORE"))
    assert variable("FBNB_APP_NAME").reveal() == "from the environment"
    assert not variable("FBNB_SMTP")
    (tmp_path / ".env").write_bytes(b"FBNB_STORE=\xff\xfe")
    with pytest.raises(SettingError, match="cannot be read"):
        variable("FBNB_STORE")
