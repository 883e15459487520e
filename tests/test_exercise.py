"""A prediction is right, not yet right, or not made."""

from __future__ import annotations

from fbnb.exercise import check


def test_verdicts() -> None:
    assert repr(check(3, right=3, because="So it is.")) == "Right. So it is."
    assert check("never", right="soon", because="").right is False
    assert "you said 'never'" in repr(check("never", right="soon", because=""))
    assert check(..., right=True, because="").right is None
    assert "No answer yet" in repr(check(..., right=True, because=""))
