"""Attachments, sealed bodies and who may read them, over real HTTP: each access signed, each one logged."""

from __future__ import annotations

import io
import time
import zipfile
from dataclasses import dataclass
from datetime import timedelta
from hashlib import sha256
from pathlib import Path
from typing import Any

import httpx
import pytest
from click.testing import CliRunner, Result

from api.cli.main import main
from ledger.domain.events.attachment import AttachmentAdded, AttachmentErased
from ledger.domain.events.repudiation import BodyErased
from ledger.keys.signer import save_key
from ledger.limits import ATTACHMENT_BYTES_MAX
from ledger.store.connect import connect
from tests.e2e.book import Book, today
from tests.support.charter import (
    APPROVER,
    DATA_OFFICER,
    HANDLING_BODY,
    HANDLING_COLLEAGUE,
    LOG_OPERATOR,
    ORGANIZER,
    ORIGIN,
    REGULATOR,
    Speaker,
)
from tests.support.database import TestDatabase
from tests.support.reading import authorization, token
from tests.support.statements import ENTERPRISE, OTHER_ENTERPRISE, outcome, replied
from tests.support.waiting import eventually

PDF = b"%PDF-1.7\n" + bytes(range(256)) * 8
UPLOAD = "/v1/attachments"


@dataclass(frozen=True)
class World:
    """Two enterprises with keys, and a complaint about the first that costs nothing."""

    book: Book
    itself: Speaker
    other: Speaker
    index: int

    def ask(self, by: Speaker, path: str, **more: Any) -> httpx.Response:
        return self.book.http.get(path, headers=authorization(token(by, path, **more)))

    def upload(self, by: Speaker, content: bytes) -> httpx.Response:
        return self.book.http.post(UPLOAD, content=content, headers=authorization(token(by, UPLOAD, content)))

    def attach(self, entry: int, content: bytes = PDF, by: Speaker = HANDLING_BODY) -> dict[str, Any]:
        answer = self.upload(by, content)
        assert answer.status_code == 201, answer.text
        fields: dict[str, Any] = answer.json()
        self.book.register(AttachmentAdded(v=1, effective_on=today(), entry=entry, **fields), ENTERPRISE, by)
        return fields

    def complaint(self, number: int) -> int:
        month = f"{today():%Y-%m}"
        said = outcome(
            number,
            effective_on=today(),
            notified_on=today() - timedelta(days=60),
            received=month,
            accepted=month,
            forwarded=None,
            reply_due=None,
            replied=None,
            closed=month,
            reply="none",
            outcome="withdrawn",
        )
        return self.book.register(said, ENTERPRISE, HANDLING_BODY)


@pytest.fixture(scope="module")
def world(book: Book) -> World:
    book.campaign()
    book.enterprise(ENTERPRISE)
    book.enterprise(OTHER_ENTERPRISE)
    itself, other = book.own_key(ENTERPRISE), book.own_key(OTHER_ENTERPRISE)
    made = World(book, itself, other, 0)
    return World(book, itself, other, made.complaint(1))


def kind(answer: httpx.Response) -> str:
    return str(answer.json()["type"]).removeprefix("urn:credit-ledger:")


def test_an_attachment_is_read_by_those_whom_it_concerns_and_by_nobody_else(world: World) -> None:
    fields = world.attach(world.index)
    path = f"{UPLOAD}/{fields['attachment']}"
    for reader in (world.itself, HANDLING_BODY, REGULATOR, DATA_OFFICER):
        answer = world.ask(reader, path)
        assert (answer.status_code, answer.content) == (200, PDF), reader.party
        assert answer.headers["content-type"] == "application/pdf"
        salt = bytes.fromhex(answer.headers["attachment-salt"])
        assert sha256(salt + PDF).hexdigest() == fields["commitment"], "what was read is what the log names"
    for stranger in (world.other, HANDLING_COLLEAGUE, ORGANIZER, APPROVER):
        answer = world.ask(stranger, path)
        assert (answer.status_code, kind(answer)) == (403, "access.not_for_this_party"), stranger.party
    assert world.book.http.get(path).status_code == 401


