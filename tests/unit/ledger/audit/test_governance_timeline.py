"""The governance at every position of the log, as an audit looks it up, is the one that folding gives."""

from __future__ import annotations

import pickle
from typing import Any

from msgspec.structs import asdict, replace

from ledger.audit.governance_timeline import Timeline
from ledger.audit.sources.source import GoverningFound
from ledger.cose.statement import decode_trusted, parse_statement
from ledger.domain.events.base import Event
from ledger.domain.events.history import HistoryGivenUp
from ledger.domain.events.party import KeyRevoked
from ledger.domain.state.governance import Governance, evolve_governance
from ledger.domain.state.party import ROOT_PARTY
from ledger.domain.values.subject import MAP
from tests.support.charter import LABORATORY, LOG_OPERATOR, ORGANIZER, REGISTRAR, ROOT, Speaker, charter
from tests.support.clock import NOW
from tests.support.reports import accredited
from tests.support.statements import TODAY, registered, sign
from tests.support.successions import succession


def governing() -> list[GoverningFound]:
    lost = HistoryGivenUp(
        v=1, effective_on=TODAY, lost_size=40, lost_root="ab" * 32, kept_size=30, kept_root="cd" * 32, reason="磁盘损坏"
    )
    revoked = KeyRevoked(v=1, effective_on=TODAY, kid=LABORATORY.signer.kid.hex(), reason="lost")
    further: list[tuple[Event, str, Speaker]] = [
        (accredited(), LABORATORY.party, REGISTRAR),
        (succession("first", 100), ROOT_PARTY, ROOT),
        (lost, MAP, LOG_OPERATOR),
        (succession("second", 200), ROOT_PARTY, ROOT),
        (revoked, LABORATORY.party, REGISTRAR),
    ]
    founded = charter()
    places = [*range(len(founded)), *(len(founded) + 3 * number for number in range(len(further)))]  # others between
    said = [*founded, *(sign(event, subject=subject, by=by, iat=NOW)[0] for event, subject, by in further)]
    return [
        GoverningFound(index, parse_statement(data).subject, 1, NOW, data, None)
        for index, data in zip(places, said, strict=True)
    ]


def folded(entries: list[GoverningFound], below: int) -> Governance:
    governance = Governance.empty()
    for one in entries:
        if one.index < below:
            statement, event = decode_trusted(one.statement, one.body)
            at = statement.recorded(event, index=one.index, version=one.version, recorded_at=one.recorded_at)
            governance = evolve_governance(governance, at)
    return governance


def plain(governance: Governance) -> dict[str, Any]:
    fields = asdict(governance)
    parties = fields.pop("parties_and_keys")
    fields.pop("size")  # a timeline's is that of the newest governing entry, too
    named = {"parties": parties.by_id, "keys": parties.keys, "accreditations": parties.accreditations}
    maps = {**named, "campaigns": fields.pop("campaigns")}
    return {**fields, **{name: dict(one.items()) for name, one in maps.items()}}


def test_every_field_is_what_folding_the_entries_before_gives() -> None:
    entries = governing()
    timeline = Timeline(entries)
    sent = pickle.loads(pickle.dumps(timeline))
    end = entries[-1].index + 2
    assert timeline.broken_at is None
    for index in range(0, end):
        expected = plain(folded(entries, index))
        assert plain(timeline.at(index)) == expected
        assert plain(sent.at(index)) == expected
    final = plain(timeline.at(end))
    assert [len(final[name]) for name in ("successions", "given_up", "accreditations")] == [2, 1, 1]


def test_a_changed_column_moves_no_key_from_one_party_to_another() -> None:
    entries = governing()
    last = entries[-1]
    assert last.subject == LABORATORY.party
    whole = Timeline(entries)
    for elsewhere in (ORGANIZER.party, "policy", "map"):
        changed = Timeline([*entries[:-1], replace(last, subject=elsewhere)])
        assert changed.broken_at is None
        assert plain(changed.at(last.index + 1)) == plain(whole.at(last.index + 1))


def test_an_entry_of_an_enterprise_that_is_listed_as_governing_breaks_nothing() -> None:
    """Else one changed column would keep an audit from holding anything that follows against anybody."""
    entries = governing()
    after = entries[-1].index + 1
    for sealed in (False, True):
        data, _ = sign(registered(), by=ORGANIZER, iat=NOW, sealed=sealed)
        for listed in ("policy", ORGANIZER.party):
            timeline = Timeline([*entries, GoverningFound(after, listed, 9, NOW, data, None)])
            assert timeline.broken_at is None
            assert plain(timeline.at(after + 1)) == plain(Timeline(entries).at(after))
