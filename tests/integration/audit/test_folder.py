"""A mirror's folder is audited like the service, dates included; what is changed or missing in it is named."""

from __future__ import annotations

import shutil
from collections.abc import Sequence
from contextlib import ExitStack
from datetime import timedelta
from pathlib import Path

import pytest
from msgspec.structs import replace as changed

from api.auditing.audit_target import open_published
from api.auditing.drill import Drilling
from ledger.audit import AuditResult, Known
from ledger.audit.audit import AuditWorkers, FurtherChecks, run_audit
from ledger.cose.receipts import decode_receipts, encode_receipts, receipts_path
from ledger.errors import LedgerError, Malformed, Refuted, Uncheckable
from ledger.parallel.process_pool import ProcessEngine
from ledger.tlog.tiles import bundle_path, tile_path
from ledger.verifier.trust import Trust
from projections.completeness.map_check import check_map
from tests.integration.audit.test_audit import event_at, renamed_at, say_instead
from tests.support.charter import ORGANIZER
from tests.support.forging import resign, superuser
from tests.support.live_book import WITNESSES, LiveBook, trust_of
from tests.support.mirror_places import BucketPlace, object_store
from tests.support.static_copy import static_copy
from tests.support.witnesses import cosign, policy_text


@pytest.fixture(scope="session")
def own_trust(live: LiveBook) -> Trust:
    """Without witnesses: a copy made from the tables shows none."""
    return trust_of(live.store)