def test_the_content_lies_encrypted_and_its_key_elsewhere(world: World, books_database: TestDatabase) -> None:
    fields = world.attach(world.index, b"a narrative that names people\n")
    with connect(books_database.superuser) as connection:
        row = connection.execute(
            "SELECT ciphertext FROM ledger.attachments WHERE id = %s",
            (bytes.fromhex(fields["attachment"]),),
        ).fetchone()
    assert row is not None
    assert b"narrative" not in row[0]
    key = world.book.service.data_dir / "attachment-keys" / f"{fields['attachment']}.key"
    assert key.stat().st_mode & 0o777 == 0o600
    assert key.read_bytes()[:32] not in row[0]


def test_a_signature_takes_nothing_from_what_is_public(world: World) -> None:
    month = f"{today().replace(day=1) - timedelta(days=1):%Y-%m}"
    months = dict.fromkeys(("received", "accepted", "forwarded", "reply_due", "closed"), month)
    silent = {"reply": "none", "replied": None, "outcome": "refused", "reason": "不接受调解"}
    said = outcome(26, effective_on=today(), notified_on=today() - timedelta(days=60), **silent, **months)
    path = f"/entries/{world.book.register(said, ENTERPRISE, HANDLING_BODY)}/body"
    anonymous = eventually(
        lambda: (got := world.book.http.get(path)).status_code == 200 and got, "what counts is public"
    )
    for reader in (world.other, world.itself, APPROVER):
        answer = world.ask(reader, path)
        assert (answer.status_code, answer.content) == (200, anonymous.content), reader.party


def test_every_access_is_logged_with_officer_purpose_and_outcome(world: World) -> None:
    path = f"/entries/{world.index}/body"
    attached = f"{UPLOAD}/{world.attach(world.index, b'never public')['attachment']}"
    assert world.ask(REGULATOR, path, purpose="年度检查").status_code == 200
    assert world.ask(world.other, attached, purpose="好奇").status_code == 403
    log = world.ask(world.itself, f"/v1/accesses?subject={ENTERPRISE[5:]}")
    assert log.status_code == 200
    rows = [row for row in log.json()["accesses"] if row["resource"] in (path, attached)]
    assert [(row["party"], row["officer"], row["purpose"], row["outcome"], row["entry"]) for row in rows[-2:]] == [
        (REGULATOR.party, REGULATOR.officer, "年度检查", "served", world.index),
        (world.other.party, "owner", "好奇", "refused", world.index),
    ]
    assert world.ask(world.other, f"/v1/accesses?subject={ENTERPRISE[5:]}").status_code == 403
    assert world.ask(REGULATOR, f"/v1/accesses?subject={ENTERPRISE[5:]}").status_code == 200
    assert world.book.http.get(f"/v1/accesses?subject={ENTERPRISE[5:]}").status_code == 401


def last_bit_flipped(data: bytes) -> bytes:
    return data[:-1] + bytes([data[-1] ^ 1])


def test_a_signed_request_is_good_for_one_use_one_path_and_five_minutes(world: World) -> None:
    path = f"/entries/{world.index}/body"
    once = authorization(token(REGULATOR, path))
    assert world.book.http.get(path, headers=once).status_code == 200
    again = world.book.http.get(path, headers={**once, "Accept": "application/problem+json"})
    assert (again.status_code, kind(again)) == (401, "access.used_before")
    for wrong, said in (
        (token(REGULATOR, "/entries/0/body"), "access.other_resource"),
        (token(REGULATOR, path, b"x"), "access.other_content"),
        (token(REGULATOR, path, issued_at=int(time.time()) - 400), "access.clock"),
        (token(REGULATOR, path, issued_at=int(time.time()) + 4_000), "access.clock"),
        (token(REGULATOR, path, origin="another.example/log"), "access.token"),
        (token(Speaker(REGULATOR.party, world.other.signer, "x"), path), "key.not_the_issuers"),
        (token(Speaker.named("nobody"), path), "key.unknown"),
        (last_bit_flipped(token(REGULATOR, path)), "access.token"),
        (b"garbage", "access.token"),
    ):
        headers = {**authorization(wrong), "Accept": "application/problem+json"}
        answer = world.book.http.get(path, headers=headers)
        assert (answer.status_code, kind(answer)) == (401, said)
        assert answer.headers["www-authenticate"] == "COSE"


