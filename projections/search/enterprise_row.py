"""The row by which an enterprise is found and shown: names, code, category, what became of it."""

from __future__ import annotations

from collections.abc import Container, Sequence
from datetime import date
from typing import Any, Final, NamedTuple

import msgspec

from ledger.domain.state.enterprise import IDENTITY, Ceased, name_on, registration_of, size_on
from ledger.domain.state.record import EnterpriseRecord
from ledger.domain.values.subject import fold_code
from ledger.store.array_parameters import Integers
from projections.db.dated_document import etag
from projections.search.folding import fold_name
from projections.search.grams import row_grams
from projections.search.pinyin import initials_of, readings

__all__ = ["EnterpriseRow", "enterprise_row", "found_by", "same_identity"]

_ENCODE: Final = msgspec.json.Encoder(order="sorted").encode


class EnterpriseRow(NamedTuple):
    """`search_text` holds the folded names, the current one first, one a line; `pinyin` how they are read, each line
    with a space before each syllable and at its end; `initials` those of each line; `grams` what it is indexed by."""

    subject: str
    code: str
    name: str
    search_text: str
    pinyin: str
    initials: str
    grams: Integers
    body: bytes
    etag: str


def enterprise_row(record: EnterpriseRecord) -> EnterpriseRow | None:
    """None where nobody may find it: its registration was repudiated, or its body destroyed."""
    identity = IDENTITY.of(record)
    registration, name = registration_of(record), name_on(record, date.max)
    if registration is None or name is None:
        return None
    local = record.subject.startswith("local:")  # its id is ours, not a code that anybody would type
    code = fold_code(registration.code or ("" if local else record.subject.partition(":")[2]))
    gone = record.repudiated
    former = [one for one in identity.names if one.index not in gone and one.name != name]
    body: dict[str, Any] = {
        "subject": record.subject,
        "code": code or None,
        "name": name,
        "former_names": [{"name": one.name, "from": one.effective_on, "entry": one.index} for one in former],
        "category": registration.category,
        "division": registration.division,
        "industry": registration.industry,
        "size_band": size_on(record, date.max),
        "registered_entry": registration.index,
        "code_overridden": any(one.index not in gone for one in identity.overridden),
        "merged": _ceased(identity.merged, gone),
        "deregistered": _ceased(identity.deregistered, gone),
    }
    encoded = _ENCODE(body)
    names = list(dict.fromkeys([fold_name(name), *(fold_name(one.name) for one in former)]))
    return EnterpriseRow(record.subject, code, name, *found_by(names, code), encoded, etag(encoded))


def found_by(names: Sequence[str], code: str) -> tuple[str, str, str, Integers]:
    """`search_text`, `pinyin`, `initials` and `grams` of an enterprise with these folded names, the current one first.

    An organisation code is the ninth to seventeenth character of a unified social credit code (GB 32100-2015 §4).
    """
    read = [reading for name in names for reading in readings(name)]
    return (
        "\n".join(names),
        "\n".join(f" {' '.join(reading)} " for reading in read),
        "\n".join(initials_of(reading) for reading in read),
        Integers(row_grams(names, read, code[8:17] if len(code) == 18 else "")),
    )


def same_identity(before: EnterpriseRecord, after: EnterpriseRecord) -> bool:
    """Whether nothing that a row is made of differs between two states of one record, which share what is the same."""
    return IDENTITY.of(before) is IDENTITY.of(after) and before.repudiated is after.repudiated


def _ceased(ceased: Ceased | None, gone: Container[int]) -> dict[str, Any] | None:
    if ceased is None or ceased.index in gone:
        return None
    return {"entry": ceased.index, "on": ceased.effective_on, "into": ceased.into}
