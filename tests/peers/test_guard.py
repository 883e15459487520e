"""No SDK can leave this machine, should one use an address that nobody has redirected."""

from __future__ import annotations

import facebook
import pytest
import requests


def test_facebook_itself_is_out_of_reach() -> None:
    with pytest.raises(requests.ConnectionError, match="loopback only"):
        facebook.GraphAPI(access_token="EAAbogus", timeout=1).get_object("me")
