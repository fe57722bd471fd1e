"""Who a row is about: codes → subject ids, and the event that enters an enterprise into the book."""

from __future__ import annotations

import json
import re
import unicodedata
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from hashlib import sha256
from typing import Final

from api.importing.row_reader import RowReader
from api.importing.validation_errors import Unreadable, excerpt
from ledger.domain.events.base import PaperEvidence
from ledger.domain.events.enterprise import EnterpriseRegistered, SizeBand
from ledger.domain.values.enterprise_code import (
    RESIDENT_EN,
    RESIDENT_RULE,
    RESIDENT_ZH,
    USCC_LENGTH,
    checks_out,
    fold_code,
    has_uscc_form,
    is_individual,
    is_resident_number,
)
from ledger.domain.values.subject import parse
from ledger.errors import Malformed

__all__ = [
    "Derive",
    "Who",
    "check_code",
    "identity_bytes",
    "local_subject",
    "named_enterprise",
    "refuse_resident",
    "subject_of_lei",
    "subject_of_uscc",
]

Derive = Callable[[str, bytes], bytes]  # `Secret.derive`: (label, identity) → bytes that nobody else can tell

_SLUG_CHARS_MAX: Final = 100
_SIZE_SOURCE: Final = "企业自报"  # the same for every row: it must not say from which table


@dataclass(frozen=True, slots=True)
class Who:
    """An enterprise as a row names it. `individual`: its name may be a person's, so name and code are sealed."""

    subject: str
    name: str
    code: str | None
    individual: bool = False
    division: str | None = None
    industry: str | None = None
    size_band: SizeBand | None = None

    def registered(self, today: date, evidence: PaperEvidence | None) -> EnterpriseRegistered:
        """The event that enters it. Without `evidence` nothing says which table it came from."""
        return EnterpriseRegistered(
            v=1,
            effective_on=today,
            name=self.name,
            category="individual_business" if self.individual else "organization",
            code=self.code if self.subject.startswith("local:") else None,
            division=self.division,
            industry=self.industry,
            size_band=self.size_band,
            size_source=_SIZE_SOURCE if self.size_band else None,
            evidence=evidence,
        )


def identity_bytes(*parts: str) -> bytes:
    """What makes a row itself, as bytes; two different lists of parts never give the same."""
    return json.dumps(parts, ensure_ascii=False, separators=(",", ":")).encode()


def subject_of_uscc(text: str, derive: Derive) -> tuple[str, str, bool]:
    """Subject id, folded code, and whether it is an individual business (92…), whose id is opaque.

    The check digit is another question (`check_code`). Raises `Unreadable`.
    """
    code = fold_code(text)
    refuse_resident(code)
    if not has_uscc_form(code):
        raise Unreadable(
            "code.form",
            f"{excerpt(text)}不是 18 位统一社会信用代码（数字和大写字母，不含 I O S V Z）",
            f"{excerpt(text)} is no unified social credit code: 18 digits and letters without I O S V Z",
        )
    if is_individual(code):
        return f"local:individual/{derive('import individual', code.encode()).hex()}", code, True
    return f"uscc:{code}", code, False


def refuse_resident(text: str) -> None:
    """Raises `Unreadable` for a resident identity number where an enterprise is named; it is not repeated."""
    if is_resident_number(text):
        raise Unreadable(RESIDENT_RULE, RESIDENT_ZH, RESIDENT_EN)


def named_enterprise(read: RowReader, name_column: str, code_column: str, derive: Derive) -> Who | None:
    """The enterprise of a row by its code, and its name if one is given; None, with a flaw, where it cannot be read.

    A row that names its entries may give a subject id in place of the code: who has none of these codes is told so.
    """
    name = read.line(name_column, chars_max=512, required=False) or ""
    text = read.line(code_column, chars_max=512)
    if text is None:
        return None
    if read.entries and ":" in text:
        try:
            return Who(parse(text), name, None)
        except Malformed:
            pass
    try:
        subject, code, individual = subject_of_uscc(text, derive)
    except Unreadable as unreadable:
        read.unreadable(code_column, unreadable)
        return None
    check_code(read, code_column, code)
    return Who(subject, name, code, individual, division=code[2:8])


def check_code(read: RowReader, column: str, code: str) -> None:
    """Flag a code whose last character is wrong (GB 32100-2015, modulus 31). Some real early codes are so."""
    if not checks_out(code):
        read.flag(
            "code.check_digit",
            column,
            f"{excerpt(code)}的校验位不符；请核对，如代码属实，须凭证据登记例外",
            f"{excerpt(code)} fails its check digit; if the code is real, it needs an override with evidence",
        )


def subject_of_lei(text: str) -> str:
    """Raises `Unreadable` for what is no LEI (ISO 17442)."""
    code = fold_code(text)
    refuse_resident(code)
    if len(code) == USCC_LENGTH or not checks_out(code):
        raise Unreadable(
            "code.form",
            f"{excerpt(text)}不是有效的 LEI 编码（20 位）",
            f"{excerpt(text)} is no valid LEI (20 characters)",
        )
    return f"lei:{code}"


def local_subject(registry: str, name: str) -> str:
    """`local:<registry>/<slug>`: lower case, every run of other characters becomes one hyphen.

    A name that loses letters by that (Chinese, accents) or is too long keeps its difference by a digest's end.
    """
    folded = unicodedata.normalize("NFKC", name).strip().casefold()
    slug = re.sub(r"[^a-z0-9]+", "-", folded).strip("-")
    lossy = any(char.isalnum() and not char.isascii() for char in folded) or not slug
    if lossy or len(slug) > _SLUG_CHARS_MAX:
        slug = "-".join(filter(None, (slug[:_SLUG_CHARS_MAX].strip("-"), sha256(folded.encode()).hexdigest()[:12])))
    return f"local:{registry}/{slug}"
