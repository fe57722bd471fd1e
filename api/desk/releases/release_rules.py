"""Who may release what, and when: the two-person rule, and the time that a signed statement has.

Everything is asked again by the book at its time; here an officer hears of it while somebody can still mend it.
"""

from __future__ import annotations

from datetime import datetime
from typing import Final

from api.desk.releases.draft_content import drafted
from api.desk.roles import Officer
from api.http.errors import InvalidRequest
from api.service.service import SHANGHAI, Service
from ledger.domain.events.attachment import AttachmentAdded
from ledger.domain.values.dates import shanghai_date
from ledger.errors import Malformed, Refused
from ledger.limits import BODY_HOLD_SECONDS, RELEASE_SPARE_SECONDS
from ledger.registration import Candidate
from ledger.store.desk_releases import Draft

__all__ = ["chosen_time", "latest_time", "require_another_officer", "require_release", "require_same"]

_MINUTE: Final = 60  # browsers give times without seconds: this minute is now


def chosen_time(text: str, now: int) -> int:
    """When to release, Unix seconds, from the time in Asia/Shanghai that somebody chose; now where none was chosen.

    Raises `InvalidRequest`: no time, or over.
    """
    if not text:
        return now
    try:
        said = datetime.fromisoformat(text)  # as `<input type="datetime-local">` has it
        at = int(said.replace(tzinfo=SHANGHAI).timestamp()) if said.tzinfo is None else -1
    except (ValueError, OverflowError):
        at = -1
    if at < 0:
        raise InvalidRequest("release.time", "时间应如 2026-03-15T09:00", "a time is such as 2026-03-15T09:00")
    if at <= now - _MINUTE:
        raise InvalidRequest("release.time_over", "这个时间已经过去", "that time is over")
    return max(at, now)


def latest_time(service: Service, issued_at: int) -> int:
    """Until when a statement that was signed at `issued_at` may wait, Unix seconds.

    The registration policy says how old a statement may be when it is registered; an hour of that is kept for a service
    that is down when the time comes.
    """
    policy = service.governance.registration_policy(service.today())
    age = 0 if policy is None else policy.statement_age_max_seconds
    return issued_at + max(age - RELEASE_SPARE_SECONDS, age // 2)


def require_another_officer(draft: Draft, officer: str) -> None:
    """Raises `Refused` where the drafter himself would release it, by whichever of his keys."""
    if officer == draft.drafter:
        raise Refused(
            "release.own_draft",
            f"经办人 {draft.drafter} 拟的草稿须由本单位另一名经办人签发，换一把密钥也不行",
            f"a draft by officer {draft.drafter} is released by another officer of the party, "
            "whichever key the drafter would use",
        )


def require_release(service: Service, draft: Draft, officer: Officer, candidate: Candidate, at: int) -> None:
    """That this officer may leave this statement for a time. Raises `Refused`, `InvalidRequest`, `Malformed`."""
    require_another_officer(draft, officer.officer)
    statement = candidate.statement
    key = service.governance.keys[statement.kid]  # of a statement that was admitted
    if statement.issuer == draft.party:
        require_another_officer(draft, key.officer)
    if (statement.issuer, key.officer) != (draft.party, officer.officer):
        raise Refused(
            "release.signed_by_another",
            "声明须由登录的经办人本人签名",
            "the statement is signed by the very officer who is signed in",
            f"{statement.issuer}, {key.officer}",
        )
    latest = latest_time(service, statement.iat)
    if at > latest:
        said = datetime.fromtimestamp(latest, SHANGHAI).strftime("%Y-%m-%d %H:%M")
        raise InvalidRequest(
            "release.too_late",
            f"签名的声明只在一段时间内有效：最迟 {said}（北京时间）发布",
            f"a signed statement is good for a time: release it by {said}, Beijing time",
        )
    brings = bool(candidate.annexes) or isinstance(candidate.event, AttachmentAdded)
    if brings and at > service.clock() + BODY_HOLD_SECONDS:
        raise InvalidRequest(
            "release.files_are_held_shortly",
            "附有文件的声明不能留待以后发布：上传的文件只保留一小时",
            "a statement with files is not left for later: uploads are held for an hour",
        )
    require_same(draft, candidate, at)


def require_same(draft: Draft, candidate: Candidate, at: int) -> None:
    """That the statement says what was drafted. Raises `Refused`."""
    assert draft.document is not None  # of a draft that is not released
    on = shanghai_date(at)
    try:
        same = drafted(draft.document, on).said_by(candidate, on)
    except Malformed:  # by a catalogue that takes it no more
        same = False
    if not same:
        raise Refused(
            "release.another_content",
            "签名的内容与草稿不同：请打开草稿重新签名",
            "what was signed is not what was drafted: open the draft, and sign it anew",
        )
