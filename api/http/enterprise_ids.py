"""How an enterprise is named in an address: a USCC as printed on a licence, an LEI, or `local~<registry>~<id>`."""

from __future__ import annotations

import re
from functools import lru_cache
from typing import Final

from api.http.errors import InvalidRequest
from ledger.domain.values.enterprise_code import (
    RESIDENT_EN,
    RESIDENT_RULE,
    RESIDENT_ZH,
    checks_out,
    fold_code,
    is_resident_number,
    masked,
)
from ledger.domain.values.subject import is_enterprise, names_a_resident, parse
from ledger.errors import Malformed

__all__ = ["name_of", "subject_of"]

_NAMES_KEPT: Final = 4096
_USCC: Final = re.compile("[0-9A-HJ-NPQRTUWXY]{18}")
_LEI: Final = re.compile("[0-9A-Z]{18}[0-9]{2}")


@lru_cache(_NAMES_KEPT)  # what is refused is not kept
def subject_of(name: str) -> str:
    """The subject id of an enterprise named in an address, folded as people type it. Raises `InvalidRequest`."""
    subject = _subject_of(name)
    if names_a_resident(subject):
        raise InvalidRequest(RESIDENT_RULE, RESIDENT_ZH, RESIDENT_EN)
    return subject


def _subject_of(name: str) -> str:
    if name.startswith("local~"):
        try:
            return parse("local:" + name.removeprefix("local~").replace("~", "/", 1))
        except Malformed:
            raise _invalid(name) from None
    if ":" in name:
        try:
            subject = parse(name)
        except Malformed:
            raise _invalid(name) from None
        if is_enterprise(subject):
            return subject
        raise _invalid(name)
    code = fold_code(name)
    if is_resident_number(code):
        raise _invalid(name)
    if _USCC.fullmatch(code):
        return f"uscc:{code}"
    if _LEI.fullmatch(code):
        return f"lei:{code}"
    raise _invalid(name)


def plausible(subject: str) -> bool:
    """Whether a code that the book does not know can be one at all: a USCC by its check digit (GB 32100-2015)."""
    return not subject.startswith("uscc:") or checks_out(subject.removeprefix("uscc:"))


def name_of(subject: str) -> str:
    """The name of a subject in an address: `subject_of(name_of(s)) == s`."""
    if subject.startswith("local:"):
        return subject.replace(":", "~", 1).replace("/", "~", 1)
    return subject.partition(":")[2]


def _invalid(name: str) -> InvalidRequest:
    if is_resident_number(name):
        return InvalidRequest(RESIDENT_RULE, RESIDENT_ZH, RESIDENT_EN)
    shown = masked(name)[:40]
    return InvalidRequest(
        "enterprise.invalid_id",
        f"不是有效的统一社会信用代码或主体编号：{shown}",
        f"not a unified social credit code or subject id: {shown}",
    )
