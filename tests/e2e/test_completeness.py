"""Nothing hidden: a bundle fetched over HTTP, verified offline, and refuted where something is left out."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

import httpx
import psycopg
import pytest
from click.testing import CliRunner, Result
from msgspec.structs import replace as struct_replace

from api.cli.main import main
from api.client.client import Client
from api.client.recompute import compare
from api.evidence import Wanted, build, check_archive, gather
from api.evidence.service_source import ServiceSource
from ledger.cose.receipt import detach, parse_receipt
from ledger.cose.standing_token import VerifiedStanding
from ledger.domain.events.complaint import ComplaintOutcomeRecorded
from ledger.domain.events.completeness_map import MapRootPublished
from ledger.errors import LedgerError, Refuted, Uncheckable
from ledger.keys.signer import save_key
from ledger.limits import BUNDLE_PIECE_BYTES
from ledger.reading.log_reader import Log
from ledger.store.postgres import PostgresStore
from ledger.verifier.completeness_bundle import verify_bundle
from ledger.verifier.formats.bundle import Bundle, parse_bundle
from projections.completeness.map_rebuild import rebuild_map
from tests.e2e.book import Book, open_book, size_of, today
from tests.support.bundles import encode_bundle
from tests.support.charter import HANDLING_BODY, LOG_OPERATOR, ORGANIZER
from tests.support.database import PostgresServer, TestDatabase
from tests.support.statements import CAMPAIGN, outcome
from tests.support.waiting import eventually

GOOD = "uscc:91110000600037341L"
LATE = "uscc:91350100M0001TGQX1"
NOBODY = "uscc:91310000MA1FL8XQ37"


@dataclass(frozen=True)
class Kept:
    """A book whose operator publishes by itself; `folder` has a trust file, and takes what is fetched."""

    book: Book
    folder: Path
    database: TestDatabase
    complaint: int

    def published(self, size: int) -> None:
        """Wait until a root covers `size` entries."""

        def covered() -> bool:
            root = self.book.get("/v1/map").json()["published"]
            return root is not None and root["tree_size"] >= size

        eventually(covered, "a root is published")

    def fetch(self, subject: str) -> bytes:
        return self.book.get(f"/v1/enterprises/{subject.partition(':')[2]}/proof").content

    def verify(self, bundle: bytes, *options: str, standing: bytes | None = None) -> Result:
        path = self.folder / "it.bundle.cbor"
        path.write_bytes(bundle)
        beside = self.folder / "it.standing.cose"
        beside.unlink(missing_ok=True)
        if standing is not None:
            beside.write_bytes(standing)
        return CliRunner().invoke(main, ["verify", str(path), "--trust", str(self.folder / "trust.json"), *options])


@pytest.fixture(scope="module")
def kept(postgres_server: PostgresServer, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Kept]:
    folder = tmp_path_factory.mktemp("service")
    key = folder / "operator.pem"
    save_key(key, LOG_OPERATOR.signer)
    with (
        postgres_server.database() as database,
        open_book(folder, "--operator-key", str(key), "--map-interval-seconds", "0", database=database.service) as book,
    ):
        book.campaign()
        for subject, serial in ((GOOD, 1), (LATE, 2)):
            book.enterprise(subject)
            book.pledge(subject, serial=serial)
        book.own_key(GOOD)
        complaint = book.register(late_reply("a1" * 16), LATE, HANDLING_BODY, sealed=True)
        (folder / "trust.json").write_bytes(book.get("/.well-known/credit-ledger-trust.json").content)
        found = Kept(book, folder, database, complaint)
        found.published(complaint + 1)
        yield found


def late_reply(case: str) -> ComplaintOutcomeRecorded:
    return outcome(case=case, effective_on=today())


def as_served(kept: Kept, bundle: Bundle) -> bytes:
    """The bundle with the consistency proofs that belong to it: what a service would send that hides something."""
    entries = [bundle.root, *(entry.transparent for stream in bundle.streams for entry in stream.entries)]
    sizes = {parse_receipt(receipt).tree_size for entry in entries for receipt in detach(entry)[1]}
    sizes.add(size_of(bundle.checkpoint))
    with PostgresStore.open(kept.database.service) as store:
        log = Log(store)
        steps = tuple(tuple(log.consistency(old, new)) for old, new in pairwise(sorted(sizes)))
    return encode_bundle(struct_replace(bundle, consistency=steps))


def without(kept: Kept, bundle: Bundle, subject: str, entry: int) -> bytes:
    """The bundle with one entry of a stream left out."""
    streams = tuple(
        struct_replace(one, entries=one.entries[:entry] + one.entries[entry + 1 :]) if one.subject == subject else one
        for one in bundle.streams
    )
    return as_served(kept, struct_replace(bundle, streams=streams))


def test_the_command_verifies_a_bundle_and_computes_the_standing_that_the_service_signed(kept: Kept) -> None:
    for subject in (GOOD, LATE):
        name = subject.partition(":")[2]
        signed = kept.book.get(f"/v1/enterprises/{name}/standing", headers={"Accept": "application/cose"}).content
        level = kept.book.get(f"/v1/enterprises/{name}/standing").json()["level"]
        result = kept.verify(kept.fetch(subject), standing=signed)
        assert result.exit_code == 0, result.output
        assert f"{today()}: {level}" in result.output and "says the same" in result.output
        assert "map check" in result.output


def test_a_hidden_complaint_outcome_is_refuted(kept: Kept) -> None:
    bundle = parse_bundle(kept.fetch(LATE))
    last = len(bundle.streams[0].entries) - 1
    result = kept.verify(without(kept, bundle, LATE, last))
    assert result.exit_code == 1
    assert "entries among the first" in result.output


@pytest.mark.parametrize("place", range(3))
def test_no_entry_of_any_stream_can_be_left_out(kept: Kept, place: int) -> None:
    bundle = parse_bundle(kept.fetch(LATE))
    for stream in bundle.streams:
        if place < len(stream.entries):
            assert kept.verify(without(kept, bundle, stream.subject, place)).exit_code in (1, 2)


def test_a_stream_that_others_rest_on_cannot_be_left_out(kept: Kept) -> None:
    bundle = parse_bundle(kept.fetch(LATE))
    assert CAMPAIGN in {stream.subject for stream in bundle.streams}
    for place in range(1, len(bundle.streams)):
        fewer = struct_replace(bundle, streams=bundle.streams[:place] + bundle.streams[place + 1 :])
        result = kept.verify(as_served(kept, fewer))
        expected = 0 if bundle.streams[place].subject == CAMPAIGN else 2  # a campaign is there to be read
        assert result.exit_code == expected, result.output


def test_that_nothing_is_on_record_is_shown_as_well(kept: Kept) -> None:
    bundle = kept.fetch(NOBODY)
    result = kept.verify(bundle)
    assert result.exit_code == 0 and "UNRATED" in result.output and "is about" in result.output
    claimed = parse_bundle(bundle)
    other = parse_bundle(kept.fetch(LATE))
    hidden = (struct_replace(other.streams[0], proof=claimed.streams[0].proof, entries=()), *other.streams[1:])
    result = kept.verify(as_served(kept, struct_replace(other, streams=hidden)))
    assert (result.exit_code == 1 and "ends at a subject" in result.output) or "another root" in result.output


def test_a_sealed_body_that_is_not_shown_is_counted(kept: Kept) -> None:
    bundle = parse_bundle(kept.fetch(LATE))
    shown = tuple(struct_replace(entry, body=None) for entry in bundle.streams[0].entries)
    closed = encode_bundle(
        struct_replace(bundle, streams=(struct_replace(bundle.streams[0], entries=shown), *bundle.streams[1:]))
    )
    result = kept.verify(closed)
    assert result.exit_code == 0 and "1 SEALED BODIES ARE NOT PUBLIC" in result.output


def test_every_flipped_byte_of_a_bundle_is_noticed(kept: Kept) -> None:
    trust, data = kept.book.trust(), kept.fetch(GOOD)
    verify_bundle(data, trust)
    step = max(1, len(data) // 400)
    for at in range(0, len(data), step):
        with pytest.raises(LedgerError):
            verify_bundle(data[:at] + bytes([data[at] ^ 1 << at % 8]) + data[at + 1 :], trust)


def test_entries_since_the_root_are_shown_as_such_and_a_later_root_covers_them(kept: Kept) -> None:
    bundle = parse_bundle(kept.fetch(GOOD))
    found = verify_bundle(encode_bundle(bundle), kept.book.trust())
    assert found.since == sum(at.index >= found.map_root.tree_size for at in found.events)
    index = kept.book.register(late_reply("a7" * 16), GOOD, HANDLING_BODY, sealed=True)
    kept.published(index + 1)
    later = verify_bundle(kept.fetch(GOOD), kept.book.trust())
    assert len(later.events) == len(found.events) + 1 and later.since == 0


COMPLAINED = "uscc:91310000607378560M"
COMPLAINTS = 200


@pytest.fixture(scope="module")
def complained(kept: Kept) -> Kept:
    """An enterprise with a bundle that is sent while it is made."""
    kept.book.enterprise(COMPLAINED)
    said = [late_reply(f"{case:032x}") for case in range(COMPLAINTS)]
    results = kept.book.batch([kept.book.sign(one, COMPLAINED, HANDLING_BODY) for one in said])
    assert {result["status"] for result in results} == {"registered"}
    kept.published(results[-1]["entry"] + 1)
    return kept


def test_a_large_bundle_is_sent_while_it_is_made_and_verified_as_any_other(complained: Kept) -> None:
    name = COMPLAINED.partition(":")[2]
    answer = complained.book.get(f"/v1/enterprises/{name}/proof")
    assert len(answer.content) > BUNDLE_PIECE_BYTES
    assert "content-length" not in answer.headers, "nobody has it as a whole"
    signed = complained.book.get(f"/v1/enterprises/{name}/standing", headers={"Accept": "application/cose"}).content
    result = complained.verify(answer.content, standing=signed)
    assert result.exit_code == 0 and "says the same" in result.output, result.output
    assert f"exactly the {COMPLAINTS + 1} entries shown" in result.output
    bundle = parse_bundle(answer.content)
    for place in (0, COMPLAINTS // 2, COMPLAINTS):
        assert complained.verify(without(complained, bundle, COMPLAINED, place)).exit_code == 1
    assert complained.verify(answer.content[:BUNDLE_PIECE_BYTES]).exit_code == 1, "it broke off"
    with Client(complained.book.service.url) as client:
        assert len(verify_bundle(client.bundle(COMPLAINED), complained.book.trust()).events) == COMPLAINTS + 1


def test_an_archive_fetches_no_statement_and_no_public_body_by_itself_that_its_bundle_holds(complained: Kept) -> None:
    asked: list[str] = []
    with ServiceSource(complained.book.service.url) as source:
        source._http.event_hooks["request"].append(lambda request: asked.append(request.url.path))
        material = gather(source, Wanted(COMPLAINED), today=today())
    assert len(material.entries) == COMPLAINTS + 1
    assert not [path for path in asked if path.startswith("/entries/") and path.endswith(("/statement", "/body"))]
    checked = check_archive(build(material), complained.book.trust())
    assert checked.unchecked is None and checked.archive.complete


def test_an_old_standing_is_compared_with_the_entries_of_its_own_time(kept: Kept) -> None:
    subject = "uscc:91440300MA5DA1XQ7R"
    kept.book.enterprise(subject)
    name = subject.partition(":")[2]
    url = f"/v1/enterprises/{name}/standing"
    size = kept.book.size()
    signed = kept.book.get(f"{url}?min_tree_size={size}", headers={"Accept": "application/cose"}).content
    time.sleep(1.1)  # times of recording have whole seconds
    kept.published(kept.book.pledge(subject, serial=44)[1] + 1)
    result = kept.verify(kept.fetch(subject), standing=signed)
    assert result.exit_code == 0 and "says the same" in result.output, result.output


def test_a_signed_standing_of_somebody_else_is_not_compared(kept: Kept) -> None:
    signed = kept.book.get(f"/v1/enterprises/{GOOD[5:]}/standing", headers={"Accept": "application/cose"}).content
    result = kept.verify(kept.fetch(LATE), standing=signed)
    assert result.exit_code == 2 and "the bundle about" in result.output


def test_a_signed_level_that_does_not_follow_is_refuted(kept: Kept) -> None:
    bundle = verify_bundle(kept.fetch(GOOD), kept.book.trust())
    now = int(time.time())
    lie = VerifiedStanding(bundle.checkpoint.origin, GOOD, now, now + 60, b'{"level":"LISTED"}')
    with pytest.raises(Refuted, match="LISTED"):
        compare(bundle, lie)
    shown = parse_bundle(kept.fetch(LATE))
    closed = tuple(struct_replace(entry, body=None) for entry in shown.streams[0].entries)
    streams = (struct_replace(shown.streams[0], entries=closed), *shown.streams[1:])
    unseen = verify_bundle(encode_bundle(struct_replace(shown, streams=streams)), kept.book.trust())
    with pytest.raises(Uncheckable, match="1 sealed"):  # the body may have counted
        compare(unseen, VerifiedStanding(bundle.checkpoint.origin, LATE, now, now + 60, b'{"level":"LISTED"}'))


def test_map_check_replays_the_log_over_http_and_from_the_database(kept: Kept) -> None:
    trust = str(kept.folder / "trust.json")
    for source in ([kept.book.service.url], ["--database", kept.database.service]):
        result = CliRunner().invoke(main, ["map", "check", *source, "--trust", trust, "--json"])
        assert result.exit_code == 0, result.output
        document = json.loads(result.stdout)
        assert document["roots"] and all(root["right"] for root in document["roots"])
    assert CliRunner().invoke(main, ["map", "check", kept.book.service.url]).exit_code == 2


def test_a_rebuild_leaves_the_map_as_it_is_and_the_service_goes_on(kept: Kept) -> None:
    before = kept.book.get("/v1/map").json()["published"]
    with psycopg.connect(kept.database.service) as connection:
        pages = connection.execute("SELECT * FROM projections.map_pages ORDER BY 1").fetchall()
    rebuild_map(kept.database.service)
    with psycopg.connect(kept.database.service) as connection:
        assert connection.execute("SELECT * FROM projections.map_pages ORDER BY 1").fetchall() == pages
    verify_bundle(kept.fetch(LATE), kept.book.trust())
    assert kept.book.get("/v1/map").json()["published"] == before


# An operator that publishes from elsewhere, and one that lies


@pytest.fixture
def unpublished(postgres_server: PostgresServer, tmp_path: Path) -> Iterator[Book]:
    with (
        postgres_server.database() as database,
        open_book(tmp_path, "--map-interval-seconds", "0", database=database.service) as book,
    ):
        book.enterprise(LATE)
        yield book


def cut(book: Book, size: int) -> None:
    """Wait until the map covers `size` entries."""

    def made() -> bool:
        found = book.get("/v1/map").json()["cut"]
        return found is not None and found["tree_size"] >= size

    eventually(made, "a cut is made")


def test_the_operator_publishes_from_elsewhere_and_only_what_the_log_adds_up_to(
    unpublished: Book, tmp_path: Path
) -> None:
    url, key, trust = unpublished.service.url, tmp_path / "operator.pem", tmp_path / "trust.json"
    save_key(key, LOG_OPERATOR.signer)
    trust.write_bytes(unpublished.get("/.well-known/credit-ledger-trust.json").content)
    missing = unpublished.http.get(f"/v1/enterprises/{LATE[5:]}/proof")
    assert missing.status_code == 404
    size = unpublished.size()
    cut(unpublished, size)
    result = CliRunner().invoke(main, ["map", "publish", "--key", str(key), "--recompute", url])
    assert result.exit_code == 0 and f"over {size} entries" in result.output, result.output
    again = CliRunner().invoke(main, ["map", "publish", "--key", str(key), url])
    assert again.exit_code == 0 and "nothing new" in again.output
    assert (
        len(verify_bundle(unpublished.get(f"/v1/enterprises/{LATE[5:]}/proof").content, unpublished.trust()).events)
        == 1
    )
    assert CliRunner().invoke(main, ["map", "check", url, "--trust", str(trust)]).exit_code == 0

    # A root that the log does not add up to: whoever replays it sees that, and no proof is served under it.
    unpublished.enterprise(GOOD)
    lie = MapRootPublished(v=1, effective_on=today(), root="ab" * 32, tree_size=unpublished.size(), subjects=3)
    index = unpublished.register(lie, "map", LOG_OPERATOR)
    checked = CliRunner().invoke(main, ["map", "check", url, "--trust", str(trust)])
    assert checked.exit_code == 1 and f"entry {index}" in checked.output and "WRONG" in checked.output
    bundle = parse_bundle(unpublished.get(f"/v1/enterprises/{LATE[5:]}/proof").content)
    assert verify_bundle(encode_bundle(bundle), unpublished.trust()).map_root.index < index


def test_roots_only_grow_never_cover_themselves_and_are_the_operator_s(unpublished: Book) -> None:
    size = unpublished.size()

    def refusal(tree_size: int, by: object = LOG_OPERATOR) -> str:
        event = MapRootPublished(v=1, effective_on=today(), root="cd" * 32, tree_size=tree_size, subjects=3)
        statement, _ = unpublished.sign(event, "map", by)  # type: ignore[arg-type]
        answer: httpx.Response = unpublished.post(statement, accept="application/problem+json")
        return "" if answer.status_code == 201 else answer.json()["rule"]

    assert refusal(size + 5) == "map.covers_itself"
    assert refusal(size - 1, ORGANIZER) == "issuer.not_entitled"
    assert refusal(size - 1) == ""
    assert refusal(size - 1) == "map.not_growing" == refusal(size - 2)
    assert refusal(size) == ""
