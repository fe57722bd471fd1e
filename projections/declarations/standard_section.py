"""The section `standards`: what an enterprise declared to work to, each with its versions; and every version by itself.

Nothing of it changes by time alone. A note that an indicator is below the recommended standard is shown beside its
version while that is in force: as long as the note is public.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

import msgspec

from ledger.domain.events.declaration import BelowRecommendedNoted, StandardAbolished, StandardDeclared, StandardRevised
from ledger.domain.state.annex import TAKEN_DOWN
from ledger.domain.state.declaration import STANDARDS, Abolition, Declaration, Version, standing_notes
from ledger.domain.values.standard_number import number_key
from projections.db.dated_document import etag
from projections.declarations.section import DatedValue, Section, pieces_of
from projections.standing import Case
from projections.standing.level_history import LevelHistory

__all__ = ["STANDARDS_PART"]

_ENCODE: Final = msgspec.json.Encoder(order="sorted").encode
_COLUMNS: Final = ("text", "int8", "int8", "text", "text", "text", "text", "date", "bytea", "text")


class _Standards:
    """The declared standards of one course."""

    def __init__(self, course: LevelHistory) -> None:
        self._course = course
        self._gone = course.record.repudiated
        self._notes: dict[int, list[dict[str, Any]]] = {}
        for note, until in standing_notes(course.record):
            if until is None:
                self._notes.setdefault(note.version, []).append(self._note(note.index))

    def section(self) -> list[dict[str, Any]]:
        """In log order, without those of which every version was repudiated."""
        found = []
        for declaration in self._declarations():
            versions = declaration.standing_versions(self._gone)
            if versions:
                found.append(
                    self._document(declaration, versions[-1])
                    | {"versions": [self._in_short(declaration, one) for one in declaration.versions]}
                )
        return found

    def rows(self) -> list[tuple[Any, ...]]:
        """A row for each version, in log order by declaration."""
        return [self._row(declaration, one) for declaration in self._declarations() for one in declaration.versions]

    def _declarations(self) -> list[Declaration]:
        declared = STANDARDS.of(self._course.record).declared
        return [declared[entry] for entry in sorted(declared)]

    def _row(self, declaration: Declaration, version: Version) -> tuple[Any, ...]:
        subject = self._course.record.subject
        body = _ENCODE(self._document(declaration, version) | {"subject": subject})
        return (
            subject,
            version.index,
            declaration.entry,
            number_key(version.number),
            version.number,
            self._said(version).title,
            self._state(declaration, version),
            version.effective_on,
            body,
            etag(body),
        )

    def _document(self, declaration: Declaration, version: Version) -> dict[str, Any]:
        """A whole version; of a repudiated one that it was."""
        place = self._in_short(declaration, version) | {"declaration": declaration.entry}
        if version.index in self._gone:
            return place
        said = self._said(version)
        return place | {
            "title": said.title,
            "kind": said.kind,
            "executed": said.executed,
            "products": said.products,
            "indicators": said.indicators,
            "published_on": said.published_on,
            "implemented_on": said.implemented_on,
            "annex": self._annex(said),
            "evidence": said.evidence,
            "abolished": self._abolished(declaration.abolished(self._gone)),
            "notes": self._notes.get(version.index, []),
        }

    def _annex(self, said: StandardDeclared | StandardRevised) -> dict[str, Any] | None:
        annex = said.annex
        if annex is None:
            return None
        shown = {
            "sha256": annex.sha256,
            "bytes": annex.bytes,
            "media_type": annex.media_type,
            "href": f"/annexes/{annex.sha256}",
        }
        gone = TAKEN_DOWN.of(self._course.record).get(annex.sha256)
        return shown if gone is None else shown | {"taken_down": {"entry": gone}}

    def _in_short(self, declaration: Declaration, version: Version) -> dict[str, Any]:
        short: dict[str, Any] = {
            "entry": version.index,
            "on": version.effective_on,
            "number": version.number,
            "state": self._state(declaration, version),
        }
        if version.index in self._gone:
            short["repudiated_by"] = self._gone[version.index].index
        return short

    def _state(self, declaration: Declaration, version: Version) -> str:
        """`current` 现行, `revised` 修订 (another took its place), `abolished` 废止 (it was the last), `repudiated`."""
        if version.index in self._gone:
            return "repudiated"
        if version.index != declaration.standing_versions(self._gone)[-1].index:
            return "revised"
        return "current" if declaration.abolished(self._gone) is None else "abolished"

    def _said(self, version: Version) -> StandardDeclared | StandardRevised:
        said = self._course.texts[version.index]
        assert isinstance(said, StandardDeclared | StandardRevised)  # kept when it was taken in
        return said

    def _abolished(self, abolition: Abolition | None) -> dict[str, Any] | None:
        if abolition is None:
            return None
        said = self._course.texts[abolition.index]
        assert isinstance(said, StandardAbolished)
        return {"entry": abolition.index, "on": abolition.on, "reason": said.reason}

    def _note(self, index: int) -> dict[str, Any]:
        said = self._course.texts[index]
        assert isinstance(said, BelowRecommendedNoted)
        return {
            "entry": index,
            "on": said.effective_on,
            "indicator": said.indicator,
            "recommended": said.recommended,
            "recommended_value": said.recommended_value,
            "explanation": said.explanation,
        }


def _pieces(course: LevelHistory, case: Case) -> Sequence[DatedValue]:
    return pieces_of(course.told_on, (), lambda _day: _Standards(course).section())


def _rows(course: LevelHistory, case: Case) -> Mapping[str, Sequence[tuple[Any, ...]]]:
    return {"standards": _Standards(course).rows()}


STANDARDS_PART: Final = Section(
    noun=STANDARDS.key,
    section="standards",
    pieces=_pieces,
    tables={"standards": _COLUMNS},
    rows=_rows,
)
