"""Finding enterprises by name, former name, code or campaign. Never by level: there is no such list, on purpose."""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Sequence
from typing import Any, Final, NamedTuple

import msgspec
from msgspec import Struct

from ledger.domain.values.enterprise_code import (
    RESIDENT_EN,
    RESIDENT_RULE,
    RESIDENT_ZH,
    fold_code,
    is_resident_number,
)
from ledger.errors import Malformed, Refused
from ledger.limits import (
    SEARCH_PAGE_MAX,
    SEARCH_QUERY_CHARS_MAX,
    SEARCH_RANKED_LARGE_MAX,
    SEARCH_RANKED_MAX,
    SEARCH_SIMILAR_MAX,
)
from ledger.store.array_parameters import Integers, Texts
from projections.db.reads import Reading
from projections.search.common_words import CommonWords, CommonWordsReader
from projections.search.folding import escape_like
from projections.search.grams import exact_gram, organisation_gram
from projections.search.matching import Matched, Rank, why
from projections.search.query import Query, Sounds, parse_query, telling_part
from projections.search.similar import SIMILAR_CHARS_MIN, half_sets, near, slip_sets

__all__ = ["Enterprise", "Page", "SearchHit", "SearchView"]


class SearchHit(NamedTuple):
    """`matched` says why, and `former_name` which one did; both None where nothing was typed."""

    subject: str
    code: str
    name: str
    matched: Matched | None = None
    former_name: str | None = None


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
        self._common = CommonWordsReader(reading)

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
        """A page of those that `q` means: by code, by name or former name, by how the name is read, in this order.

        Words may come in any order, brackets and dots otherwise, characters in the other script. Where nothing is
        found so, names that differ by one slip. Within each place shorter names first. Without `q`: all, or all of a
        campaign, by subject. Raises `Malformed` for a bad cursor or query, `Refused` for a resident identity number.
        """
        if len(q) > SEARCH_QUERY_CHARS_MAX:
            raise Malformed(f"a query has at most {SEARCH_QUERY_CHARS_MAX} characters")
        limit = max(1, min(limit, SEARCH_PAGE_MAX))
        if is_resident_number(q):
            raise Refused(RESIDENT_RULE, RESIDENT_ZH, RESIDENT_EN)
        if not q.strip():
            return self._listed(campaign, cursor, limit)
        after: _Place = _Place(*_decode(cursor, [int, int, str])) if cursor else _Place(-1, 0, "")
        query = parse_query(q)
        if query is None:
            return Page([], "")
        rows: list[_Row] = []
        common = self._common.read()
        most = SEARCH_RANKED_LARGE_MAX if common.large and not campaign else SEARCH_RANKED_MAX
        read_on = not campaign and common.hold_all(query.words)
        for ask in (self._by_name, self._by_sound, self._by_initials):
            rows += ask(query, _Asked(campaign, after, limit + 1 - len(rows), most, read_on))
            if len(rows) > limit:
                break
        if not rows and (not cursor or after.rank == Rank.SIMILAR):
            rows = self._similar(query, campaign, after, common)
        return _page(query, rows, limit)

    def _listed(self, campaign: str, cursor: str, limit: int) -> Page:
        after = _decode(cursor, [str]) if cursor else [""]
        params = {"campaign": campaign, "after": after[0], "limit": limit + 1}
        rows = self._reading.rows("enterprises", params)
        found = [SearchHit(*row) for row in rows[:limit]]
        return Page(found, _encode([found[-1].subject]) if len(rows) > limit else "")

    def _by_name(self, query: Query, asked: _Asked) -> list[_Row]:
        if asked.after.rank >= Rank.PINYIN.start:
            return []
        params = asked.params() | {
            "code": query.code,
            "code_end": f"{query.code}[",  # after Z in ASCII
            "code_starts": f"{query.code}%",
            "by_code": bool(query.code),
            "joined": query.joined,
            "exact": Integers([exact_gram(query.joined)]),
            "holds": _holding(query.joined),
            "starts": f"{escape_like(query.joined)}%",
            "words": Texts(map(_holding, query.words)),
        }
        rows = []
        if query.code:
            grams = Integers([organisation_gram(query.organisation)] if query.organisation else [])
            by_code = {"organisation": query.organisation, "organisation_grams": grams}
            rows += self._reading.rows("search_codes", params | by_code)
        rows += self._reading.rows("search_exact", params)
        if not _CODE_LIKE.fullmatch(query.joined):
            rows += self._words(query, params, asked)
        rows.sort(key=_place)
        return [_Row(*row) for row in rows[: asked.limit]]

    def _words(self, query: Query, params: dict[str, Any], asked: _Asked) -> list[tuple[Any, ...]]:
        """Names that hold all the words: where they are common among those read first, else by the index."""
        if asked.read_on:
            here = {"grams": Integers([]), "before_page": _READ_ON_TO}
            found = self._reading.rows("search_words", params | here, prepare=False)
            if len(found) >= min(asked.limit, asked.most):
                return found
        everywhere = {"grams": Integers(query.grams), "before_page": _NO_PAGE}
        return self._reading.rows("search_words", params | everywhere, prepare=False)

    def _by_sound(self, query: Query, asked: _Asked) -> list[_Row]:
        if not query.pinyin or asked.after.rank >= Rank.INITIALS.start:
            return []
        return self._sounds(query, query.pinyin, Rank.PINYIN.start, (), asked)

    def _by_initials(self, query: Query, asked: _Asked) -> list[_Row]:
        if query.initials is None or asked.after.rank >= Rank.SIMILAR:
            return []
        heard = [pattern for way in query.pinyin if len(way.patterns) == 1 for pattern in way.patterns]
        return self._sounds(query, (query.initials,), Rank.INITIALS.start, heard, asked)

    def _sounds(
        self, query: Query, ways: Sequence[Sounds], rank: int, heard: Sequence[str], asked: _Asked
    ) -> list[_Row]:
        params = asked.params() | {
            "by_pinyin": rank == Rank.PINYIN.start,
            "rank": rank,
            "starts": Texts(f"%\n{way.together}" for way in ways),
            "together": Texts(f"%{way.together}" for way in ways),
            "words": Texts(map(_holding, query.words)),
            "other_words": Texts(map(_holding, query.other_words)),
            "heard": Texts(heard),
        }
        for number in range(3):
            way = ways[min(number, len(ways) - 1)]
            params |= {f"grams_{number + 1}": Integers(way.grams), f"sounds_{number + 1}": Texts(way.patterns)}
        return [_Row(*row) for row in self._reading.rows("search_sounds", params)]

    def _similar(self, query: Query, campaign: str, after: _Place, common: CommonWords) -> list[_Row]:
        """By place; all of them, since they are few."""
        meant = [word for word in (telling_part(query.joined), query.joined) if len(word) >= SIMILAR_CHARS_MIN][:1]
        if not meant or not meant[0].isalpha():
            return []
        few = half_sets(meant[0], common.shares) if common.large else None
        sets = Texts(f"{{{','.join(map(str, grams))}}}" for grams in few or slip_sets(meant[0]))
        params = {"sets": sets, "campaign": campaign, "most": SEARCH_SIMILAR_MAX}
        rows = [
            _Row(subject, code, name, Rank.SIMILAR, len(search_text), body)
            for subject, code, name, search_text, body in self._reading.rows("search_similar", params)
            if any(near(meant[0], line) for line in search_text.split("\n"))
        ]
        rows.sort(key=_place)
        return [row for row in rows if (row.rank, row.size, row.subject) > after]


