"""The outcome that a closed file leads to: the fields of `ComplaintOutcomeRecorded`, and nothing personal. Pure.

Months, never days; the case's random id; channel, product class and issue by the handling body's own words.
"""

from __future__ import annotations

from urllib.parse import urlencode

from api.desk.complaints.case_clocks import ClockRules, reply_due, reply_of
from api.desk.complaints.case_file import CaseFile
from api.desk.complaints.case_words import CHANNELS, ISSUES
from ledger.domain.values.dates import month_of

__all__ = ["form_address", "outcome_fields"]


def outcome_fields(file: CaseFile, case: str, rules: ClockRules) -> dict[str, str]:
    """By the event's field names, as text; what does not apply is left out. Of a file that was closed and told."""
    assert file.closed_on is not None and file.outcome is not None and file.product_class and file.issue
    due = reply_due(file, rules)
    months = {
        "received": file.registered.received_on,
        "accepted": file.accepted_on,
        "forwarded": file.forwarded_on,
        "reply_due": due,
        "replied": file.replied_on,
        "closed": file.closed_on,
    }
    fields = {
        "case": case,
        "channel": CHANNELS[file.registered.channel].zh,
        "product_class": file.product_class,
        "issue": ISSUES[file.issue].zh,
        **{name: month_of(day) for name, day in months.items() if day is not None},
        "reply": reply_of(file, rules),
        "outcome": file.outcome,
    }
    if file.substantive and file.replied_on is not None:
        fields["substantive_reply"] = "true"
    if file.reason and file.outcome in ("ended_without_agreement", "refused", "not_accepted"):
        fields["reason"] = file.reason
    if file.notified_on is not None:
        fields["notified_on"] = str(file.notified_on)
    return fields


def form_address(file: CaseFile, case: str, rules: ClockRules, back: str) -> str:
    """The form at which it is signed, filled in; afterwards one is led `back` to the file."""
    assert file.subject is not None
    asked = {"subject": file.subject, **outcome_fields(file, case, rules), "back": back}
    return f"/desk/act/ComplaintOutcomeRecorded?{urlencode(asked)}"
