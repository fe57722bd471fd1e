"""The whole check of an archive: `ledger.verifier.evidence_archive`, then what follows from it, in these steps.

9. Each standing is signed by a standing key of the trust file; where the archive holds all entries and bodies, it is
   the one that follows from them by the policies inside.
10. The readable page says what the entries say: it is the one that is made from them.
"""

from __future__ import annotations

from datetime import date
from typing import Final

import msgspec

from api.evidence.archive_standings import recomputed
from api.evidence.index_page import page_of
from ledger.cose.standing_token import standing_issued_at, standing_kid, verify_standing
from ledger.errors import Malformed, Refuted, Uncheckable
from ledger.verifier import Remark, Trust, Verified
from ledger.verifier.evidence_archive import VerifiedArchive, verify_archive
from ledger.verifier.formats.archive import standing_path
from ledger.verifier.formats.manifest import INDEX

__all__ = ["CheckedArchive", "check_archive"]


class CheckedArchive(Verified, frozen=True, kw_only=True):
    """An archive that holds. `unchecked`: what it says and nothing inside shows; None if there is no such thing."""

    archive: VerifiedArchive
    unchecked: Remark | None


class _Said(msgspec.Struct):
    level: str


def check_archive(data: bytes, trust: Trust) -> CheckedArchive:
    """Verify an archive. Raises `Refuted`, `Malformed`, `Uncheckable`."""
    archive = verify_archive(data, trust)
    steps, not_shown = list(archive.steps), list(archive.not_shown)
    unchecked: Remark | None = None
    days = dict.fromkeys((archive.manifest.period_from, archive.manifest.period_until))
    due = {standing_path(day, "json") for day in days} | {standing_path(day, "cose") for day in days}
    for path in archive.members:
        if path.startswith("standings/") and path not in due:
            raise Refuted(f"{path} is of no day that the manifest names")
    for day in days:  # 9
        signed = _signed(archive, day, trust)
        follows = _follows(archive, day)
        level = _level(archive.members[standing_path(day, "json")])
        steps.append(_said(day, level, signed=signed, follows=follows))
        if not follows:
            not_shown.append(_NOT_COMPUTED)
            if not signed:
                unchecked = _NEITHER
    if page_of(archive.manifest, archive.members) != archive.members[INDEX]:  # 10
        raise Refuted(
            "the readable page does not say what the entries say (or another version of this program made it)"
        )
    steps.append(_PAGE)
    return CheckedArchive(
        steps=tuple(steps), not_shown=tuple(dict.fromkeys(not_shown)), archive=archive, unchecked=unchecked
    )


def _signed(archive: VerifiedArchive, day: date, trust: Trust) -> bool:
    """Whether the standing is signed, as it was said then: the signed one is no current word any more.

    Raises `Refuted`, `Malformed`, `Uncheckable`.
    """
    document = archive.members.get(standing_path(day, "json"))
    if document is None:
        raise Malformed(f"the archive lacks the standing on {day}")
    token = archive.members.get(standing_path(day, "cose"))
    if token is None:
        return False
    kid = standing_kid(token)
    key = trust.standing_key(kid)
    if key is None:
        raise Uncheckable(f"the trust file has no standing key {kid.hex()}")
    standing = verify_standing(token, key, trust.origin, standing_issued_at(token))
    if standing.subject != archive.manifest.subject or standing.payload != document:
        raise Refuted(f"the signed standing on {day} is another than the one beside it")
    return True


def _follows(archive: VerifiedArchive, day: date) -> bool:
    """Whether the standing follows from what is inside. Raises `Refuted` where all is inside, and it does not."""
    if recomputed(archive, day) == archive.members[standing_path(day, "json")]:
        return True
    if archive.manifest.whole:
        raise Refuted(f"the standing on {day} is not the one that follows from the entries")
    return False


def _level(document: bytes) -> str:
    try:
        return msgspec.json.decode(document, type=_Said).level
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as error:
        raise Malformed(f"not a standing: {error}") from None


def _said(day: date, level: str, *, signed: bool, follows: bool) -> Remark:
    zh = "由信任文件所列密钥签名（导出时的陈述，并非当前状况）" if signed else "未签名"
    en = "signed by a key of the trust file (as it was said then, not a current word)" if signed else "NOT SIGNED"
    zh += "；据档案内记录重算，结果相同" if follows else "；未能据档案重算"
    en += "; the entries inside give the same" if follows else "; the entries inside do NOT suffice to compute it"
    return Remark(f"{day} 的践诺状况 {level}：{zh}", f"the standing on {day} is {level}: {en}")


_NOT_COMPUTED: Final = Remark(
    "践诺状况是否由账本得出：档案未含全部记录和正文，无法重算",
    "that the standings follow from the book: the archive has not all entries and bodies that it takes",
)
_NEITHER: Final = Remark(
    "践诺状况既无签名，也无法据档案重算",
    "a standing is neither signed nor does it follow from what is inside: export from the service, or everything",
)
_PAGE: Final = Remark(
    "可读页面 index.html 与档案内容逐字一致",
    "the readable page, index.html, is the one that is made from what is inside, to the byte",
)
