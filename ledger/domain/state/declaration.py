"""What self-declared standards add up to: declarations with their versions, abolitions and notes.

A declaration is found by the index of the `StandardDeclared` that began it, each of its versions by that of its own
entry.
"""

from __future__ import annotations

from collections.abc import Container, Iterable, Iterator
from datetime import date
from typing import Final, NamedTuple

from immutables import Map
from msgspec import Struct
from msgspec.structs import replace

from ledger.domain.events.base import Recorded
from ledger.domain.events.declaration import BelowRecommendedNoted, StandardAbolished, StandardDeclared, StandardRevised
from ledger.domain.state.record import EnterpriseRecord
from ledger.domain.state.slot import Annotation, Bearing, DatedEntry, DeclarationFact, Slot
from ledger.domain.state.step import in_slot
from ledger.domain.values.standard_number import number_key

__all__ = [
    "STANDARDS",
    "STEPS",
    "Abolition",
    "Declaration",
    "DeclarationNote",
    "Declarations",
    "DeclaredStandard",
    "Version",
    "abolished",
    "declared",
    "declared_spans",
    "in_force",
    "naming_annex",
    "noted",
    "revised",
    "standing_declaration",
    "standing_notes",
]


class Version(Struct, frozen=True, gc=False):
    """The `StandardDeclared` or `StandardRevised` at `index`. `indicators`: names; `open_ended`: more in an annex,
    whose SHA-256 is `annex`."""

    index: int
    effective_on: date
    number: str
    indicators: tuple[str, ...]
    open_ended: bool
    annex: str | None = None


class Abolition(Struct, frozen=True, gc=False):
    """The `StandardAbolished` at `index`; it holds from `on`."""

    index: int
    on: date


class Declaration(Struct, frozen=True, gc=False):
    """A declaration with its versions and its abolitions in log order: more than one of these if one was disowned."""

    entry: int
    versions: tuple[Version, ...]
    abolitions: tuple[Abolition, ...] = ()

    def standing_versions(self, repudiated: Container[int]) -> tuple[Version, ...]:
        """Those that were not repudiated. The last is the newest; none: the declaration counts for nothing."""
        return tuple(version for version in self.versions if version.index not in repudiated)

    def abolished(self, repudiated: Container[int]) -> Abolition | None:
        """The abolition that holds, if one does."""
        return next((one for one in self.abolitions if one.index not in repudiated), None)


class DeclarationNote(Struct, frozen=True, gc=False):
    """The `BelowRecommendedNoted` at `index`, to the version at `version`."""

    index: int
    effective_on: date
    version: int
    indicator: str
    recommended: str


class Declarations(Struct, frozen=True):
    """Declarations by the entry that began them, which one each version belongs to, which have (had) a number.

    `notes` by their own entry, and their entries by that of the version. Only notes are sealed. `ended`: which
    declaration each abolition ended.
    """

    declared: Map[int, Declaration] = Map()
    began: Map[int, int] = Map()
    numbered: Map[str, tuple[int, ...]] = Map()
    notes: Map[int, DeclarationNote] = Map()
    noted: Map[int, tuple[int, ...]] = Map()
    ended: Map[int, int] = Map()


class DeclaredStandard(NamedTuple):
    """A version of the declaration that began with `entry`, in force from `from_on` to the day before `abolished_on`.

    `abolished_on`: the day on which the next version took its place, or the declaration was abolished (None: it is in
    force still). Of one declaration at most one is in force on any day.
    """

    entry: int
    number: str
    from_on: date
    abolished_on: date | None

    @property
    def renewed_on(self) -> date:
        """When the enterprise last declared the standard, seen from any day on which this version is in force."""
        return self.from_on


def standing_declaration(record: EnterpriseRecord, entry: int) -> Declaration | None:
    """The declaration that the entry began or revised, whether current or abolished.

    None where the entry is no declaration of this enterprise, or was repudiated.
    """
    return None if entry in record.repudiated else _declaration(STANDARDS.of(record), entry)


def declared_spans(record: EnterpriseRecord) -> tuple[DeclaredStandard, ...]:
    """Every version that was declared and not repudiated, with the days on which it is in force; by declaration."""
    state = STANDARDS.of(record)
    return tuple(span for entry in sorted(state.declared) for span in _spans(state.declared[entry], record.repudiated))


def _spans(declaration: Declaration, repudiated: Container[int]) -> Iterator[DeclaredStandard]:
    for version, until in in_force(declaration, repudiated):
        yield DeclaredStandard(declaration.entry, version.number, version.effective_on, until)


def in_force(declaration: Declaration, repudiated: Container[int]) -> Iterator[tuple[Version, date | None]]:
    """The versions that were not repudiated, in log order, each with the day on which it ceased to be in force."""
    versions = declaration.standing_versions(repudiated)
    abolition = declaration.abolished(repudiated)
    end = None if abolition is None else abolition.on
    for version, following in zip(versions, (*versions[1:], None), strict=True) if versions else ():
        yield version, end if following is None else following.effective_on


def naming_annex(record: EnterpriseRecord, sha256: str) -> tuple[int, ...]:
    """The entries that name this annex, repudiated ones too, in log order."""
    declarations = STANDARDS.of(record).declared.values()
    return tuple(sorted(one.index for found in declarations for one in found.versions if one.annex == sha256))


def standing_notes(record: EnterpriseRecord) -> Iterator[tuple[DeclarationNote, date | None]]:
    """The notes that were not repudiated and whose version was not, each with the day on which that ceased."""
    state = STANDARDS.of(record)
    begun = {state.began[note.version] for note in state.notes.values() if note.version in state.began}
    found = [standing for entry in begun for standing in _notes(state, state.declared[entry], record.repudiated)]
    yield from sorted(found, key=lambda standing: standing[0].index)


