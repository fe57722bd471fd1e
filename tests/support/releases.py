"""Drafts and their release over plain HTTP: what two officers' browsers send."""

from __future__ import annotations

import base64
import json
import time
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

import httpx
import msgspec

from ledger.domain.events.base import Event
from ledger.domain.values.dates import shanghai_date
from tests.support.charter import ORGANIZER_2, Speaker
from tests.support.desks import DeskVisitor
from tests.support.statements import registered, sign

__all__ = ["document", "in_seconds", "lay", "leave", "newcomer", "release"]

_SHANGHAI = ZoneInfo("Asia/Shanghai")


def newcomer(name: str = "拟稿示例有限公司", **given: Any) -> Event:
    """An event that an organizer may say of any new enterprise, dated today."""
    return registered(**{"effective_on": shanghai_date(int(time.time())), "name": name, **given})


def document(event: Event, subject: str, **more: Any) -> str:
    """The draft's JSON, as a form hands it over."""
    fields = msgspec.to_builtins(event)
    kind = fields.pop("type")
    del fields["v"]
    return json.dumps({"type": kind, "subject": subject, "fields": fields, **more}, ensure_ascii=False)


def in_seconds(seconds: float) -> str:
    """A chosen time, as a browser sends it."""
    return datetime.fromtimestamp(time.time() + seconds, _SHANGHAI).strftime("%Y-%m-%dT%H:%M:%S")


def lay(visitor: DeskVisitor, draft: str) -> str:
    """Lay a draft; its address."""
    answer = visitor.submit("/desk/releases", fields={"draft": draft})
    assert answer.status_code == 303, (answer.status_code, answer.text)
    return answer.headers["location"]


def release(
    visitor: DeskVisitor, address: str, statement: bytes, body: bytes | None = None, *, at: str = ""
) -> httpx.Response:
    """What the page of a draft sends when its statement was signed."""
    signed = {"statement": statement, "body": body or b""}
    fields = {name: base64.b64encode(value).decode() for name, value in signed.items()}
    return visitor.submit(f"{address}/release", fields={**fields, "at": at})


def leave(
    visitor: DeskVisitor, address: str, event: Event, subject: str, *, by: Speaker = ORGANIZER_2, at: str = ""
) -> bytes:
    """Release a draft, or leave it for a time; the statement."""
    statement, body = sign(event, subject=subject, by=by, iat=int(time.time()))
    answer = release(visitor, address, statement, body, at=at)
    assert answer.status_code == 303, (answer.status_code, answer.text)
    return statement
