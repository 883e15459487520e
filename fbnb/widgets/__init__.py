"""Widgets draw and delegate: inputs in `forms`, walks in `stepper`."""

from fbnb.widgets.forms import PagePicker, ScopePicker, SettingsForm
from fbnb.widgets.stepper import Stepper

__all__ = ["PagePicker", "ScopePicker", "SettingsForm", "Stepper"]
