"""What the served sandbox is measured against: Starlette on uvicorn, set up as the sandbox is, which answers a constant.

usage: bare.py PORT
"""

from __future__ import annotations

import sys

import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse
from starlette.routing import Route


async def constant(request: Request) -> JSONResponse:
    return JSONResponse({"id": "1", "name": "Mara Quay"})


if __name__ == "__main__":
    app = Starlette(routes=[Route("/{path:path}", constant, methods=["GET", "POST"])])
    quiet = {"log_config": None, "access_log": False, "server_header": False, "proxy_headers": False}
    uvicorn.run(app, port=int(sys.argv[1]), http="h11", ws="none", lifespan="off", **quiet)  # type: ignore[arg-type]
