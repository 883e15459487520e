"""Every refusal has a name that says what to do, one line long, and survives being sent elsewhere."""

from __future__ import annotations

import pickle

import pytest
from shell import shown

from fbnb import errors
from fbnb.errors import FbnbError, GraphError, graph_error
from fbnb.resources import rows


def refusal(code: object, message: str = "", subcode: object = None) -> GraphError:
    return graph_error(400, {"error": {"message": message, "type": "OAuthException", "code": code, "error_subcode": subcode}})


@pytest.mark.parametrize(
    ("kind", "code", "subcode", "message"),
    [
        ("TokenExpired", 190, 463, "Session has expired on"),
        ("TokenExpired", 102, 463, ""),
        ("TokenRevoked", 190, 460, "changed their password"),
        ("TokenRevoked", 190, 458, "has not authorized"),
        ("TokenRevoked", 190, 492, "must be an administrator"),
        ("TokenRevoked", 190, None, "This Page access token belongs to a Page that has been deleted."),
        ("TokenMalformed", 190, None, "Invalid OAuth access token - Cannot parse access token"),
        ("TokenMalformed", 190, None, "The access token could not be decrypted"),
        ("TokenInvalid", 190, None, "Invalid OAuth 2.0 Access Token"),
        ("TokenInvalid", 190, 999, "something new"),
        ("WrongTokenKind", 190, None, "(#190) This method must be called with a Page Access Token"),
        ("WrongTokenKind", 102, None, "A user access token is required to request this resource."),
        ("WrongTokenKind", 2500, None, "An active access token must be used to query information about the current user."),
        ("WrongTokenKind", 100, None, "(#100) The App_id in the input_token did not match the Viewing App"),
        ("PermissionMissing", 190, None, "Any of the ... must be granted before impersonating a user's page."),
        ("PermissionMissing", 10, None, "(#10) ..."),
        ("PermissionMissing", 299, None, ""),
        ("CodeRejected", 100, 36009, "This authorization code has been used."),
        ("CodeRejected", 100, None, "Invalid verification code format."),
        ("AppCredentialsWrong", 1, None, "Error validating client secret."),
        ("AppCredentialsWrong", 101, None, "Missing client_id parameter."),
        ("ProofRejected", 100, None, "Invalid appsecret_proof provided in the API argument"),
        ("RateLimited", 4, None, ""),
        ("RateLimited", 80001, None, ""),
        ("TemporaryFailure", 2, None, "Service temporarily unavailable"),
        ("NotFound", 100, 33, "Unsupported get request."),
        ("NotFound", 803, None, ""),
        ("RequestInvalid", 100, None, "(#100) The parameter url is required"),
        ("RequestInvalid", 2500, None, "Unknown path components: /bogus"),
        ("GraphError", 987654, None, "never seen"),
        ("GraphError", None, None, "no code at all"),
        ("TokenExpired", "190", "463", "numbers as text"),
    ],
)
def test_each_refusal_has_its_name(kind: str, code: object, subcode: object, message: str) -> None:
    assert type(refusal(code, message, subcode)).__name__ == kind


def numbered() -> list[dict[str, str]]:
    return [row for row in rows("errors.csv") if row["code"].lstrip("-").isdigit() and row["example"]]


def test_each_row_of_the_table_is_told_by_its_own_words_and_numbers() -> None:
    for row in numbered():
        error = refusal(row["code"], row["example"], row["subcode"])
        assert error.remedy, row
        assert row["type"] == "redirect" or type(error) is not GraphError, row


def test_every_code_and_subcode_has_a_class_and_a_remedy() -> None:
    for row in rows("errors.csv"):
        for code in row["code"].split():
            error = refusal(code.partition("-")[0] or code, "", row["subcode"])
            assert error.remedy, row
            assert type(error) is not GraphError, row


def test_the_table_names_only_classes_and_causes_that_there_are() -> None:
    causes = {row["cause"] for row in rows("causes.csv")}
    for row in rows("errors.csv"):
        assert not row["error"] or issubclass(getattr(errors, row["error"]), FbnbError), row
        assert {row["cause"], *row["also"].split()} <= causes, row
        assert row["cause"] not in row["also"].split(), row
        assert set(row["by"].split()) <= {"code", "subcode", "words"}, row
        assert row["source"], row


def test_no_row_stands_behind_one_that_always_fits_first() -> None:
    seen: set[tuple[str, ...]] = set()
    for row in rows("errors.csv"):
        told = tuple(row[name] for name in ("by", *row["by"].split(), "where"))
        assert told not in seen, row
        seen.add(told)


@pytest.mark.parametrize(
    ("kind", "code", "message"),
    [
        ("RateLimited", 80999, ""),
        ("PermissionMissing", 287, ""),
        ("RequestInvalid", 199, ""),
        ("TokenInvalid", 190, "words of next year"),
        ("TokenExpired", 987654, "Session has expired"),
        ("AppRestricted", 3, ""),
        ("AppRestricted", 200, "API access blocked."),
        ("AccountLocked", 459, ""),
        ("Blocked", 368, ""),
        ("VersionRetired", 2635, ""),
        ("RedirectRejected", 191, ""),
    ],
)
def test_what_is_not_in_the_table_falls_to_its_family_or_to_its_words(kind: str, code: int, message: str) -> None:
    assert type(refusal(code, message)).__name__ == kind


def test_an_error_object_that_is_none_is_still_an_error() -> None:
    assert graph_error(400, {"error": "invalid_request"}).message == "invalid_request"
    assert graph_error(400, {"error": {}}).code is None


def test_it_carries_what_graph_said() -> None:
    error = graph_error(400, {"error": {"message": "Gone.", "type": "T", "code": 190, "error_subcode": 463, "fbtrace_id": "A1"}})
    assert (error.status, error.type, error.code, error.subcode, error.fbtrace_id, error.message) == (
        400,
        "T",
        190,
        463,
        "A1",
        "Gone.",
    )
    assert str(error).startswith("Graph refused (190/463): Gone. Log in again")


def all_kinds() -> list[type[FbnbError]]:
    return [kind for kind in vars(errors).values() if isinstance(kind, type) and issubclass(kind, FbnbError)]


def test_the_tree_in_the_docstring_is_the_tree() -> None:
    assert errors.__doc__
    for kind in all_kinds():
        assert f" {kind.__name__} " in errors.__doc__.replace("\n", " "), kind


@pytest.mark.parametrize("kind", all_kinds())
def test_every_error_is_pickled_and_redacted(kind: type[FbnbError]) -> None:
    error = kind("wrong: access_token=hunter2hunter2")
    again = pickle.loads(pickle.dumps(error))
    assert (type(again), str(again), vars(again)) == (type(error), str(error), vars(error))
    assert "hunter2" not in f"{error} {error!r} {vars(error)}"


def test_every_refusal_by_graph_has_a_remedy() -> None:
    for kind in all_kinds():
        if issubclass(kind, GraphError) and kind is not GraphError:
            assert kind.remedy, kind


def test_in_a_notebook_an_error_is_one_line() -> None:
    error = refusal(190, "Session has expired", 463)
    assert shown("raise error", {"error": error}).splitlines() == [f"TokenExpired: {error}"]