def test_a_statement_does_not_pass_for_a_request(world: World) -> None:
    statement, _ = world.book.sign(replied(world.index, effective_on=today()), ENTERPRISE, world.itself)
    headers = {**authorization(statement), "Accept": "application/problem+json"}
    assert world.book.http.get(f"/entries/{world.index}/body", headers=headers).status_code == 401


def office(*parts: str) -> bytes:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as archive:
        for part in parts:
            archive.writestr(part, "x")
    return file.getvalue()


@pytest.mark.parametrize(
    ("content", "media_type"),
    [
        (PDF, "application/pdf"),
        (b"\x89PNG\r\n\x1a\n0000", "image/png"),
        (b"\xff\xd8\xff\xe0", "image/jpeg"),
        ("投诉经过\n".encode(), "text/plain"),
        (
            office("[Content_Types].xml", "xl/workbook.xml"),
            "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
        ),
        (
            office("[Content_Types].xml", "word/document.xml"),
            "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
        ),
        (b"", None),
        (b"MZ\x90", None),
        (b"<svg onload=alert(1)>", None),
        (b" \n<html>", None),
        (b"GIF89a", None),
        (b"\x00\x01", None),
        (b"PK\x03\x04 not a zip", None),
        (office("run.exe"), None),
        (office("[Content_Types].xml", "xl/workbook.xml", "xl/vbaProject.bin"), None),
        ("GB 18030 文本".encode("gb18030"), None),
    ],
)
def test_what_an_upload_is_tells_its_content(world: World, content: bytes, media_type: str | None) -> None:
    answer = world.upload(HANDLING_BODY, content)
    if media_type is None:
        assert (answer.status_code, kind(answer).partition(".")[0]) == (422, "attachment")
    else:
        assert (answer.status_code, answer.json()["media_type"]) == (201, media_type)


def test_an_upload_has_a_limit_and_a_known_sender(world: World) -> None:
    assert world.upload(HANDLING_BODY, b"a" * (ATTACHMENT_BYTES_MAX + 1)).status_code == 413
    assert world.upload(APPROVER, PDF).status_code == 403
    another = world.book.http.post(UPLOAD, content=PDF, headers=authorization(token(HANDLING_BODY, UPLOAD, b"other")))
    assert (another.status_code, kind(another)) == (401, "access.other_content")
    assert world.book.http.post(UPLOAD, content=PDF).status_code == 401
    assert world.upload(world.itself, PDF).status_code == 201


def test_an_upload_that_no_entry_names_is_read_by_nobody(world: World) -> None:
    fields = world.upload(HANDLING_BODY, PDF).json()
    for reader in (HANDLING_BODY, REGULATOR):
        assert world.ask(reader, f"{UPLOAD}/{fields['attachment']}").status_code == 403


def test_a_tampered_ciphertext_is_refused(world: World, books_database: TestDatabase) -> None:
    fields = world.attach(world.index)
    with connect(books_database.superuser) as connection:
        connection.execute("SET session_replication_role = replica")  # past the triggers, as an intruder would
        connection.execute(
            "UPDATE ledger.attachments SET ciphertext = set_byte(ciphertext, 20, 255 - get_byte(ciphertext, 20)) "
            "WHERE id = %s",
            (bytes.fromhex(fields["attachment"]),),
        )
    answer = world.ask(REGULATOR, f"{UPLOAD}/{fields['attachment']}")
    assert (answer.status_code, kind(answer)) == (400, "refuted")
    assert b"%PDF" not in answer.content


def test_an_erased_attachment_is_gone_with_its_key(world: World) -> None:
    fields = world.attach(world.index)
    id_ = fields["attachment"]
    key = world.book.service.data_dir / "attachment-keys" / f"{id_}.key"
    assert key.exists()
    event = AttachmentErased(v=1, effective_on=today(), attachment=id_, ground="上传有误")
    world.book.register(event, ENTERPRISE, DATA_OFFICER)
    answer = world.ask(REGULATOR, f"{UPLOAD}/{id_}")
    assert (answer.status_code, kind(answer)) == (410, "attachment.erased")
    eventually(lambda: not key.exists(), "the key is destroyed")


