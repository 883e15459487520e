"""Which token do I need? Three choices, and the answer."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from html import escape

import ipywidgets as w

from fbnb.catalogue import permissions
from fbnb.which_token import Advice, purposes, spans_for, which_token, whose_for
from fbnb.widgets.fields import CodeField, choice
from fbnb.widgets.view import View
from fbnb.widgets.words import facts, link


class WhichToken(View):
    """Three choices: what to call, on whose behalf, for how long. `answer` says which token that takes.

    Only what can be had is offered. A choice that no longer fits gives way to the nearest, and `message` says why.
    """

    def __init__(self) -> None:
        purpose = purposes()[0]
        whose = whose_for(purpose)[0]
        self.purpose = choice("I want to", _pairs(purposes()))
        self.whose = choice("On behalf of", _pairs(whose_for(purpose)))
        self.span = choice("For how long", _pairs(spans_for(purpose, whose)))
        self.facts, self.message, self._code = w.HTML(), w.HTML(), CodeField("Code to copy")
        self.code = self._code.field
        self._settling = False
        for chosen in (self.purpose, self.whose, self.span):
            chosen.observe(lambda _: self._settle(), names="value")
        self._settle()
        self.view = w.VBox([self.purpose, self.whose, self.span, self.message, self.facts, self.code])

    def _settle(self) -> None:
        if self._settling:  # by what is set below
            return
        self.answer = which_token(self.purpose.value, self.whose.value, self.span.value)
        self._settling = True
        _offer(self.whose, whose_for(self.answer.purpose), self.answer.whose)
        _offer(self.span, spans_for(self.answer.purpose, self.answer.whose), self.answer.span)
        self._settling = False
        self._show(self.answer)

    def _show(self, answer: Advice) -> None:
        self.facts.value = facts("The token for it", _told(answer)) + _notebooks(answer)
        self._code.show(answer.code)
        self.code.rows = answer.code.count("\n") + 2
        why = f"{answer.instead} Here is the nearest. " if answer.instead else ""
        self.say(f"{why}Kind: {answer.kind}, on behalf of {answer.whose}, {answer.span}.")


def _pairs(words: Sequence[str]) -> list[tuple[str, object]]:
    return [(word, word) for word in words]


def _offer(dropdown: w.Dropdown, words: Sequence[str], chosen: str) -> None:
    dropdown.options = _pairs(words)
    dropdown.value = chosen


def _told(answer: Advice) -> list[tuple[str, str]]:
    return [
        ("Kind", answer.kind),
        ("Flow", answer.flow["the question"]),
        ("Least scopes", _scopes(answer)),
        ("Lives", answer.lives),
        *([("Why no other time", answer.only)] if len(spans_for(answer.purpose, answer.whose)) == 1 else []),
        ("Dies when", answer.dies),
    ]


def _scopes(answer: Advice) -> str:
    none = "none: every login gives public_profile" if answer.kind == "USER" else "none"
    told = "; ".join(f"{scope} ({permissions()[scope].unlocks})" for scope in answer.scopes) or none
    made_by_admin = answer.flow["notebook"].endswith("_system_user")
    admin = "The admin who makes the token logs in with business_management" if made_by_admin else ""
    return ". ".join(filter(None, (told, answer.note, admin)))


def _notebooks(answer: Advice) -> str:
    steps = "".join(f"<li>{_to(step)}: {escape(step['you get'])}</li>" for step in answer.steps)
    return f"<p>Notebook to open: {_to(answer.flow)}. All steps, in order:</p><ol>{steps}</ol>"


def _to(flow: Mapping[str, str]) -> str:
    return link(f"{flow['notebook']}.ipynb", flow["notebook"])
