"""Complaint files in tests: a complaint as somebody makes it, and the steps of a usual case."""

from __future__ import annotations

from datetime import date
from typing import Any, Final

import msgspec

from api.desk.complaints.case_steps import CaseRegistered, Contact
from tests.support.clock import NOW

__all__ = ["CANARIES", "COMPLAINANT", "complaint", "filled"]

#: What may be nowhere but in the ciphertext and on the pages of those who handle the case.
COMPLAINANT: Final = Contact(name="欧阳金丝雀", telephone="13911178888", email="canary@consumer.example")
CANARIES: Final = (
    COMPLAINANT.name,
    COMPLAINANT.telephone,
    COMPLAINANT.email,
    "净水器漏水泡坏地板金丝雀",
    "内部备注金丝雀",
    "企业答复金丝雀",
    "挂号信金丝雀",
)


def complaint(**given: Any) -> CaseRegistered:
    """Registered by telephone at noon of 16 March 2026 by `handling-1`."""
    usual = CaseRegistered(
        at=NOW,
        by="handling-1",
        channel="telephone",
        received_on=date(2026, 3, 16),
        subject="uscc:91110000600037341L",
        enterprise="北京清泉净水设备有限公司",
        product="家用净水器",
        text=CANARIES[3],
        contact=COMPLAINANT,
    )
    return msgspec.structs.replace(usual, **given)


def filled(**given: str) -> dict[str, str]:
    """The form at `/complain`, filled in."""
    return {
        "enterprise": "北京清泉净水设备有限公司",
        "product": "家用净水器",
        "text": CANARIES[3],
        "wanted": "退货",
        "name": COMPLAINANT.name,
        "telephone": COMPLAINANT.telephone,
        "email": COMPLAINANT.email,
        **given,
    }