def test_an_erasure_takes_body_and_attachments_and_leaves_a_stub_and_every_proof(world: World) -> None:
    index = world.complaint(2)
    id_ = world.attach(index)["attachment"]
    path = f"/entries/{index}/body"
    assert world.book.get(path).status_code == 200, "public while it is new"
    receipt = world.book.get(f"/entries/{index}").content
    erasure = BodyErased(v=1, effective_on=today(), entry=index, ground="依申请")
    world.book.register(erasure, ENTERPRISE, DATA_OFFICER)
    stub = world.book.http.get(path)
    assert stub.status_code == 410
    assert stub.json()["closed"]["since"] == str(today())
    assert stub.json()["closed"]["counts"] is False
    shown = world.book.get(f"/entries/{index}/statement", headers={"Accept": "application/json"}).json()
    assert shown["closed"]["en"] == f"erased on {today()}, does not count"
    events = world.book.get(f"/v1/events?after={index - 1}&limit=1").json()
    assert events["closed"] == shown["closed"]
    about = world.book.get(f"/v1/enterprises/{ENTERPRISE[5:]}/events").text
    assert '"erased":true' in about
    assert world.ask(REGULATOR, path).status_code == 410, "nobody reads it any more"
    assert world.book.get(f"/entries/{index}").content == receipt
    key = world.book.service.data_dir / "attachment-keys" / f"{id_}.key"
    eventually(lambda: not key.exists(), "the key is destroyed")
    journal = (world.book.service.data_dir / "attachment-keys" / "erased.jsonl").read_text()
    assert id_ in journal
    assert shown["closed"]["commitment"] in journal


def test_what_still_counts_is_not_erased(world: World) -> None:
    month = f"{today().replace(day=1) - timedelta(days=1):%Y-%m}"  # its replies were due until this month began
    months = dict.fromkeys(("received", "accepted", "forwarded", "reply_due", "closed"), month)
    silent = {"reply": "none", "replied": None, "outcome": "refused", "reason": "不接受调解"}
    said = outcome(3, effective_on=today(), notified_on=today() - timedelta(days=60), **silent, **months)
    index = world.book.register(said, ENTERPRISE, HANDLING_BODY)
    erasure = BodyErased(v=1, effective_on=today(), entry=index, ground="依申请")
    (refused,) = world.book.batch([world.book.sign(erasure, ENTERPRISE, DATA_OFFICER)])
    assert (refused["status"], refused["rule"]) == ("refused", "erasure.still_counts")
    assert refused["detail"] > str(today() + timedelta(days=700))


def test_the_days_digest_is_registered_from_the_rows_day_by_day(world: World, tmp_path: Path) -> None:
    operator = LOG_OPERATOR
    save_key(tmp_path / "operator.pem", operator.signer)
    who = ("--key", tmp_path / "operator.pem", "--issuer", operator.party, "--audience", ORIGIN)
    url = world.book.service.url
    for back in (2, 1):
        day = today() - timedelta(days=back)
        said = run("access", "digest", url, "--day", day, *who)
        assert said.exit_code == 0, said.output
        assert f"{day}: 0 accesses" in said.output
    again = run("access", "digest", url, "--day", today() - timedelta(days=1), *who)
    assert (again.exit_code, "access.day_published" in again.output) == (1, True)
    early = run("access", "digest", url, "--day", today(), *who)
    assert (early.exit_code, "access.day_not_over" in early.output) == (1, True)
    approver = ("--key", _key(tmp_path, APPROVER), "--issuer", APPROVER.party, "--audience", ORIGIN)
    assert run("access", "digest", url, "--day", today(), *approver).exit_code == 1
    body = tmp_path / "body.json"
    reader = ("--key", _key(tmp_path, REGULATOR), "--issuer", REGULATOR.party, "--audience", ORIGIN)
    read = run("access", "read", url, f"/entries/{world.index}/body", "--purpose", "核查", "-o", body, *reader)
    assert read.exit_code == 0, read.output
    assert b"ComplaintOutcomeRecorded" in body.read_bytes()


def run(*arguments: object) -> Result:
    """A command, as a shell would run it."""
    return CliRunner().invoke(main, [str(argument) for argument in arguments])


def _key(folder: Path, speaker: Speaker) -> Path:
    path = folder / f"{speaker.officer}.pem"
    save_key(path, speaker.signer)
    return path
