"""Which enterprise of the book somebody means who typed a name or a code; and the choice, where several are meant."""

from __future__ import annotations

from typing import Final, NamedTuple

from api.desk.complaints.form_fields import FormFields
from api.http.enterprise_ids import name_of, subject_of
from api.http.errors import InvalidRequest
from api.service.service import Service
from ledger.errors import Malformed, Refused
from projections.search.folding import fold_name

__all__ = ["NONE_OF_THESE", "EnterpriseOffer", "chosen_enterprise"]

NONE_OF_THESE: Final = "-"
_OFFERED_MAX: Final = 8


class EnterpriseOffer(NamedTuple):
    """One that may be meant; `id` as in addresses."""

    id: str
    name: str


def chosen_enterprise(
    service: Service, fields: FormFields, typed: str, chosen: str, *, must_know: bool
) -> tuple[str | None, list[EnterpriseOffer]]:
    """The subject, None where the book has none such; and what is offered where it is not clear, which then stands
    among the problems of the field `enterprise`. `must_know`: one of the book has to be named."""
    if not typed:
        return None, []
    if chosen and chosen != NONE_OF_THESE:
        try:
            known = service.views.search.enterprise(subject_of(chosen))
        except (InvalidRequest, Malformed):
            known = None
        if known is not None:
            return known.subject, []
    try:
        found = service.views.search.search(typed, limit=_OFFERED_MAX).found
    except Refused as error:  # a resident's number is no enterprise's code
        fields.wrong("enterprise", error.zh, error.en)
        return None, []
    except Malformed:
        found = []
    same = [one for one in found if fold_name(one.name) == fold_name(typed) or one.code == typed.strip().upper()]
    if len(same) == 1:
        return same[0].subject, []
    offers = [EnterpriseOffer(name_of(one.subject), one.name) for one in found]
    if must_know and not offers:
        fields.wrong("enterprise", "账本中没有这家企业", "the book has no such enterprise")
    elif offers and (must_know or chosen != NONE_OF_THESE):
        fields.wrong("enterprise", "请选择是哪一家", "choose which one is meant")
        return None, offers
    return None, []
