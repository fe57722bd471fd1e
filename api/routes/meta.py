"""About the service itself: whether it lives and is ready, its meters, and an index of what is here."""

from __future__ import annotations

import asyncio
import html
from collections.abc import Mapping
from contextlib import suppress
from typing import Any, Final

from fastapi import APIRouter, Request
from prometheus_client import CONTENT_TYPE_LATEST, generate_latest
from starlette.responses import HTMLResponse, JSONResponse, Response

from api.service.service import Service
from ledger.errors import LedgerError
from ledger.limits import READY_SECONDS_MAX

__all__ = ["router"]

# Read by signed request; there only once witnesses have cosigned.
_UNLINKED: Final = ("/v1/accesses", "/v1/pending", "/witnessed/checkpoint")

router = APIRouter(tags=["service"])

CSP: Final = "default-src 'none'; style-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
STYLE: Final = """body{font:16px/1.6 system-ui,sans-serif;max-width:60rem;margin:2rem auto;padding:0 1rem;color:#1b2430}
h1{font-size:1.5rem}h2{font-size:1.1rem;margin-top:2rem}code{font-family:ui-monospace,monospace;overflow-wrap:anywhere}
table{border-collapse:collapse;width:100%}
td{border-top:1px solid #d5dbe3;padding:.3rem .8rem .3rem 0;vertical-align:top}
.demo{background:#fff3cd;padding:.5rem 1rem;border-left:4px solid #b58900}a{color:#0b5394}"""


@router.get("/healthz", summary="Whether the process lives")
async def healthz() -> Response:
    """In the event loop: neither a thread nor the database is needed."""
    return Response(b"ok\n", media_type="text/plain")


@router.get("/readyz", summary="Whether a commit made now would succeed, and readers see what is committed")
async def readyz(request: Request) -> Response:
    """Within a second. `conditions` are stable names of what is wrong, `why` the words for it."""
    service: Service = request.app.state.service
    looked = await service.readiness.look()
    ready: dict[str, Any] = {
        "ready": not looked.conditions,
        "tree_size": looked.tree_size,
        "projected_size": service.progress.size,
    }
    if looked.conditions:
        ready["why"] = "; ".join(one.why for one in looked.conditions)
        ready["conditions"] = [one.name for one in looked.conditions]
    if service.witnessing.rounds is not None:  # for information: a log without its quorum still takes statements
        ready["witnessed_size"] = service.witnessing.rounds.witnessed_size
    headers = {} if ready["ready"] else {"Retry-After": "1"}
    return JSONResponse(ready, 200 if ready["ready"] else 503, headers)


@router.get("/metrics", summary="Meters in Prometheus' text format")
async def metrics(request: Request) -> Response:
    service: Service = request.app.state.service
    meters = service.meters
    newest = service.sequencer.checkpoint
    meters.tree_size.set(0 if newest is None else newest.tree_size)
    meters.projected.set(service.progress.size)
    meters.scrubbed.set(service.scrubber.scrubbed)
    meters.damages.set(len(service.scrubber.found))
    meters.queued.set(service.sequencer.queued)
    with suppress(LedgerError, TimeoutError):  # without the database the meters say what they said before
        desk = await asyncio.wait_for(service.off_loop(service.desk.count), READY_SECONDS_MAX)
        meters.desk.labels("waiting").set(desk.waiting)
        meters.desk.labels("refused").set(desk.refused)
    return Response(generate_latest(meters.registry), media_type=CONTENT_TYPE_LATEST)


@router.get("/index.css", include_in_schema=False)
def style() -> Response:
    return Response(STYLE, headers={"Cache-Control": "public, max-age=3600"}, media_type="text/css")


@router.get("/", summary="What is here")
def index(request: Request) -> HTMLResponse:
    service: Service = request.app.state.service
    paths: dict[str, dict[str, dict[str, Any]]] = request.app.openapi()["paths"]
    rows = [(path, method, about) for path, ways in paths.items() for method, about in ways.items()]
    table = "\n".join(
        f"<tr><td><code>{method.upper()} {_link(path, method, about)}</code></td>"
        f"<td>{html.escape(about['summary'])}</td></tr>"
        for path, method, about in sorted(rows, key=lambda row: row[:2])
    )
    demo = (
        "<p class='demo'>演示系统, 数据均为虚构 · A demonstration: all data are invented.</p>" if service.demo else ""
    )
    page = f"""<!doctype html><html lang="zh-CN"><head><meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1"><title>质量诚信账本 · Credit Ledger</title>
<link rel="stylesheet" href="/index.css"></head><body>{demo}
<h1>质量诚信账本 · Credit Ledger</h1>
<p>企业质量诚信承诺及其履行情况的公开账本: 每条记录均经签名, 只增不改, 任何人都可以独立核验。<br>
An append-only book of signed statements about enterprises, from which anyone can derive, and check, a standing.</p>
<p>Origin: <code>{html.escape(service.origin)}</code></p>
<h2>接口 · Interface</h2><table>{table}</table>
<p><a href="/docs">接口说明 · Reference</a> · <a href="/openapi.json">openapi.json</a></p></body></html>"""
    return HTMLResponse(page, headers={"Content-Security-Policy": CSP, "X-Content-Type-Options": "nosniff"})


def _link(path: str, method: str, about: Mapping[str, Any]) -> str:
    """The path, to be followed where a browser can get something there without knowing more."""
    shown = html.escape(path)
    asks = "{" in path or any(one.get("required") for one in about.get("parameters", ()))
    linked = method == "get" and not asks and path not in _UNLINKED
    return f'<a href="{shown}">{shown}</a>' if linked else shown
