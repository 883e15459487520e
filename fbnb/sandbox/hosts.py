"""Which of Graph's hosts is meant by a request to where all of them are served, and by which name its links lead back."""

from __future__ import annotations

import re

from fbnb.sandbox.loopback import NAMES
from fbnb.sandbox.messages import DIALOG_HOST, GRAPH_HOST

_ADDRESS = re.compile(r"https?://([^/]*)(.*)", re.IGNORECASE | re.DOTALL)
_ON_DIALOG_HOST = re.compile(r"/+(v\d+\.\d+/+)?(dialog/|device/*$|\.well-known/)")
_HOSTS = {
    "graph.facebook.com": GRAPH_HOST,
    "graph-video.facebook.com": GRAPH_HOST,
    "www.facebook.com": DIALOG_HOST,
    "m.facebook.com": DIALOG_HOST,
    "facebook.com": DIALOG_HOST,
}


def meant(name: str, target: str, url: str) -> tuple[str, str, str]:
    """The host, the path, and the origin of links. name: the Host header; target: what was asked for, without its query.

    Who asks by one of Graph's own names is led to Graph; who asks by a name of this machine, back to that; else to the url.
    """
    if whole := _ADDRESS.fullmatch(target):  # as to a proxy, which is told the address whole
        name, target = whole.groups()
    name = name.lower()
    known = _HOSTS.get(name.partition(":")[0])
    host = known or (DIALOG_HOST if _ON_DIALOG_HOST.match(target) else GRAPH_HOST)
    return host, target, "" if known else f"http://{name}" if NAMES.fullmatch(name) else url
