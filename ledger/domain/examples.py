"""An example of any event that a person may copy: the fields that it needs, in values that the rules take.

What only one's own book can say (entries, digests, keys, codes of what is published) is named beside the example; with
those values from a book in which they are there, a test registers every example.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

import msgspec
from msgspec import inspect

from ledger.domain.events.base import Event
from ledger.domain.samples import sample

__all__ = ["example", "of_the_book"]

_REGISTRATION_POLICY: Final = {
    "statement_age_max_seconds": 604_800,
    "recording_days_max_default": 30,
    "recording_days_max": {"PledgeMade": 60},
    "key_recovery_days": 7,
    "complaint_notice_working_days": 5,
    "pledge_months_max": 36,
    "citation_recheck_days_max": 92,
    "certificate_words_forbidden": ["国家级", "最佳", "免检"],
}
_STANDING_POLICY: Final = {
    "title_zh": "践诺状况规则",
    "title_en": "Rules for standings",
    "rules": [
        {
            "item": "spot_check.failed_general",
            "points": 1500,
            "tier": "general",
            "sized": False,
            "zh": "监督抽查不合格",
            "en": "a spot check was not passed",
        }
    ],
    "tiers": {
        "minor": {"full_months": 0, "end_months": 3},
        "general": {"full_months": 3, "end_months": 12},
        "severe": {"full_months": 12, "end_months": 36},
    },
    "late_per_mille": 500,
    "size_per_mille": {"micro": 1000, "small": 700, "medium": 400, "large": 150},
    "size_unknown_per_mille": 700,
    "clause_multiplier_per_mille": 1000,
    "watch_from": 1000,
    "alert_from": 3000,
    "revoked_months": 36,
    "repair_after_months": {"minor": 0, "general": 3, "severe": 12},
    "good": {
        "replies_timely_per_mille": 950,
        "replies_months": 24,
        "replies_min": 20,
        "veto_tiers": ["general", "severe"],
        "veto_items": [],
        "declarations_months": 0,
        "period_months": 6,
    },
    "holds": [],
}
_STANDARD: Final = {
    "number": "Q/CSGD 003-2026",
    "products": [{"name": "电热水壶", "product_class": "C38"}],
    "indicators": [{"name": "容量允许偏差", "value": "±5", "unit": "%", "method": "GB/T 22939.4-2021"}],
}
_EVIDENCE: Final = {"file": "ab" * 32, "row": 1}
# By type, where the sample of a field would be refused, or an optional field is needed.
_SAID: Final[Mapping[str, Mapping[str, Any]]] = {
    "KeyRecovered": {"usable_from": "2026-03-23"},
    "KeyRevoked": {"reason": "lost"},
    "WorkCalendarPublished": {"year": 2027, "holidays": ["2027-01-01"], "workdays": ["2027-01-02"]},
    "CampaignExtended": {"closes_on": "2026-04-10"},
    "EnterpriseRegistered": {
        "category": "organization",
        "size_band": "small",
        "size_source": "2025 年度报告",
        "evidence": _EVIDENCE,
    },
    "IdentifierOverridden": {"code": "91350100M0001TGQXM"},
    "EnterpriseMerged": {"into": "uscc:91110108551385082Q"},
    "PledgeMade": {"scope": "product", "liability": "违反承诺的，依法承担责任，并按承诺退货或更换。"},
    "PledgeReplaced": {"content": "产品符合所执行的标准。"},
    "ComplaintOutcomeRecorded": {
        "case": "0b5c1ab14bd94e1c9d5d3a2f4c6e8a10",
        "channel": "12315",
        "product_class": "家用电器",
        "issue": "质量",
        "received": "2026-01",
        "accepted": "2026-01",
        "forwarded": "2026-01",
        "closed": "2026-03",
        "reply": "timely",
        "reply_due": "2026-02",
        "replied": "2026-02",
        "outcome": "settled",
        "notified_on": "2026-03-02",
    },
    "StandardDeclared": _STANDARD,
    "StandardRevised": _STANDARD,
    "BelowRecommendedNoted": {"indicator": "能效", "recommended": "GB/T 22939.4-2021"},
    "FindingRecorded": {"kind": "spot_check", "result": "passed"},
    "PublicRecordRechecked": {"recheck_by": "2026-06-16"},
    "AgreementDefaulted": {"notified_on": "2026-03-02"},
    "AccessDigestPublished": {"day": "2026-03-15"},
    "RegistrationPolicyAdopted": _REGISTRATION_POLICY,
    "RegistrationPolicyProposed": {"policy": _REGISTRATION_POLICY},
    "StandingPolicyProposed": {"policy": _STANDING_POLICY},
}
# Codes and ranges of what the book has, which look like those of something new; keys and names of the log itself.
_CODED: Final = frozenset(("code",))
_RANGED: Final = frozenset(("range",))
_OF_THE_BOOK: Final[Mapping[str, frozenset[str]]] = {
    "TrustAnchorsEstablished": frozenset(("origin", "checkpoint_vkey")),
    "TrustAnchorsSucceeded": frozenset(("from_size", "checkpoint_vkey")),
    "PledgeReplaced": _CODED,
    "PledgeWithdrawn": _CODED,
    "PledgeRevoked": _CODED,
    "FulfilmentAssessed": _CODED,
    "BreachFound": _CODED,
    "BelowRecommendedNoted": frozenset(("indicator",)),
    "MarkLicensed": frozenset(("pledge", "range", "count")),
    "MarkSuspended": _RANGED,
    "MarkReinstated": _RANGED,
    "MarkRevoked": _RANGED,
    "AttachmentAdded": frozenset(("attachment", "size_bytes", "media_type")),
    "AttachmentErased": frozenset(("attachment",)),
    "HistoryGivenUp": frozenset(("lost_size", "kept_size")),
    "MapRootPublished": frozenset(("tree_size", "subjects")),
}


def example(event: type[Event]) -> Event:
    """A copyable event of the type."""
    info = inspect.type_info(event)
    assert isinstance(info, inspect.StructType)  # events are structs
    filled = msgspec.to_builtins(sample(event))
    needed = {field.encode_name: filled[field.encode_name] for field in info.fields if field.required}
    said = _SAID.get(event.__name__, {})
    made: Event = msgspec.convert({**needed, **said, "type": event.__name__}, event)
    return made


def of_the_book(event: type[Event]) -> tuple[str, ...]:
    """The fields of its example whose values only one's own book can say."""
    info = inspect.type_info(event)
    assert isinstance(info, inspect.StructType)  # events are structs
    shown = msgspec.to_builtins(example(event))
    named = _OF_THE_BOOK.get(event.__name__, frozenset())
    return tuple(
        field.encode_name
        for field in info.fields
        if field.encode_name in shown and (field.encode_name in named or _refers(field.type))
    )


def _refers(info: Any) -> bool:
    """An entry's index, a digest, or a key: no one of the three is a person's to choose."""
    match info:
        case inspect.UnionType():
            return any(_refers(one) for one in info.types)
        case inspect.IntType():
            return bool(info.ge == 0 and info.le is None)
        case inspect.StrType():
            return info.pattern in _REFERENCES
    return False


_REFERENCES: Final = frozenset(("^[0-9a-f]{64}\\Z", "^(?:[0-9a-f]{2})+\\Z"))  # `Digest` and `Hex`
