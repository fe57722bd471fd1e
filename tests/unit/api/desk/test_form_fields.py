"""Forms from the catalogue: every field of every event has a label in both languages, and is filled in by a person."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from inspect import getmodule
from typing import Any, get_args

import msgspec
import pytest

from api.desk.forms.acts import groups_of, may_sign, subject_of
from api.desk.forms.fields import MADE_BY_THE_BROWSER, FormField, Kind, fields_of, paths_of, text_field
from api.desk.forms.labels import HELP, LABELS
from api.desk.forms.refusals import ABOUT
from api.desk.forms.value_words import NOUNS, VALUES
from api.desk.roles import Officer
from ledger.domain.events.base import Event
from ledger.domain.payload import encode_payload
from ledger.domain.rules.catalogue import SPECS
from ledger.domain.samples import sample
from ledger.domain.values.subject import own_party
from ledger.store.desk_sessions import DeskSession

ENTERPRISE = "uscc:91110000600037341L"


def all_of(fields: Sequence[FormField]) -> Iterator[FormField]:
    for field in fields:
        yield field
        yield from all_of(field.fields)


def every_field() -> Iterator[tuple[type[Event], FormField]]:
    for spec in SPECS.values():
        named = text_field(spec.event)
        for field in all_of([*fields_of(spec.event), *(() if named is None else (named[1],))]):
            yield spec.event, field


def officer(*roles: str, party: str = "party:somebody") -> Officer:
    session = DeskSession(b"", party, "officer-1", b"", frozenset(roles), 0, 0, 0)
    return Officer(session, party, "officer-1", "某单位", None, frozenset(roles))


def test_every_field_of_every_event_is_named_in_both_languages() -> None:
    for event, field in every_field():
        words = [field.label, *(() if field.help is None else (field.help,)), *(one.word for one in field.choices)]
        for word in words:
            assert word.zh.strip() and word.en.strip(), (event, field.name)
            assert not word.zh.isascii() or field.kind in ("choice", "choices"), (event, field.name, word)
            assert word.en.isascii() or "…" in word.en, (event, field.name, word)


def test_no_two_fields_of_one_form_bear_the_same_name() -> None:
    for spec in SPECS.values():
        labels = [field.label for field in fields_of(spec.event)]
        assert len(set(labels)) == len(labels), (spec.name, labels)


def test_every_kind_of_field_is_in_use_and_no_word_is_left_over() -> None:
    found = list(every_field())
    assert {field.kind for _, field in found} == set(get_args(Kind))
    labels = {field.label for _, field in found}
    assert [name for name, word in LABELS.items() if word not in labels] == []
    helps = {field.help for _, field in found}
    assert [name for name, word in HELP.items() if word not in helps and name not in ("seed", "serials_root")] == []
    words = {choice.word for _, field in found for choice in field.choices}
    words |= {field.label for _, field in found}
    assert [name for name, word in VALUES.items() if word not in words and name not in ("root",)] == []


def test_fields_are_those_of_the_definition_in_its_order() -> None:
    for spec in SPECS.values():
        names = [one.encode_name for one in msgspec.structs.fields(spec.event)]
        own = [name for name in names if name not in Event.__struct_fields__]
        assert [one.name for one in fields_of(spec.event)] == [*own, "effective_on", "legal_basis", "late_ground"]


def test_what_is_left_empty_is_written_as_the_definition_writes_it() -> None:
    """`absent` and `omits` say what the encoder does with a default: compared with what it does."""
    for spec in SPECS.values():
        event = sample(spec.event)
        written = json.loads(encode_payload(event))
        _compare(fields_of(spec.event), type(event), written, spec.name)


def _compare(fields: Sequence[FormField], kind: type[msgspec.Struct], written: dict[str, Any], where: str) -> None:
    plain = {one.encode_name: one for one in msgspec.structs.fields(kind)}
    for field in fields:
        definition = plain[field.name]
        if definition.required:
            assert field.required, (where, field.name)
            continue
        left_out = {name: value for name, value in written.items() if name != field.name}
        made = msgspec.json.encode(msgspec.convert(left_out, kind), order="sorted")
        told = json.loads(made)
        assert told.get(field.name, "left out") == ("left out" if field.absent is None else json.loads(field.absent)), (
            where,
            field.name,
        )


def test_texts_that_events_name_are_filled_in_by_a_person_or_made_by_the_browser() -> None:
    for spec in SPECS.values():
        named = text_field(spec.event)
        assert (named is None) == (spec.event.text_type is None)
        if named is not None:
            name, field = named
            assert name in msgspec.structs.asdict(sample(spec.event))
            assert field.kind == "text" or (spec.name, name) in MADE_BY_THE_BROWSER


def test_rules_lead_to_fields_that_forms_have() -> None:
    names = {field.name for _, field in every_field()} | {"subject"}
    assert {name for fields in ABOUT.values() for name in fields} <= names


def test_addresses_name_nested_fields_with_dots() -> None:
    paths = set(paths_of(fields_of(SPECS["StandardDeclared"].event)))
    assert {"number", "products.N.name", "evidence.row", "annex.sha256", "late_ground"} <= paths
    assert "products" not in paths and "v" not in paths


@pytest.mark.parametrize("role", ["organizer", "registrar", "regulator", "handling_body", "data_officer", "root"])
def test_a_role_is_offered_what_the_catalogue_lets_it_sign(role: str) -> None:
    offered = {act.type for group in groups_of(officer(role)) for act in group.acts}
    of_role = {name for name, spec in SPECS.items() if role in spec.signers}
    about_itself = {name for name, spec in SPECS.items() if not spec.signers.isdisjoint(("party", "old_key"))}
    assert of_role and offered == of_role | about_itself


def test_an_enterprise_speaks_about_itself_alone() -> None:
    own = officer(party=own_party(ENTERPRISE))
    offered = {act.type for group in groups_of(own) for act in group.acts}
    assert "ComplaintReplied" in offered and "CampaignOpened" not in offered
    subject = subject_of(own, SPECS["ComplaintReplied"])
    assert (subject.value, subject.fixed) == (ENTERPRISE, True)
    assert not subject_of(officer("organizer"), SPECS["PledgeMade"]).fixed
    assert not may_sign(officer("laboratory"), SPECS["ComplaintReplied"])


def test_every_noun_has_a_heading() -> None:
    nouns = {getattr(getmodule(spec.event), "__name__", "").rpartition(".")[2] for spec in SPECS.values()}
    assert nouns == set(NOUNS)