class _Place(NamedTuple):
    rank: int
    size: int
    subject: str


class _Asked(NamedTuple):
    """`most` are ranked of each way to match; `read_on`: what was typed stands in very many names."""

    campaign: str
    after: _Place
    limit: int
    most: int
    read_on: bool

    def params(self) -> dict[str, Any]:
        """What every statement of the search takes."""
        return {
            "campaign": self.campaign,
            "most": self.most,
            "after_rank": self.after.rank,
            "after_size": self.after.size,
            "after_subject": self.after.subject,
            "limit": self.limit,
        }


class _Row(NamedTuple):
    subject: str
    code: str
    name: str
    rank: int
    size: int
    body: bytes


class _Names(Struct):
    former_names: list[_FormerName]


class _FormerName(Struct):
    name: str


# Places in a table, as PostgreSQL writes them: about a hundredth of a million names, and behind every row.
_READ_ON_TO: Final = "(1000,0)"
_NO_PAGE: Final = "(4294967295,0)"
_CODE_LIKE: Final = re.compile("[0-9a-z]*[0-9][0-9a-z]{8,}|[0-9]{5,}")  # no name is looked for so


def _place(row: tuple[Any, ...]) -> tuple[int, int, str]:
    return row[3], row[4], row[0]


def _page(query: Query, rows: Sequence[_Row], limit: int) -> Page:
    last = rows[limit - 1] if len(rows) > limit else None
    found = []
    for row in rows[:limit]:
        former = [one.name for one in _NAMES.decode(row.body).former_names]
        found.append(SearchHit(row.subject, row.code, row.name, *why(row.rank, query, row.name, former)))
    return Page(found, "" if last is None else _encode([last.rank, last.size, last.subject]))


def _holding(folded: str) -> str:
    return f"%{escape_like(folded)}%"


_NAMES: Final = msgspec.json.Decoder(_Names)


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
