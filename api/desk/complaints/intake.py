"""A complaint as a form gives it: from the complainant at `/complain`, or from an officer at the telephone."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Final

from api.desk.complaints.case_steps import CaseRegistered, Channel, Contact
from api.desk.complaints.case_words import CHANNELS
from api.desk.complaints.enterprise_choice import EnterpriseOffer, chosen_enterprise
from api.desk.complaints.form_fields import FieldProblems, FormFields
from api.service.service import Service

__all__ = ["IntakeProblems", "registered_at_desk", "registered_by_complainant"]

_TELEPHONE: Final = re.compile(r"\+?[0-9][0-9 \-]{5,24}[0-9]")
_EMAIL: Final = re.compile(r"[^\s@]{1,64}@[^\s@]{1,190}\.[^\s@.]{2,24}")


class IntakeProblems(FieldProblems):
    """As `FieldProblems`, with the enterprises that may be meant."""

    def __init__(self, problems: FieldProblems, offers: Sequence[EnterpriseOffer]) -> None:
        super().__init__(problems.problems)
        self.offers = offers


def registered_by_complainant(service: Service, given: Mapping[str, str], at: int) -> CaseRegistered:
    """Raises `IntakeProblems`."""
    return _registered(service, given, at, by="", channel="web")


def registered_at_desk(service: Service, given: Mapping[str, str], at: int, officer: str) -> CaseRegistered:
    """Raises `IntakeProblems`."""
    return _registered(service, given, at, by=officer, channel=None)


def _registered(
    service: Service, given: Mapping[str, str], at: int, *, by: str, channel: Channel | None
) -> CaseRegistered:
    fields = FormFields(given)
    typed = fields.line("enterprise")
    subject, offers = chosen_enterprise(service, fields, typed, given.get("chosen", ""), must_know=False)
    contact = Contact(
        name=fields.line("name"),
        telephone=fields.line("telephone", needed=False),
        email=fields.line("email", needed=False),
    )
    if contact.telephone and not _TELEPHONE.fullmatch(contact.telephone):
        fields.wrong("telephone", "电话号码由数字组成，如 13800000000 或 010-00000000", "digits, such as 010-00000000")
    if contact.email and not _EMAIL.fullmatch(contact.email):
        fields.wrong("email", "请填完整的电子邮箱", "a whole e-mail address")
    if not contact.telephone and not contact.email:
        fields.wrong("telephone", "电话和电子邮箱至少填一项", "a telephone number or an e-mail address is needed")
    received_on = fields.day("received_on") if channel is None else service.today()
    if received_on > service.today():
        fields.wrong("received_on", "日期不能晚于今天", "the day is not to come")
    step = CaseRegistered(
        at=at,
        by=by,
        channel=channel or fields.choice("channel", set(CHANNELS) - {"web"}),  # type: ignore[arg-type]
        received_on=received_on,
        subject=subject,
        enterprise=typed,
        product=fields.line("product", screened=True),
        text=fields.text("text", screened=True),
        wanted=fields.line("wanted", needed=False, screened=True),
        contact=contact,
    )
    try:
        fields.done()
    except FieldProblems as problems:
        raise IntakeProblems(problems, offers) from None
    return step
