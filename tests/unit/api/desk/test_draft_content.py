"""A draft says what its statement says, for every type of the catalogue; and what is no draft is refused by name."""

from __future__ import annotations

import json
from datetime import date, timedelta
from hashlib import sha256
from typing import Any

import msgspec
import pytest

from api.desk.releases.draft_content import drafted
from api.desk.releases.draft_words import lines_of, words_of
from ledger.cose.statement import Claims, make_sealed, make_statement, parse_statement, verify_statement
from ledger.domain.events.party import KeyEnrolled, KeyRecovered, KeyRotated
from ledger.domain.payload import encode_body
from ledger.domain.rules.catalogue import SPECS
from ledger.domain.samples import sample
from ledger.errors import Malformed
from ledger.limits import DRAFT_BYTES_MAX
from ledger.registration import Candidate
from ledger.store.contract import Fact
from tests.support.charter import ORGANIZER, ORIGIN
from tests.support.clock import NOW

DAY = date(2026, 3, 16)
SUBJECT = "local:draft/1"


def content(name: str) -> dict[str, Any]:
    """The fields of a whole example, without what every draft leaves out."""
    fields: dict[str, Any] = msgspec.to_builtins(sample(SPECS[name].event))
    return {field: value for field, value in fields.items() if field not in ("type", "v")}


def candidate(event: Any, *, sealed: bool = False, body: bytes | None = None) -> Candidate:
    """As `admit` makes it of a statement in order; whether its rules would take it is not looked at here."""
    claims = Claims(SUBJECT, ORGANIZER.party, ORIGIN, NOW, b"c" * 16)
    if sealed:
        data, body = make_sealed(event, claims, ORGANIZER.signer, b"s" * 16)
    else:
        data = make_statement(event, claims, ORGANIZER.signer)
    statement = verify_statement(parse_statement(data), ORGANIZER.signer.public)
    return Candidate(statement, event, SPECS[type(event).__name__], Fact("cti", "c"), statement.commitment, body)


def document(name: str, **more: Any) -> str:
    return json.dumps({"type": name, "subject": SUBJECT, "fields": content(name), **more}, ensure_ascii=False)


@pytest.mark.parametrize("name", SPECS)
def test_a_draft_of_every_type_is_what_its_statement_says_and_has_words(name: str) -> None:
    spec = SPECS[name]
    sealed = spec.form == "sealed"
    draft, event = drafted(document(name), DAY), sample(spec.event)
    assert draft.said_by(candidate(event, sealed=sealed), DAY)
    later = msgspec.structs.replace(event, effective_on=event.effective_on + timedelta(days=1))
    assert not draft.said_by(candidate(later, sealed=sealed), DAY)
    if spec.form == "either":
        assert not draft.said_by(candidate(event, sealed=True), DAY)
        assert drafted(document(name, sealed=True), DAY).said_by(candidate(event, sealed=True), DAY)
    lines, _ = lines_of(draft)
    words = words_of(draft)
    assert {line.path.split(".")[0].split("[")[0] for line in lines} <= set(content(name))
    assert all(line.label.zh and line.value.en for line in lines if line.path in words)


def test_an_undated_draft_counts_from_the_day_of_its_release() -> None:
    fields = content("EnterpriseRegistered")
    del fields["effective_on"]
    draft = drafted(json.dumps({"type": "EnterpriseRegistered", "subject": SUBJECT, "fields": fields}), DAY)
    event = msgspec.structs.replace(sample(SPECS["EnterpriseRegistered"].event), effective_on=DAY)
    assert draft.said_by(candidate(event), DAY)
    assert not draft.said_by(candidate(event), DAY + timedelta(days=1))


def test_the_text_that_a_statement_names_is_that_of_the_draft() -> None:
    name = next(one for one, spec in SPECS.items() if spec.event.text_type is not None and one != "MarkLicensed")
    text_type = SPECS[name].event.text_type
    assert text_type is not None
    event = sample(SPECS[name].event)
    (field,) = (one for one, value in content(name).items() if value == event.named_text)
    said = {"type": text_type.__name__, "text": "理由如下。"}
    draft = drafted(document(name, text={"field": field, "content": said}), DAY)

    def named(text: str) -> Candidate:
        body = encode_body(msgspec.convert({**said, "text": text, "v": 1, "salt": "ab" * 16}, text_type), b"\xab" * 16)
        return candidate(msgspec.structs.replace(event, **{field: sha256(body).hexdigest()}), body=body)

    assert draft.said_by(named("理由如下。"), DAY)
    assert not draft.said_by(named("另一理由。"), DAY)
    assert [line.value.zh for line in lines_of(draft)[1]] == ["理由如下。"]


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"type": "Nothing"}, "no event type"),
        ({"subject": "nobody"}, "not a subject id"),
        ({"sealed": True, "type": "CampaignOpened", "fields": content("CampaignOpened")}, "said in sealed form|openly"),
        ({"text": {"field": "name", "content": {}}}, "names no text"),
        ({"extra": 1}, "extra"),
        ({"fields": {**content("EnterpriseRegistered"), "category": "firm"}}, "category"),
        ({"fields": {**content("EnterpriseRegistered"), "v": 2}}, "schema version 2"),
        ({"fields": {"name": "x" * DRAFT_BYTES_MAX}}, str(DRAFT_BYTES_MAX)),
    ],
)
def test_what_is_no_draft_is_refused_by_name(change: dict[str, Any], words: str) -> None:
    given = {"type": "EnterpriseRegistered", "subject": SUBJECT, "fields": content("EnterpriseRegistered"), **change}
    with pytest.raises(Malformed, match=words):
        drafted(json.dumps(given), DAY)


def test_types_that_bring_keys_are_drafts_like_others() -> None:
    for kind in (KeyEnrolled, KeyRotated, KeyRecovered):
        assert drafted(document(kind.__name__), DAY).spec.event is kind
