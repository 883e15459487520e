"""Widgets draw and delegate: inputs in `forms`, walks in `stepper`, errors in `explainer`."""

from fbnb.widgets.explainer import ErrorExplainer
from fbnb.widgets.forms import PagePicker, ScopePicker, SettingsForm
from fbnb.widgets.stepper import Stepper

__all__ = ["ErrorExplainer", "PagePicker", "ScopePicker", "SettingsForm", "Stepper"]
