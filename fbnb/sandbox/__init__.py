"""The sandbox: a small Graph in this process, which says no the way Graph says no."""

from fbnb.sandbox.control import Sandbox
from fbnb.sandbox.visitor import Visitor

__all__ = ["Sandbox", "Visitor"]
