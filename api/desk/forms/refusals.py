"""Which field a refusal of the service is about, where its rule does not name the field itself.

A rule such as `campaign.closes_on_…` names one; the browser finds that by itself. These do not.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final

__all__ = ["ABOUT", "rules_about"]

#: By rule, the fields that it is about, in whatever form has one of them.
ABOUT: Final[Mapping[str, Sequence[str]]] = {
    "agreement.month_order": ("performed", "due"),
    "agreement.no_such_outcome": ("outcome_entry",),
    "annulment.no_such_finding": ("annuls",),
    "annex.missing": ("annex",),
    "annex.not_in_stream": ("annex",),
    "assessment.explanation": ("unmet",),
    "assessment.outside_pledge": ("period_from",),
    "assessment.period_not_over": ("period_until",),
    "attachment.not_uploaded": ("attachment",),
    "attachment.other_upload": ("attachment",),
    "breach.clause_not_pledged": ("clauses",),
    "breach.no_such_breach": ("corrects",),
    "breach.not_heard": ("heard_on",),
    "breach.pledge_not_in_force": ("breached_on",),
    "calendar.holiday_on_weekend": ("holidays",),
    "calendar.workday_on_weekday": ("workdays",),
    "campaign.corrects_another": ("corrects",),
    "campaign.date_order": ("closes_on",),
    "campaign.extension_only_later": ("closes_on",),
    "campaign.extension_past_validity": ("closes_on",),
    "campaign.title_needs_basis": ("certificate_basis",),
    "campaign.unknown": ("campaign",),
    "citation.checked_before_decision": ("checked_on",),
    "citation.publicity_over": ("publicity_end",),
    "complaint.agreement_without_reply": ("reply",),
    "complaint.clause_not_pledged": ("clauses",),
    "complaint.explained_without_reply": ("reply",),
    "complaint.month_in_future": ("closed",),
    "complaint.month_order": ("closed",),
    "complaint.no_such_outcome": ("outcome_entry", "corrects"),
    "complaint.notice_missing": ("notified_on",),
    "complaint.notice_period": ("notified_on",),
    "complaint.reply_month": ("replied",),
    "correction.not_newest": ("corrects",),
    "enterprise.check_digit": ("subject",),
    "enterprise.already_registered": ("subject",),
    "enterprise.individual_opaque": ("subject",),
    "enterprise.merger_into": ("into",),
    "enterprise.merger_self": ("into",),
    "enterprise.not_registered": ("subject",),
    "entry.not_in_stream": ("entry",),
    "event.wrong_stream": ("subject",),
    "finding.effective_on": ("effective_on",),
    "finding.no_such_declaration": ("declaration",),
    "hold.no_such_hold": ("hold",),
    "key.not_of_party": ("replaces", "kid"),
    "key.recovery_waits": ("usable_from",),
    "key.validity_order": ("valid_until",),
    "listing.no_such_listing": ("listing",),
    "listing.window_order": ("window_until",),
    "listing.outside_window": ("effective_on",),
    "mark.no_such_licence": ("range",),
    "mark.pledge_not_live": ("pledge",),
    "mark.validity_order": ("valid_until",),
    "objection.no_such_objection": ("objection",),
    "party.not_enrolled": ("subject",),
    "party.already_enrolled": ("subject",),
    "pledge.campaign_closed": ("campaign",),
    "pledge.clause_unknown": ("clauses",),
    "pledge.clause_twice": ("clauses",),
    "pledge.ends_not_before_recording": ("ends_on",),
    "pledge.made_in_future": ("made_on",),
    "pledge.not_in_stream": ("pledge",),
    "pledge.not_published": ("code",),
    "pledge.outside_window": ("made_on",),
    "pledge.too_long": ("valid_until", "pledge_valid_until"),
    "pledge.validity_order": ("valid_until",),
    "pledge.validity_as_made": ("valid_until",),
    "policy.no_such_proposal": ("proposal",),
    "policy.retroactive": ("effective_on",),
    "recheck.no_such_citation": ("recheck_of",),
    "recording.in_future": ("effective_on",),
    "recording.late": ("late_ground",),
    "repair.no_such_application": ("application",),
    "repair.no_such_approval": ("approval",),
    "repair.nothing_to_repair": ("entry",),
    "report.no_such_report": ("report",),
    "role.already_granted": ("role",),
    "role.not_held": ("role",),
    "standard.indicators_missing": ("indicators",),
    "standard.no_such_declaration": ("declaration",),
    "standard.products_missing": ("products",),
}


def rules_about(field: str) -> Sequence[str]:
    """The rules that are about a field of this name."""
    return [rule for rule, fields in ABOUT.items() if field in fields]