@pytest.fixture(scope="session")
def copied(live: LiveBook, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("copied")
    with superuser(live.database) as connection:
        static_copy(connection, folder)
    return folder


@pytest.fixture
def copy(copied: Path, tmp_path: Path) -> Path:
    """One to be spoiled."""
    return Path(shutil.copytree(copied, tmp_path / "copy"))


def audit_of(folder: Path | str, trust: Trust, workers: int = 0) -> AuditResult:
    with ExitStack() as stack:
        engine = stack.enter_context(ProcessEngine(workers)) if workers else None
        found = open_published(str(folder), trust, lambda done, size: None, engine)
        stack.callback(found.source.close)
        return run_audit(
            found.source,
            found.trust,
            workers=AuditWorkers(engine, found.sources) if engine else None,
            known=Known(found.shown),
            checks=FurtherChecks(of_whole=[check_map]),
        )


def said(outcome: AuditResult) -> list[tuple[str, int | str | None]]:
    return [(one.code, one.entry if one.entry is not None else one.size or one.row) for one in outcome.findings]


def flip(path: Path, at: int, bit: int = 1) -> None:
    data = bytearray(path.read_bytes())
    data[at] ^= bit
    path.write_bytes(data)


def sizes(live: LiveBook) -> list[int]:
    found, size = [], 0
    while (row := live.store.checkpoint_covering(size)) is not None:
        size = row.tree_size
        found.append(size)
    return found


# in order


def test_a_copy_in_order_is_clean_and_its_dates_are_judged(live: LiveBook, copied: Path, own_trust: Trust) -> None:
    outcome = audit_of(copied, own_trust)
    assert outcome.findings == []
    assert outcome.timed
    assert "time_unknown" not in outcome.notice_counts
    assert outcome.checkpoints == len(sizes(live))
    assert outcome.signatures == outcome.entries + outcome.checkpoints + 1
    assert outcome.entries == outcome.size == sizes(live)[-1]


def test_workers_come_to_the_same(copied: Path, own_trust: Trust) -> None:
    alone, shared = audit_of(copied, own_trust), audit_of(copied, own_trust, workers=2)
    for outcome in (alone, shared):
        outcome.seconds = 0
    assert alone == shared


@pytest.mark.slow
def test_a_copy_in_a_bucket_is_audited_as_one_in_a_folder(copied: Path, own_trust: Trust) -> None:
    with object_store():
        place = BucketPlace("log")
        for path in (path for path in copied.rglob("*") if path.is_file()):
            place.put(str(path.relative_to(copied)), path.read_bytes())
        outcomes = (
            audit_of(copied, own_trust),
            audit_of(place.address, own_trust),
            audit_of(place.address, own_trust, 2),
        )
    for outcome in outcomes:
        outcome.seconds = 0
    assert outcomes[0].clean
    assert outcomes[0] == outcomes[1] == outcomes[2]


def test_findings_beyond_those_that_are_kept_are_the_same_however_many_processes_there_are(
    copy: Path, own_trust: Trust
) -> None:
    for bundle in (copy / bundle_path(0), next((copy / (bundle_path(1) + ".p")).iterdir())):
        data, at = bytearray(bundle.read_bytes()), 0
        while at < len(data):
            length = int.from_bytes(data[at : at + 2])
            data[at + 1 + length] ^= 1  # the last byte: of the signature
            at += 2 + length
        bundle.write_bytes(data)
    alone, shared = audit_of(copy, own_trust), audit_of(copy, own_trust, workers=2)
    assert alone.counts["entry.altered"] > 250
    assert len([one for one in alone.findings if one.code == "entry.altered"]) == 100
    for outcome in (alone, shared):
        outcome.seconds = 0
    assert alone == shared


def test_what_breaks_a_rule_about_dates_is_found_with_receipts_and_noted_without(
    forged: Drilling, own_trust: Trust, tmp_path: Path
) -> None:
    index = renamed_at(forged)
    event = event_at(forged, index)
    say_instead(forged, index, changed(event, effective_on=event.effective_on - timedelta(days=800)), ORGANIZER)
    resign(forged.connection)
    static_copy(forged.connection, tmp_path)
    rules = [one for one in audit_of(tmp_path, own_trust).findings if one.code == "entry.rule"]
    assert [(one.entry, "recording.late" in one.detail) for one in rules] == [(index, True)]
    shutil.rmtree(tmp_path / "receipts")
    without = audit_of(tmp_path, own_trust)
    assert not without.timed
    assert without.notice_counts["time_unknown"] == 1
    assert not [one for one in without.findings if one.code == "entry.rule"]
    assert index in {one.entry for one in without.notices if one.code == "not_judged"}


def test_a_copy_of_before_without_receipts_is_clean_with_a_notice(copy: Path, own_trust: Trust) -> None:
    shutil.rmtree(copy / "receipts")
    outcome = audit_of(copy, own_trust)
    assert outcome.clean
    assert (outcome.timed, outcome.notice_counts["time_unknown"]) == (False, 1)


def test_a_copy_that_is_still_filling_up_is_clean_and_not_timed(copy: Path, own_trust: Trust) -> None:
    shutil.rmtree(copy / "receipts" / "001.p")
    outcome = audit_of(copy, own_trust)
    assert outcome.clean
    assert not outcome.timed
    assert outcome.checkpoints > 100


def test_single_receipts_as_a_service_has_them_do_as_well(live: LiveBook, copy: Path, own_trust: Trust) -> None:
    receipts = b"".join(path.read_bytes() for path in sorted((copy / "receipts").rglob("*")) if path.is_file())
    shutil.rmtree(copy / "receipts")
    (copy / "entries").mkdir()
    singles = []
    while receipts:
        end = 2 + int.from_bytes(receipts[:2])
        singles.append(receipts[2:end])
        receipts = receipts[end:]
    starts = [0, *sizes(live)]
    for first, following, data in zip(starts, starts[1:], singles, strict=False):
        for index in {first, following - 1} & {*starts, 255}:
            (copy / "entries" / str(index)).write_bytes(data)
    outcome = audit_of(copy, own_trust)
    assert outcome.clean
    assert outcome.timed
    assert outcome.checkpoints == len(singles)


def test_a_full_file_stands_in_for_a_partial_one_that_is_gone(copy: Path, own_trust: Trust) -> None:
    """The copy went on while it was audited."""
    for kind in ("tile/0", "tile/entries", "receipts"):
        (partial,) = (copy / kind / "001.p").iterdir()
        more = b"" if kind != "tile/0" else bytes(32)
        (copy / kind / "001").write_bytes(partial.read_bytes() + more)
        shutil.rmtree(copy / kind / "001.p")
    outcome = audit_of(copy, own_trust)
    assert outcome.clean
    assert outcome.timed


# changed


def test_a_byte_of_an_entry_is_named_by_the_entry(copy: Path, own_trust: Trust) -> None:
    bundle = copy / bundle_path(0)
    data = bundle.read_bytes()
    at = 0
    for _ in range(200):
        at += 2 + int.from_bytes(data[at : at + 2])
    flip(bundle, at + 2 + 150)
    outcome = audit_of(copy, own_trust)
    assert ("entry.altered", 200) in said(outcome)
    assert {one.entry for one in outcome.findings} == {200}


@pytest.mark.parametrize("how", ["missing", "cut", "length flipped"])
def test_entries_of_a_bundle_that_cannot_be_read_are_missing_and_nothing_else(
    copy: Path, own_trust: Trust, how: str
) -> None:
    bundle = next((copy / (bundle_path(1) + ".p")).iterdir())
    if how == "missing":
        bundle.unlink()
    elif how == "cut":
        bundle.write_bytes(bundle.read_bytes()[:-1])
    else:
        flip(bundle, 1)
    outcome = audit_of(copy, own_trust)
    assert set(outcome.counts) == {"entry.missing"}
    assert [one.entry for one in outcome.findings] == list(range(256, min(outcome.size, 356)))
    assert outcome.counts["entry.missing"] == outcome.size - 256


def test_a_first_bundle_that_is_gone_leaves_no_false_finding(copy: Path, own_trust: Trust) -> None:
    (copy / bundle_path(0)).unlink()
    outcome = audit_of(copy, own_trust)
    assert set(outcome.counts) <= {"entry.missing", "log.charter", "log.anchors"}
    assert outcome.counts["entry.missing"] == 256


@pytest.mark.parametrize(("level", "number"), [(0, 0), (0, 1), (1, 0)])
@pytest.mark.parametrize("how", ["flipped", "missing"])
def test_a_tile_is_named(copy: Path, own_trust: Trust, level: int, number: int, how: str) -> None:
    path = copy / tile_path(level, number)
    path = path if path.is_file() else next(path.with_name(path.name + ".p").iterdir())
    if how == "flipped":
        flip(path, 17)
    else:
        path.unlink()
    outcome = audit_of(copy, own_trust)
    tiles = [one for one in outcome.findings if one.code.startswith("tile.")]
    assert [one.code for one in tiles] == ["tile.altered" if how == "flipped" else "tile.missing"]
    assert tiles[0].row is not None
    assert f"{level}/" in tiles[0].row
    beside = [one for one in outcome.findings if one not in tiles]
    assert said_of(beside) == ([("entry.leaf_hash", number * 256)] if (how, level) == ("flipped", 0) else [])


def said_of(findings: Sequence[object]) -> list[tuple[str, int]]:
    return [(one.code, one.entry) for one in findings]  # type: ignore[attr-defined]


@pytest.mark.parametrize("how", ["flipped", "missing"])
def test_an_annex_is_named_by_its_entry(copy: Path, own_trust: Trust, how: str) -> None:
    annex = next((copy / "annexes").iterdir())
    if how == "flipped":
        flip(annex, 3)
    else:
        annex.unlink()
    outcome = audit_of(copy, own_trust)
    assert [one.code for one in outcome.findings] == ["annex.altered" if how == "flipped" else "annex.missing"]
    assert annex.name in (outcome.findings[0].row or "")


def test_any_byte_of_a_receipt_is_named_by_its_checkpoint_and_accuses_nobody_else(
    live: LiveBook, copied: Path, copy: Path, own_trust: Trust
) -> None:
    path, heads = receipts_path(0), sizes(live)
    receipts = decode_receipts((copied / path).read_bytes())
    place = 40
    near = {None, heads[place], *(heads[place - 1 : place + 2])}
    for at in range(0, len(receipts[place]), 23):
        spoiled = bytearray(receipts[place])
        spoiled[at] ^= 4
        (copy / path).write_bytes(encode_receipts([*receipts[:place], bytes(spoiled), *receipts[place + 1 :]]))
        outcome = audit_of(copy, own_trust)
        assert set(outcome.counts) == {"checkpoint.receipt"}, (at, said(outcome))
        assert {one.size for one in outcome.findings} <= near, at
        assert not outcome.timed


@pytest.mark.parametrize("how", ["left out", "length flipped", "missing", "newest"])
def test_a_receipt_that_is_not_there_is_named(live: LiveBook, copy: Path, own_trust: Trust, how: str) -> None:
    path = copy / receipts_path(0)
    heads = sizes(live)
    expected = [next(size for size in heads if size >= 256)]
    if how == "left out":
        receipts = decode_receipts(path.read_bytes())
        path.write_bytes(encode_receipts([*receipts[:40], *receipts[41:]]))
        expected = [heads[40]]
    elif how == "length flipped":
        flip(path, 1)
    elif how == "missing":
        path.unlink()
    else:
        (partial,) = (copy / "receipts" / "001.p").iterdir()
        partial.write_bytes(encode_receipts(decode_receipts(partial.read_bytes())[:-1]))
        expected = [heads[-1]]
    outcome = audit_of(copy, own_trust)
    assert said(outcome) == [("checkpoint.receipt", size) for size in expected]
    assert not outcome.timed


def test_a_checkpoint_that_the_log_did_not_sign_is_not_audited(copy: Path, own_trust: Trust) -> None:
    flip(copy / "checkpoint", -4)
    with pytest.raises((Refuted, Malformed)):  # another signature, or none in base64
        audit_of(copy, own_trust)
    (copy / "checkpoint").unlink()
    with pytest.raises(Uncheckable):
        audit_of(copy, own_trust)
    with pytest.raises(LedgerError):
        audit_of(copy / "nothing there", own_trust)


# witnesses


def test_the_quorum_must_be_on_the_checkpoint_and_its_cosignatures_must_hold(
    live: LiveBook, copy: Path, own_trust: Trust
) -> None:
    demanding, note = trust_of(live.store, policy_text(*WITNESSES)), (copy / "checkpoint").read_bytes()
    size = sizes(live)[-1]
    assert said(audit_of(copy, demanding)) == [("checkpoint.quorum", size)]
    (copy / "checkpoint").write_bytes(cosign(note, 1_800_000_000, *WITNESSES))
    outcome = audit_of(copy, demanding)
    assert outcome.clean
    assert "not_witnessed_yet" not in outcome.notice_counts
    assert audit_of(copy, own_trust).notice_counts["cosigner_unknown"] == 2
    cosigned = bytearray((copy / "checkpoint").read_bytes())
    cosigned[-8] = ord("A" if cosigned[-8] != ord("A") else "B")  # base64 still, of another signature
    (copy / "checkpoint").write_bytes(cosigned)
    assert said(audit_of(copy, demanding)) == [("checkpoint.cosignature", size), ("checkpoint.quorum", size)]


def test_an_older_checkpoint_with_the_quorum_is_taken_where_the_newest_waits(
    live: LiveBook, copy: Path, own_trust: Trust
) -> None:
    demanding, at = trust_of(live.store, policy_text(*WITNESSES)), sizes(live)[-2]
    older = live.store.checkpoint_covering(at - 1)
    assert older is not None
    (copy / "witnessed").mkdir()
    (copy / "witnessed" / "checkpoint").write_bytes(cosign(older.note, 1_800_000_000, *WITNESSES))
    outcome = audit_of(copy, demanding)
    assert outcome.clean
    assert outcome.notice_counts["not_witnessed_yet"] == 1
    assert audit_of(copy, own_trust).clean
