"""Widgets draw and delegate. What they share is in `view` and `press`; each other module is named for what it shows."""

from fbnb.widgets.connect import Connect
from fbnb.widgets.explainer import ErrorExplainer
from fbnb.widgets.explorer import Explorer
from fbnb.widgets.login_dialog import LoginDialog
from fbnb.widgets.pickers import PagePicker, ScopePicker, TokenPicker
from fbnb.widgets.stepper import Stepper
from fbnb.widgets.time_travel import TimeTravel
from fbnb.widgets.token_card import TokenCard
from fbnb.widgets.token_debugger import TokenDebugger
from fbnb.widgets.which_token import WhichToken

__all__ = [
    "Connect",
    "ErrorExplainer",
    "Explorer",
    "LoginDialog",
    "PagePicker",
    "ScopePicker",
    "Stepper",
    "TimeTravel",
    "TokenCard",
    "TokenDebugger",
    "TokenPicker",
    "WhichToken",
]
