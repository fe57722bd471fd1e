"""Evidence archives over real HTTP: who sees what in one, what is logged, and that a changed byte is always found."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from api.cli.main import main
from api.evidence import Wanted, build, check_archive, gather
from api.evidence.gather import Material
from api.evidence.service_source import ServiceSource
from ledger.domain.events.attachment import AttachmentAdded
from ledger.domain.events.repudiation import BodyErased
from ledger.errors import LedgerError, Malformed, Refuted
from ledger.keys.signer import save_key
from ledger.verifier import parse_trust
from ledger.verifier.formats.archive import read_archive, write_archive
from ledger.verifier.formats.manifest import encode_manifest, parse_manifest
from tests.e2e.book import Book, today
from tests.support.charter import DATA_OFFICER, HANDLING_BODY, ORGANIZER, REGULATOR, Speaker
from tests.support.database import TestDatabase
from tests.support.reading import authorization, token
from tests.support.statements import ENTERPRISE, OTHER_ENTERPRISE, assessed, outcome, replied

PDF = b"%PDF-1.7\n" + bytes(range(256)) * 4
CODE = ENTERPRISE.removeprefix("uscc:")
HOSTILE = "北京<script>alert(1)</script>有限公司"
UNKNOWN = "91310000607378560M"


@dataclass(frozen=True)
class World:
    """One enterprise with something of every kind: public, closed, erased, attached."""

    book: Book
    folder: Path
    closed: int
    erased: int
    attachment: int
    complaint: int  # that the attachment belongs to

    @property
    def trust(self) -> Path:
        path = self.folder / "trust.json"
        path.write_bytes(self.book.get("/.well-known/credit-ledger-trust.json").content)
        return path

    def key(self, speaker: Speaker) -> Path:
        path = self.folder / f"{speaker.officer}.pem"
        if not path.exists():
            save_key(path, speaker.signer)
        return path

    def export(self, name: str, *options: object, enterprise: str = CODE) -> Result:
        path = self.folder / name
        path.unlink(missing_ok=True)
        return run("export", "evidence", enterprise, self.book.service.url, "-o", path, *options)

    def as_regulator(self, name: str, *options: object) -> Path:
        who = ("--key", self.key(REGULATOR), "--trust", self.trust, "--purpose", "立案核查")
        said = self.export(name, *who, *options)
        assert said.exit_code == 0, said.output
        return self.folder / name

    def public(self, name: str, *options: object) -> Path:
        said = self.export(name, *options)
        assert said.exit_code == 0, said.output
        return self.folder / name

    def verify(self, path: Path) -> Result:
        return run("verify", path, "--trust", self.trust)


@pytest.fixture(scope="module")
def world(book: Book, tmp_path_factory: pytest.TempPathFactory) -> World:
    book.campaign()
    book.enterprise(ENTERPRISE, name=HOSTILE)
    itself = book.own_key(ENTERPRISE)
    _, _, code = book.pledge(ENTERPRISE, serial=1)
    closed, _, _ = book.pledge(ENTERPRISE, serial=2, disclosure="none", scope="product")
    index = complaint(book, 1)
    book.register(replied(index, effective_on=today()), ENTERPRISE, itself)
    kept = assessed(code=code, effective_on=today(), period_from=today(), period_until=today())
    book.register(kept, ENTERPRISE, ORGANIZER)
    upload = "/v1/attachments"
    answer = book.http.post(upload, content=PDF, headers=authorization(token(HANDLING_BODY, upload, PDF)))
    assert answer.status_code == 201, answer.text
    added = AttachmentAdded(v=1, effective_on=today(), entry=index, **answer.json())
    attachment = book.register(added, ENTERPRISE, HANDLING_BODY)
    erased = complaint(book, 2)
    book.register(BodyErased(v=1, effective_on=today(), entry=erased, ground="依申请"), ENTERPRISE, DATA_OFFICER)
    book.enterprise(OTHER_ENTERPRISE)
    return World(book, tmp_path_factory.mktemp("archives"), closed, erased, attachment, index)


def complaint(book: Book, number: int) -> int:
    month = f"{today():%Y-%m}"
    months = dict.fromkeys(("received", "accepted", "closed"), month)
    given: dict[str, Any] = {"forwarded": None, "reply_due": None, "replied": None}
    given["notified_on"] = today() - timedelta(days=60)
    said = outcome(number, effective_on=today(), reply="none", outcome="withdrawn", **months, **given)
    return book.register(said, ENTERPRISE, HANDLING_BODY)


def run(*arguments: object) -> Result:
    return CliRunner().invoke(main, [str(argument) for argument in arguments])


def members_of(path: Path) -> dict[str, bytes]:
    return read_archive(path.read_bytes())


def left_out(path: Path) -> set[tuple[str, str, int | None]]:
    return {(one.what, one.why, one.entry) for one in parse_manifest(members_of(path)["manifest.json"]).left_out}


def looks(world: World) -> list[dict[str, Any]]:
    path = f"/v1/accesses?subject={CODE}"
    rows = world.book.get(path, headers=authorization(token(DATA_OFFICER, path))).json()["accesses"]
    return [row for row in rows if row["party"] == REGULATOR.party]


def test_without_a_key_an_archive_holds_what_anybody_may_see_and_names_the_rest(world: World) -> None:
    path = world.public("public.zip")
    members = members_of(path)
    assert {("body", "not_public", world.closed), ("body", "erased", world.erased)} <= left_out(path)
    assert {("attachment", "no_key", world.attachment), ("accesses", "no_key", None)} <= left_out(path)
    assert f"entries/{world.closed:010d}.transparent.cose" in members, "that it is there is no secret"
    assert f"entries/{world.closed:010d}.body.json" not in members
    assert "manifest.cose" not in members
    said = world.verify(path)
    assert said.exit_code == 0, said.output
    assert "UNSIGNED" in said.output
    assert "SEALED BODIES ARE NOT INSIDE" in said.output


def test_a_regulators_key_opens_what_is_closed_and_each_look_is_logged(world: World) -> None:
    before = len(looks(world))
    path = world.as_regulator("regulator.zip")
    members = members_of(path)
    assert b"PledgeMade" in members[f"entries/{world.closed:010d}.body.json"]
    (file,) = [name for name in members if name.startswith("attachments/") and name.endswith(".pdf")]
    assert members[file] == PDF
    assert left_out(path) >= {("body", "erased", world.erased)}
    assert not {one for one in left_out(path) if one[0] in ("attachment", "accesses")}
    new = looks(world)[before:]
    assert {row["entry"] for row in new} == {world.closed, world.closed + 1, world.complaint, None}
    assert {(row["purpose"], row["outcome"]) for row in new} == {("立案核查", "served")}
    said = world.verify(path)
    assert said.exit_code == 0, said.output
    assert f"signed by key {REGULATOR.signer.kid.hex()[:16]}… of {REGULATOR.party}" in said.output
    accesses = json.loads(members["accesses.json"])
    assert {row["subject"] for row in accesses} <= {ENTERPRISE}
    again = members_of(world.as_regulator("again.zip"))
    own = [row for row in json.loads(again["accesses.json"]) if row["party"] == REGULATOR.party]
    assert len(own) == before + len(new), "the looks of the one before, and none of its own"


def test_a_key_that_may_not_read_gets_what_anybody_gets(world: World) -> None:
    said = world.export("organizer.zip", "--key", world.key(ORGANIZER), "--trust", world.trust)
    assert said.exit_code == 0, said.output
    path = world.folder / "organizer.zip"
    assert ("accesses", "not_for_this_party", None) in left_out(path)
    assert ("attachment", "not_for_this_party", world.attachment) in left_out(path)
    assert world.verify(path).exit_code == 0


def test_the_same_material_gives_the_same_bytes(world: World) -> None:
    material = gathered(world)
    assert build(material) == build(material)
    other = Material(**{name: getattr(material, name) for name in Material.__slots__})
    other.members = dict(reversed(material.members.items()))
    assert build(other) == build(material)
    first, second = members_of(world.public("one.zip")), members_of(world.public("two.zip"))
    changing = {name for name in first if first[name] != second.get(name)}
    assert first.keys() == second.keys()
    # a signed standing says when it was signed, and the manifest has its digest
    assert changing <= {"manifest.json", *(name for name in first if name.startswith("standings/"))}
    assert not any(name.endswith(".json") and name != "manifest.json" for name in changing)


def gathered(world: World) -> Material:
    with ServiceSource(world.book.service.url) as source:
        return gather(source, Wanted(ENTERPRISE), today=today())


def test_a_period_is_of_days_of_recording_and_an_empty_one_says_so(world: World) -> None:
    whole = parse_manifest(members_of(world.public("whole.zip"))["manifest.json"])
    day = today()
    exact = parse_manifest(members_of(world.public("day.zip", "--from", day, "--until", day))["manifest.json"])
    assert exact.entries == whole.entries
    past = day - timedelta(days=30)
    said = world.export("empty.zip", "--from", past, "--until", past + timedelta(days=7))
    assert said.exit_code == 0, said.output
    assert "nothing was recorded in this period" in said.output
    empty = members_of(world.folder / "empty.zip")
    manifest = parse_manifest(empty["manifest.json"])
    assert manifest.entries == ()
    assert [(one.what, one.count) for one in manifest.left_out if one.why == "outside_period"] == [
        ("later_entries", len(whole.entries))
    ]
    assert "Nothing was recorded in this period." in empty["index.html"].decode()
    assert world.verify(world.folder / "empty.zip").exit_code == 0
    assert "NO ENTRIES" in world.verify(world.folder / "empty.zip").output


def test_what_cannot_be_exported_is_said_clearly(world: World) -> None:
    unknown = world.export("no.zip", enterprise=UNKNOWN)
    assert (unknown.exit_code, "the book knows nothing of" in unknown.output) == (1, True)
    future = world.export("no.zip", "--until", today() + timedelta(days=1))
    assert (future.exit_code, "evidence.period_future" in future.output) == (1, True)
    backwards = world.export("no.zip", "--from", today(), "--until", today() - timedelta(days=1))
    assert (backwards.exit_code, "evidence.period_backwards" in backwards.output) == (1, True)
    alone = world.export("no.zip", "--key", world.key(REGULATOR))
    assert (alone.exit_code, "--trust" in alone.output) == (2, True)
    nobody = world.export("no.zip", "--key", world.key(Speaker.named("nobody")), "--trust", world.trust)
    assert nobody.exit_code == 1, nobody.output
    assert not (world.folder / "no.zip").exists()


def test_an_archive_that_is_whole_gives_its_standings_again(world: World) -> None:
    said = world.export("quiet.zip", enterprise=OTHER_ENTERPRISE.removeprefix("uscc:"))
    assert said.exit_code == 0, said.output
    assert "the entries inside give the same" in world.verify(world.folder / "quiet.zip").output


def test_one_entry_of_an_unpacked_archive_verifies_by_itself(world: World, tmp_path: Path) -> None:
    for name, content in members_of(world.public("unpacked.zip")).items():
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_bytes(content)
    manifest = parse_manifest((tmp_path / "manifest.json").read_bytes())
    statement = f"entries/{manifest.entries[0]:010d}.transparent.cose"
    evidence = tmp_path / "evidence" / f"{ORGANIZER.signer.kid.hex()}.evidence.cbor"
    said = run("verify", tmp_path / statement, "--evidence", evidence, "--trust", world.trust)
    assert said.exit_code == 0, said.output


def test_a_hostile_name_is_text_on_the_page(world: World) -> None:
    page = members_of(world.public("page.zip"))["index.html"].decode()
    assert "<script" not in page
    assert "&lt;script&gt;alert(1)" in page
    assert "default-src 'none'" in page


def flipped(content: bytes, at: int) -> bytes:
    return content[:at] + bytes([content[at] ^ 0x01]) + content[at + 1 :]


def refuses(data: bytes, trust: Path) -> bool:
    try:
        found = check_archive(data, parse_trust(trust.read_bytes()))
    except LedgerError:
        return True
    return found.unchecked is not None


def test_a_changed_byte_anywhere_is_found(world: World) -> None:
    data, trust = world.as_regulator("flip.zip").read_bytes(), world.trust
    assert not refuses(data, trust)
    step = max(1, len(data) // 400)
    passed = [at for at in range(0, len(data), step) if not refuses(flipped(data, at), trust)]
    assert not passed


def test_a_changed_byte_in_any_file_is_found_even_if_it_is_packed_again(world: World) -> None:
    members, trust = members_of(world.as_regulator("repack.zip")), world.trust
    passed = [
        (name, at)
        for name, content in members.items()
        for at in {0, len(content) // 2, len(content) - 1}
        if not refuses(write_archive({**members, name: flipped(content, at)}), trust)
    ]
    assert not passed


def renamed(members: dict[str, bytes]) -> bytes:
    """Packed again, with a manifest that names what is there now and no signature."""
    manifest = parse_manifest(members["manifest.json"])
    files = []
    for file in manifest.files:
        if file.path in members:
            content = members[file.path]
            files.append(type(file)(path=file.path, bytes=len(content), sha256=sha256(content).hexdigest()))
    fields = {name: getattr(manifest, name) for name in manifest.__struct_fields__}
    members["manifest.json"] = encode_manifest(type(manifest)(**{**fields, "files": tuple(files)}))
    return write_archive(members)


def test_a_changed_byte_is_found_even_if_the_manifest_is_made_anew(world: World) -> None:
    original, trust = members_of(world.public("anew.zip")), world.trust
    assert not refuses(renamed(dict(original)), trust)
    own_word = {"manifest.json", "trust.json"}  # what the log says of itself is compared out of band
    passed = [
        name
        for name, content in original.items()
        if name not in own_word and not refuses(renamed({**original, name: flipped(content, len(content) // 2)}), trust)
    ]
    assert not passed


def test_a_changed_byte_in_an_unsigned_manifest_is_found(world: World) -> None:
    members, trust = members_of(world.public("unsigned.zip")), world.trust
    manifest = members["manifest.json"]
    passed = [
        at
        for at in range(0, len(manifest), max(1, len(manifest) // 150))
        if not refuses(write_archive({**members, "manifest.json": flipped(manifest, at)}), trust)
    ]
    assert not passed


@pytest.mark.parametrize(
    "change",
    [
        lambda members, world: members.pop(f"entries/{world.attachment:010d}.transparent.cose"),
        lambda members, world: members.pop("rules/" + sorted(one for one in members if "rules/" in one)[0][6:]),
        lambda members, world: members.pop("checkpoint.txt"),
        lambda members, world: members.pop("manifest.cose"),
        lambda members, world: members.update({"entries/extra.txt": b"x"}),
        lambda members, world: members.update({"annexes/" + "ab" * 32: b"x"}),
    ],
    ids=["entry", "rule", "checkpoint", "signature", "extra", "annex"],
)
def test_what_is_taken_out_or_put_in_is_found(
    world: World, change: Callable[[dict[str, bytes], World], object]
) -> None:
    members = members_of(world.as_regulator("cut.zip"))
    change(members, world)
    with pytest.raises((Refuted, Malformed)):
        check_archive(write_archive(members), parse_trust(world.trust.read_bytes()))


def test_the_database_gives_the_same_entries_as_the_service(
    world: World, books_database: TestDatabase, tmp_path: Path
) -> None:
    path = tmp_path / "book.zip"
    before = len(looks(world))
    who = ("--key", world.key(REGULATOR), "--trust", world.trust)
    said = run("export", "evidence", CODE, "--database", books_database.service, "-o", path, *who)
    assert said.exit_code == 0, said.output
    served, stored = members_of(world.as_regulator("served.zip")), members_of(path)
    assert {name for name in stored if name.startswith(("entries/", "rules/", "evidence/", "campaigns/"))} == {
        name for name in served if name.startswith(("entries/", "rules/", "evidence/", "campaigns/"))
    }
    for name, content in stored.items():
        if name.startswith(("entries/", "rules/", "campaigns/")) and not name.endswith("proof"):
            assert served[name] == content
    assert any(row["resource"] == f"/entries/{world.closed}/body" for row in looks(world)[before:])
    assert ("signed_standing", "not_served", None) in left_out(path)
    verified = world.verify(path)
    assert (verified.exit_code, "NOT SIGNED" in verified.output) == (0, True), verified.output