def _notes(
    state: Declarations, declaration: Declaration, repudiated: Container[int]
) -> Iterator[tuple[DeclarationNote, date | None]]:
    for version, until in in_force(declaration, repudiated):
        for index in state.noted.get(version.index, ()):
            if index not in repudiated:
                yield state.notes[index], until


def declared(state: Declarations, at: Recorded, event: StandardDeclared) -> Declarations:
    """With one more declaration."""
    declaration = Declaration(at.index, (_version(at, event),))
    return _with(state, at, event, declaration)


def revised(state: Declarations, at: Recorded, event: StandardRevised) -> Declarations:
    """With one more version of a declaration; unchanged where there is none."""
    declaration = _declaration(state, event.declaration)
    if declaration is None:
        return state
    return _with(state, at, event, replace(declaration, versions=(*declaration.versions, _version(at, event))))


def abolished(state: Declarations, at: Recorded, event: StandardAbolished) -> Declarations:
    """With a declaration abolished; unchanged where there is none."""
    declaration = _declaration(state, event.declaration)
    if declaration is None:
        return state
    abolitions = (*declaration.abolitions, Abolition(at.index, event.effective_on))
    declaration = replace(declaration, abolitions=abolitions)
    declared, ended = state.declared.set(declaration.entry, declaration), state.ended.set(at.index, declaration.entry)
    return replace(state, declared=declared, ended=ended)


def noted(state: Declarations, at: Recorded, event: BelowRecommendedNoted) -> Declarations:
    """With a note to a version."""
    note = DeclarationNote(at.index, event.effective_on, event.version, event.indicator, event.recommended)
    entries = (*state.noted.get(event.version, ()), at.index)
    return replace(state, notes=state.notes.set(at.index, note), noted=state.noted.set(event.version, entries))


def forget(state: Declarations, index: int) -> Declarations:
    """As if the note at `index` had always been closed."""
    note = state.notes.get(index)
    if note is None:
        return state
    left = tuple(entry for entry in state.noted[note.version] if entry != index)
    of_version = state.noted.set(note.version, left) if left else state.noted.delete(note.version)
    return replace(state, notes=state.notes.delete(index), noted=of_version)


def _declaration(state: Declarations, entry: int) -> Declaration | None:
    began = state.began.get(entry)
    return None if began is None else state.declared[began]


def _version(at: Recorded, event: StandardDeclared | StandardRevised) -> Version:
    names = tuple(dict.fromkeys(indicator.name for indicator in event.indicators))
    annex = None if event.annex is None else event.annex.sha256
    return Version(at.index, event.effective_on, event.number, names, annex is not None, annex)


def _with(
    state: Declarations, at: Recorded, event: StandardDeclared | StandardRevised, declaration: Declaration
) -> Declarations:
    key = number_key(event.number)
    holders = state.numbered.get(key, ())
    if declaration.entry not in holders:
        holders = (*holders, declaration.entry)
    return replace(
        state,
        declared=state.declared.set(declaration.entry, declaration),
        began=state.began.set(at.index, declaration.entry),
        numbered=state.numbered.set(key, holders),
    )


def bearing_of(record: EnterpriseRecord, entries: Iterable[int]) -> Bearing:
    """Declared standards cost and hold nothing; whether they are current matters to GOOD.

    A note costs nothing either; it stands beside its version for as long as that is in force, and is public so long.
    The entries are those that began declarations.
    """
    state, gone = STANDARDS.of(record), record.repudiated
    some = [state.declared[entry] for entry in entries if entry in state.declared]
    versions = (DatedEntry(one.effective_on, one.index) for found in some for one in found.versions)
    abolitions = (DatedEntry(one.on, one.index) for found in some for one in found.abolitions)
    return Bearing(
        annotations=tuple(
            Annotation(note.version, note.effective_on, "standard.below_recommended", note.index, until)
            for found in some
            for note, until in _notes(state, found, gone)
        ),
        declared=tuple(
            DeclarationFact(span.entry, span.renewed_on, span.abolished_on or date.max)
            for found in some
            for span in _spans(found, gone)
        ),
        bearing=(*versions, *abolitions),
    )


def bearing(record: EnterpriseRecord) -> Bearing:
    """What all declarations bring."""
    return bearing_of(record, STANDARDS.of(record).declared)


def _about(state: Declarations, entry: int) -> int | None:
    note = state.notes.get(entry)
    if note is not None:
        return note.version
    begun = state.began.get(entry, state.ended.get(entry))
    return None if begun == entry else begun


def _said_of(state: Declarations, entry: int) -> tuple[int, ...]:
    declaration = state.declared.get(entry)
    notes = state.noted.get(entry, ())
    if declaration is None:
        return notes
    versions = (one.index for one in declaration.versions if one.index != entry)
    return *notes, *versions, *(one.index for one in declaration.abolitions)


STANDARDS: Final = Slot(
    "standards",
    Declarations(),
    forget=forget,
    bearing=bearing,
    bearing_of=bearing_of,
    about=_about,
    said_of=_said_of,
)

STEPS: Final = (
    in_slot(STANDARDS, StandardDeclared, declared, bears=True, textual=True),
    in_slot(STANDARDS, StandardRevised, revised, bears=True, textual=True),
    in_slot(STANDARDS, StandardAbolished, abolished, bears=True, textual=True),
    in_slot(STANDARDS, BelowRecommendedNoted, noted, bears=True, textual=True),
)
