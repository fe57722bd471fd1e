"""Repairs, objections, misattributions and legal holds, with sensible defaults."""

from __future__ import annotations

from typing import Any

from ledger.domain.events.legal_hold import LegalHoldPlaced, LegalHoldReleased
from ledger.domain.events.objection import ObjectionFiled, ObjectionRejected, ObjectionUpheld
from ledger.domain.events.repair import RepairApplied, RepairApproved, RepairRefused, RepairRescinded
from ledger.domain.events.repudiation import EntryMisattributed
from ledger.keys.signer import Signer
from tests.support.book import Book
from tests.support.charter import Speaker
from tests.support.keys import signer_for
from tests.support.statements import EVIDENCE, TODAY, key_enrolled

__all__ = [
    "applied",
    "approved",
    "colleague_of",
    "filed",
    "hold_placed",
    "hold_released",
    "misattributed",
    "refusal",
    "rejected",
    "rescinded",
    "upheld",
]


def colleague_of(book: Book, speaker: Speaker) -> Speaker:
    """Another officer of the same party, with a key that was enrolled just now."""
    signer: Signer = signer_for(f"{speaker.party}, a colleague")
    officer = f"{speaker.officer}-colleague"
    book.say(key_enrolled(signer, speaker.party, officer=officer), subject=speaker.party, by=speaker)
    return Speaker(speaker.party, signer, officer, speaker.roles)


def applied(entry: int, **given: Any) -> RepairApplied:
    return RepairApplied(**{"v": 1, "effective_on": TODAY, "entry": entry, "made_good": "已整改并退款。", **given})


def approved(application: int, entry: int, **given: Any) -> RepairApproved:
    defaults = {"application": application, "entry": entry, "explanation": "整改属实。"}
    return RepairApproved(**{"v": 1, "effective_on": TODAY, **defaults, **given})


def refusal(application: int, entry: int, **given: Any) -> RepairRefused:
    defaults = {"application": application, "entry": entry, "explanation": "整改不实。"}
    return RepairRefused(**{"v": 1, "effective_on": TODAY, **defaults, **given})


def rescinded(approval: int, entry: int, **given: Any) -> RepairRescinded:
    defaults = {"approval": approval, "entry": entry, "explanation": "材料虚假。"}
    return RepairRescinded(**{"v": 1, "effective_on": TODAY, **defaults, **given})


def filed(entry: int, **given: Any) -> ObjectionFiled:
    return ObjectionFiled(**{"v": 1, "effective_on": TODAY, "entry": entry, "ground": "并非本企业产品。", **given})


def upheld(objection: int, entry: int, **given: Any) -> ObjectionUpheld:
    defaults = {"objection": objection, "entry": entry, "explanation": "异议成立。"}
    return ObjectionUpheld(**{"v": 1, "effective_on": TODAY, **defaults, **given})


def rejected(objection: int, entry: int, **given: Any) -> ObjectionRejected:
    defaults = {"objection": objection, "entry": entry, "explanation": "异议不成立。"}
    return ObjectionRejected(**{"v": 1, "effective_on": TODAY, **defaults, **given})


def misattributed(entry: int, **given: Any) -> EntryMisattributed:
    defaults = {"entry": entry, "word": "系另一企业", "evidence": EVIDENCE}
    return EntryMisattributed(**{"v": 1, "effective_on": TODAY, **defaults, **given})


def hold_placed(**given: Any) -> LegalHoldPlaced:
    return LegalHoldPlaced(
        **{"v": 1, "effective_on": TODAY, "authority": "某市人民法院", "ground": "诉讼保全", **given}
    )


def hold_released(hold: int, **given: Any) -> LegalHoldReleased:
    return LegalHoldReleased(**{"v": 1, "effective_on": TODAY, "hold": hold, "ground": "诉讼终结", **given})
