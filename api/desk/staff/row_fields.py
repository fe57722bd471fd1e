"""A roster's row as its browser gets it: fields from which it builds the statements that it signs, never bytes."""

from __future__ import annotations

from datetime import date
from typing import Any

import msgspec

from api.importing.row_plan import PledgeWork, RowPlan, SingleWork
from api.importing.signing import entering_event

__all__ = ["row_fields"]

_UNKNOWN_CODE = "0" * 20  # an assessment is planned for a code; the browser puts in the one that it published under


def row_fields(plan: RowPlan, today: date) -> bytes:
    """JSON of what a sound row asks for. `subject` is null for an individual business, whose opaque id derives from its
    code by a secret that is not here; `assessed` is null where the row says nothing of fulfilment."""
    work = plan.work
    assert isinstance(work, PledgeWork)  # a roster's rows are nothing else
    who = work.who
    pledge = work.made(today)
    fields: dict[str, Any] = {
        "row": plan.row,
        "name": plan.name,
        "code": plan.code,
        "subject": None if who.individual else who.subject,
        "individual": who.code if who.individual else None,
        "sealed": work.sealed,
        "division": work.division,
        "given_code": work.given_code,
        "valid_until": work.valid_until,
        "late_ground": work.late_ground,
        "enterprise": entering_event(work, today),
        "pledge": pledge,
        "assessed": None,
    }
    if plan.then is not None:
        then = plan.then(_UNKNOWN_CODE)
        assert isinstance(then, SingleWork)  # an assessment
        fields["assessed"] = {
            "event": then.recorded(today),
            "on": None if then.today else then.event.effective_on,
            "until": then.key[-1],
            "late_ground": then.late_ground,
        }
    return msgspec.json.encode(fields)
