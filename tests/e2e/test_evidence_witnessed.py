"""An archive of a log with witnesses and a completeness map: both are in it, enforced, and what is hidden shows."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from hashlib import sha256
from pathlib import Path

import pytest
from click.testing import CliRunner
from msgspec.structs import replace

from api.cli.main import main
from api.evidence import Wanted, build, check_archive, gather
from api.evidence.gather import Material
from api.evidence.service_source import ServiceSource
from ledger.errors import Refuted, Uncheckable
from ledger.keys.signer import save_key
from ledger.tlog.note import format_signature, parse_note
from ledger.verifier import Trust, parse_trust
from ledger.verifier.formats.archive import numbered, read_archive, write_archive
from ledger.verifier.formats.manifest import LeftOut, Member, encode_manifest, parse_manifest
from tests.e2e.book import Book, open_book, today
from tests.e2e.test_evidence_export import complaint
from tests.support.charter import LOG_OPERATOR, ORIGIN
from tests.support.database import PostgresServer
from tests.support.keys import log_keys
from tests.support.statements import ENTERPRISE, OTHER_ENTERPRISE
from tests.support.waiting import eventually
from tests.support.witnesses import RunningWitness, policy_text


@pytest.fixture(scope="module")
def book(postgres_server: PostgresServer, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Book]:
    folder = tmp_path_factory.mktemp("log")
    key, policy = folder / "operator.pem", folder / "witnesses.policy"
    save_key(key, LOG_OPERATOR.signer)
    log_key = log_keys(ORIGIN).checkpoint.key.format()
    with RunningWitness(folder, "a", log_key) as witness, postgres_server.database() as database:
        policy.write_text(policy_text("a", rule="1", urls={"a": witness.url}))
        options = ("--operator-key", str(key), "--map-interval-seconds", "0", "--witness-policy", str(policy))
        with open_book(folder / "data", *options, database=database.service) as book:
            book.campaign()
            for subject in (ENTERPRISE, OTHER_ENTERPRISE):
                book.enterprise(subject)
            settled(book, complaint(book, 1))
            yield book


def settled(book: Book, last: int) -> None:
    """Wait until the map covers an entry, and a quorum of witnesses what the map's root is in."""

    def both() -> bool:
        root = book.get("/v1/map").json()["published"]
        seen = book.get("/v1/log/witnesses").json()["witnessed_size"] or 0
        return root is not None and root["tree_size"] > last and seen > root["entry"]

    eventually(both, "map and witnesses come")


def trust_of(book: Book) -> Trust:
    return parse_trust(book.get("/.well-known/credit-ledger-trust.json").content)


def material_of(book: Book) -> Material:
    with ServiceSource(book.service.url) as source:
        return gather(source, Wanted(ENTERPRISE), today=today())


def test_cosignatures_and_completeness_are_inside_and_enforced(book: Book, tmp_path: Path) -> None:
    trust = tmp_path / "trust.json"
    trust.write_bytes(book.get("/.well-known/credit-ledger-trust.json").content)
    path = tmp_path / "it.zip"
    code = ENTERPRISE.removeprefix("uscc:")
    said = CliRunner().invoke(main, ["export", "evidence", code, book.service.url, "-o", str(path)])
    assert said.exit_code == 0, said.output
    assert "cannot be checked" not in said.output
    verified = CliRunner().invoke(main, ["verify", str(path), "--trust", str(trust)])
    assert verified.exit_code == 0, verified.output
    assert "quorum" in verified.output
    assert "the completeness bundle holds" in verified.output
    members = read_archive(path.read_bytes())
    assert members["checkpoint.txt"].count("\n— ".encode()) == 2, "the log's signature and the witness's"
    first = numbered("entries", parse_manifest(members["manifest.json"]).entries[0], "tlog-proof")
    assert members[first].endswith(members["checkpoint.txt"])


def test_an_archive_without_its_quorum_could_not_be_checked(book: Book) -> None:
    material, trust = material_of(book), trust_of(book)
    note = material.members["checkpoint.txt"]
    bare = parse_note(note).text + b"\n" + format_signature(parse_note(note).signatures[0])
    material.members.update(
        {path: content.replace(note, bare) for path, content in material.members.items() if path.endswith("tlog-proof")}
    )
    material.members["checkpoint.txt"] = bare
    with pytest.raises(Uncheckable):
        check_archive(build(material), trust)


def test_an_exporter_that_hides_an_entry_is_found_by_the_completeness_bundle(book: Book) -> None:
    material, trust = material_of(book), trust_of(book)
    assert check_archive(build(material), trust).archive.complete
    hidden = material.entries.pop()
    material.members = {path: one for path, one in material.members.items() if f"entries/{hidden:010d}." not in path}
    with pytest.raises(Refuted, match=f"entry {hidden} of the period is not in the archive"):
        check_archive(build(material), trust)


def test_a_standing_that_does_not_follow_from_a_whole_archive_is_refuted(book: Book) -> None:
    material, trust = material_of(book), trust_of(book)
    path = f"standings/{today()}.json"
    said = material.members[path]
    material.members[path] = said.replace(b'"points":0', b'"points":1')
    assert material.members[path] != said
    with pytest.raises(Refuted):
        check_archive(build(material), trust)
    material.members.pop(path.replace("json", "cose"))
    material.left_out.append(LeftOut(what="signed_standing", why="not_served"))
    with pytest.raises(Refuted, match="not the one that follows from the entries"):
        check_archive(build(material), trust)


def test_an_unsigned_standing_that_cannot_be_computed_is_no_plain_yes(book: Book) -> None:
    material, trust = material_of(book), trust_of(book)
    for index in material.entries:
        body = f"entries/{index:010d}.body.json"
        if material.members.pop(body, None) is not None:
            material.left_out.append(LeftOut(what="body", why="closed", entry=index))
    document = f"standings/{today()}.json"
    material.members[document] = material.members[document].replace(b'"unweighed_entries":0', b'"unweighed_entries":1')
    material.members.pop(document.replace("json", "cose"))
    material.left_out.append(LeftOut(what="signed_standing", why="not_served"))
    found = check_archive(build(material), trust)
    assert found.unchecked is not None
    assert any("do NOT suffice" in step.en for step in found.steps)


def test_a_page_that_says_something_else_is_refuted(book: Book) -> None:
    members, trust = read_archive(build(material_of(book))), trust_of(book)
    manifest = parse_manifest(members["manifest.json"])
    members["index.html"] = members["index.html"].replace("投诉".encode(), "表扬".encode())
    files = tuple(
        Member(path=one.path, bytes=len(members[one.path]), sha256=sha256(members[one.path]).hexdigest())
        for one in manifest.files
    )
    members["manifest.json"] = encode_manifest(replace(manifest, files=files))
    with pytest.raises(Refuted, match="readable page"):
        check_archive(write_archive(members), trust)


def test_a_period_that_is_moved_is_refuted(book: Book) -> None:
    material, trust = material_of(book), trust_of(book)
    day = today() - timedelta(days=10)
    material.period = day, day
    for ending in ("json", "cose"):
        material.members[f"standings/{day}.{ending}"] = material.members.pop(f"standings/{today()}.{ending}")
    with pytest.raises(Refuted):
        check_archive(build(material), trust)
