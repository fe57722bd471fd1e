"""Finding enterprises by name, former name, code or campaign. Never by level: there is no such list, on purpose."""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Sequence
from typing import Any, Final, NamedTuple

import msgspec

from ledger.domain.values.enterprise_code import (
    RESIDENT_EN,
    RESIDENT_RULE,
    RESIDENT_ZH,
    fold_code,
    is_resident_number,
)
from ledger.errors import Malformed, Refused
from ledger.limits import SEARCH_PAGE_MAX
from ledger.store.array_parameters import Texts
from projections.db.reads import Reading
from projections.search.folding import escape_like, fold_name, grams

__all__ = ["Enterprise", "Page", "SearchHit", "SearchView"]

_RANKED_MAX: Final = 1_000  # more than these are not ranked, and not reached by paging: type more letters
_QUERY_CHARS_MAX: Final = 128
_CODE: Final = re.compile(r"[0-9A-Z]{2,20}")


class SearchHit(NamedTuple):
    subject: str
    code: str
    name: str


class Page(NamedTuple):
    """`cursor` leads to the next page; empty where this is the last."""

    found: list[SearchHit]
    cursor: str


class Enterprise(NamedTuple):
    """What is said of an enterprise as canonical JSON, without its standing."""

    subject: str
    code: str
    name: str
    body: bytes
    etag: str


class SearchView:
    """Reads through the read models."""

    def __init__(self, reading: Reading) -> None:
        self._reading = reading

    def enterprise(self, subject: str) -> Enterprise | None:
        """None where the book does not know it, or its registration was erased or repudiated."""
        row = self._reading.row("enterprise", {"subject": subject})
        return None if row is None else Enterprise(*row)

    def enterprises(self, subjects: Sequence[str]) -> dict[str, Enterprise]:
        """Those of these that the book knows, by subject."""
        rows = self._reading.rows("enterprises_named", {"subjects": Texts(subjects)})
        return {row[0]: Enterprise(*row) for row in rows}

    def by_code(self, code: str) -> list[Enterprise]:
        """Those with this code as people type it."""
        return [Enterprise(*row) for row in self._reading.rows("enterprises_by_code", {"code": fold_code(code)})]

    def search(self, q: str, *, campaign: str = "", cursor: str = "", limit: int = 20) -> Page:
        """A page of those whose name (or a former one) holds `q`, or whose code begins with it.

        The code itself comes first, then names that begin with `q`, then codes that do, then the rest, shorter
        names first. Without `q`: all, or all of a campaign, by subject. Raises `Malformed` for a bad cursor or query,
        `Refused` for a resident identity number.
        """
        if len(q) > _QUERY_CHARS_MAX:
            raise Malformed(f"a query has at most {_QUERY_CHARS_MAX} characters")
        limit = max(1, min(limit, SEARCH_PAGE_MAX))
        if is_resident_number(q):
            raise Refused(RESIDENT_RULE, RESIDENT_ZH, RESIDENT_EN)
        name = fold_name(q)
        return self._ranked(q, name, campaign, cursor, limit) if name else self._listed(campaign, cursor, limit)

    def _listed(self, campaign: str, cursor: str, limit: int) -> Page:
        after = _decode(cursor, [str]) if cursor else [""]
        params = {"campaign": campaign, "after": after[0], "limit": limit + 1}
        rows = self._reading.rows("enterprises", params)
        found = [SearchHit(*row) for row in rows[:limit]]
        return Page(found, _encode([found[-1].subject]) if len(rows) > limit else "")

    def _ranked(self, q: str, name: str, campaign: str, cursor: str, limit: int) -> Page:
        code = fold_code(q)
        rank, size, subject = _decode(cursor, [int, int, str]) if cursor else (-1, 0, "")
        params = {
            "by_name": True,
            "by_code": _CODE.fullmatch(code) is not None,
            "grams": Texts(grams(name)),
            "holds": f"%{escape_like(name)}%",
            "starts": f"{escape_like(name)}%",
            "code": code,
            "code_starts": f"{escape_like(code)}%",
            "campaign": campaign,
            "most": _RANKED_MAX,
            "after_rank": rank,
            "after_size": size,
            "after_subject": subject,
            "limit": limit + 1,
        }
        rows = self._reading.rows("search", params)
        last = rows[limit - 1] if len(rows) > limit else None
        following = "" if last is None else _encode([last[3], last[4], last[0]])
        return Page([SearchHit(*row[:3]) for row in rows[:limit]], following)


def _encode(values: list[Any]) -> str:
    return base64.urlsafe_b64encode(msgspec.json.encode(values)).decode().rstrip("=")


def _decode(cursor: str, types: list[type]) -> list[Any]:
    try:
        values = msgspec.json.decode(base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4)), type=list[int | str])
    except (binascii.Error, ValueError, msgspec.MsgspecError) as error:
        raise Malformed("not a cursor of this list") from error
    if [type(value) for value in values] != types:
        raise Malformed("not a cursor of this list")
    return values
