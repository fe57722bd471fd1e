"""Domain error → problem. The one table in which an error gets an HTTP status.

JSON problems follow RFC 9457; on the SCRAPI routes the default is concise problem details in CBOR
(RFC 9290: -1 title, -2 detail). `type` is stable: `urn:credit-ledger:` and the rule or kind.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

import msgspec
from starlette.responses import Response

from ledger.cose.cbor import encode
from ledger.errors import (
    AlreadyRegistered,
    Behind,
    Busy,
    ClockDoubted,
    Corrupted,
    HistoryBroken,
    LedgerError,
    Malformed,
    Misconfigured,
    NotFound,
    QuotaFull,
    Raced,
    Refused,
    Refuted,
    Unavailable,
    Uncheckable,
)
from ledger.verifier.formats.bundle import BundleTooLarge

__all__ = [
    "CONCISE",
    "INTERNAL",
    "AccessDenied",
    "Gone",
    "InvalidRequest",
    "Problem",
    "TooManyRequests",
    "WriterElsewhere",
    "problem_of",
    "problem_response",
]

CONCISE: Final = "application/concise-problem-details+cbor"
JSON: Final = "application/problem+json"


class InvalidRequest(LedgerError):
    """A request whose form is understood but whose value is not possible: a wrong code, a date that is none."""

    def __init__(self, kind: str, zh: str, en: str) -> None:
        super().__init__(en)
        self.kind = kind
        self.zh = zh
        self.en = en


class TooManyRequests(LedgerError):
    """This client asked more often than it may; nothing was done."""

    def __init__(self, retry_after_seconds: int) -> None:
        super().__init__(f"try again in {retry_after_seconds} s")
        self.retry_after_seconds = retry_after_seconds


class AccessDenied(InvalidRequest):
    """Nobody enrolled signed the request (`status` 401), or what it asks for is not for whoever did (403)."""

    def __init__(self, status: int, kind: str, zh: str, en: str) -> None:
        super().__init__(kind, zh, en)
        self.status = status


class Gone(InvalidRequest):
    """What was there once and was erased, by the entry `entry` if that is told."""

    def __init__(self, kind: str, zh: str, en: str, *, entry: int | None = None) -> None:
        super().__init__(kind, zh, en)
        self.entry = entry


class WriterElsewhere(LedgerError):
    """What was asked for appends, signs or keeps something: this process reads, and does none of it.

    `writer`: the address of the process that does, None where this one was not told.
    """

    def __init__(self, writer: str | None) -> None:
        super().__init__(
            "this process was started with --reader" + ("" if writer is None else f": ask the writer, {writer}")
        )
        self.writer = writer


class TooLarge(LedgerError):
    """A request body beyond its limit; it was not read to its end."""


@dataclass(frozen=True, slots=True)
class Problem:
    """What a client is told: an HTTP status, a stable type, titles for people, the rule that refused."""

    status: int
    kind: str
    zh: str
    en: str
    detail: str = ""
    retry_after_seconds: int | None = None
    extra: tuple[tuple[str, Any], ...] = ()


INTERNAL: Final = Problem(500, "internal", "内部错误", "internal error; it was logged")

# error class → (status, kind, zh, en); the first that matches counts
_TABLE: Final[tuple[tuple[type[LedgerError], int, str, str, str], ...]] = (
    (Malformed, 400, "malformed", "格式不符合规范", "not in the one form that is accepted"),
    (Refuted, 400, "refuted", "核验不成立", "a verification does not hold"),
    (Uncheckable, 400, "uncheckable", "无法核验", "could not be checked"),
    (NotFound, 404, "not-found", "账本中没有该内容", "not in the book"),
    (TooManyRequests, 429, "too-many-requests", "请求过于频繁", "too many requests from this client"),
    (TooLarge, 413, "too-large", "请求内容过大", "the request is too large"),
    (
        BundleTooLarge,
        413,
        "bundle-too-large",
        "该企业的记录过多，不能放入一个证明包：请用审计",
        "too many entries for one completeness bundle: an audit covers them",
    ),
    (
        QuotaFull,
        503,
        "busy",
        "已上传、尚无记录列明的文件占满了您的配额：请先登记列明它们的声明，或过一段时间再试",
        "what you uploaded, and no entry names yet, fills your quota: register what names it, or try again later",
    ),
    (Busy, 503, "busy", "系统繁忙，请稍后再试", "the service is busy; nothing was done"),
    (Raced, 503, "busy", "系统繁忙，请稍后再试", "the service is busy; nothing was done"),
    (
        HistoryBroken,
        503,
        "history-broken",
        "数据库与本账本已签发的历史不符：在有人作出决定之前不再登记",
        "the database does not hold what this log signed: nothing is registered until a person decides",
    ),
    (
        Corrupted,
        503,
        "corrupted",
        "写入前核验不成立，未登记",
        "what was to be written did not verify; nothing was done, sending again is safe",
    ),
    (
        ClockDoubted,
        503,
        "clock-doubted",
        "本服务的时钟有误，暂不登记；您的时钟无须调整",
        "the service's own clock is wrong, nothing was done; yours need not be changed",
    ),
    (Behind, 503, "behind", "查询数据尚未更新到最新，请稍后再试", "what is shown is behind the book; try again later"),
    (Unavailable, 503, "unavailable", "数据库暂时不可用", "the database cannot be reached; sending again is safe"),
    (
        Misconfigured,
        503,
        "unavailable",
        "服务配置有误，须运营方处理；再次发送是安全的",
        "the service is not as it must be, and its operator has to act; sending again is safe",
    ),
)


def problem_of(error: LedgerError) -> Problem:
    """The problem that stands for a domain error."""
    if isinstance(error, AlreadyRegistered):
        extra = (("entry", error.index), ("payload_sha256", error.payload_sha256.hex()))
        return Problem(409, error.rule, error.zh, error.en, extra=extra)
    if isinstance(error, Refused):
        return Problem(400, error.rule, error.zh, error.en, error.detail)
    if isinstance(error, AccessDenied):
        return Problem(error.status, error.kind, error.zh, error.en)
    if isinstance(error, Gone):
        by = () if error.entry is None else (("entry", error.entry),)
        return Problem(410, error.kind, error.zh, error.en, extra=by)
    if isinstance(error, WriterElsewhere):
        where = () if error.writer is None else (("writer", error.writer),)
        zh, en = "本进程只供查询，请向写入服务提交", "this process reads only: what writes or signs is another one"
        return Problem(421, "reader.writes_nothing", zh, en, str(error), extra=where)
    if isinstance(error, InvalidRequest):
        return Problem(422, error.kind, error.zh, error.en)
    for kind, status, name, zh, en in _TABLE:
        if isinstance(error, kind):
            retry = getattr(error, "retry_after_seconds", 1) if status in (429, 503) else None
            return Problem(status, name, zh, en, str(error), retry)
    return Problem(500, "internal", "内部错误", "internal error")


def problem_response(problem: Problem, *, concise: bool = False) -> Response:
    """Render a problem: JSON for people and programs, concise CBOR on SCRAPI routes."""
    headers = {"WWW-Authenticate": "COSE"} if problem.status == 401 else {}
    if problem.retry_after_seconds is not None:
        headers["Retry-After"] = str(problem.retry_after_seconds)
    if concise:
        detail = f"{problem.kind}: {problem.detail}" if problem.detail else problem.kind
        content = encode({-1: f"{problem.zh} / {problem.en}", -2: detail})
        return Response(content, problem.status, headers, CONCISE)
    body: dict[str, Any] = {
        "type": f"urn:credit-ledger:{problem.kind}",
        "title": f"{problem.zh} / {problem.en}",
        "title_zh": problem.zh,
        "title_en": problem.en,
        "status": problem.status,
    }
    if problem.detail:
        body["detail"] = problem.detail
    if problem.status in (400, 409) and "." in problem.kind:
        body["rule"] = problem.kind
    body.update(problem.extra)
    return Response(msgspec.json.encode(body), problem.status, headers, JSON)
