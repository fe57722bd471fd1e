"""A table names files in one folder, and nothing outside of it; what they are is told by their content."""

from __future__ import annotations

import os
from hashlib import sha256
from pathlib import Path

import pytest

from api.importing import standards_table as columns
from api.importing import submission as sending
from api.importing.annex_folder import AnnexFolder
from api.importing.import_file import ImportSigners, import_file
from api.importing.import_signer import ImportSigner
from api.importing.submission import ImportRun
from api.importing.table_plan import TableReading
from api.importing.table_writer import WritableCell, csv_table
from api.importing.validation_errors import Unreadable
from ledger.keys.signer import Signer
from ledger.limits import ANNEX_BYTES_MAX
from tests.unit.api.importing.conftest import TODAY, write
from tests.unit.api.importing.fakeservice import ISSUER, FakeService

CODE = "91310115MA6EK8XJTR"
PDF = b"%PDF-1.7\n" + bytes(range(256))


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A folder with a file in a folder of it; beside it, one that is nobody's business."""
    made = tmp_path / "annexes"
    (made / "2026").mkdir(parents=True)
    (made / "2026" / "标准 003.pdf").write_bytes(PDF)
    (tmp_path / "secret.pdf").write_bytes(PDF)
    return made


def rule(folder: Path, text: str) -> str:
    with pytest.raises(Unreadable) as caught:
        AnnexFolder(folder).named(text)
    assert caught.value.zh
    return caught.value.rule


def test_a_file_is_named_by_digest_length_and_what_it_is(folder: Path) -> None:
    (folder / "list.pdf").write_bytes("名称,数值\n外观,合格\n".encode())
    files = AnnexFolder(folder)
    annex = files.named("2026/标准 003.pdf")
    assert (annex.sha256, annex.bytes, annex.media_type) == (sha256(PDF).hexdigest(), len(PDF), "application/pdf")
    assert files.content(annex) == PDF
    assert files.named("./list.pdf").media_type == "text/plain", "whatever it is called"


@pytest.mark.parametrize(
    "text",
    [
        "../secret.pdf",
        "2026/../../secret.pdf",
        "/etc/hostname",
        "..",
        "C:\\secret.pdf",
        "a\\b",
        "x\0y",
        "link.pdf",
        "up/secret.pdf",
        "circle",
    ],
)
def test_nothing_outside_of_the_folder_is_read(folder: Path, text: str) -> None:
    (folder / "link.pdf").symlink_to(folder.parent / "secret.pdf")
    (folder / "up").symlink_to(folder.parent)
    (folder / "circle").symlink_to(folder / "circle")
    assert rule(folder, text) in ("annex.outside", "annex.no_such_file" if text == "circle" else "annex.outside")


@pytest.mark.parametrize("text", ["none.pdf", "2026", "", "pipe", "a" * 300, "ab" * 32])
def test_what_is_no_file_is_said_to_be_none(folder: Path, text: str) -> None:
    os.mkfifo(folder / "pipe")
    assert rule(folder, text) == "annex.no_such_file"


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        (b"", "annex.size"),
        (b"x" * (ANNEX_BYTES_MAX + 1), "annex.size"),
        (b"MZ\x90\x00" + bytes(64), "annex.media_type"),
        (b"\x89PNG\r\n\x1a\n" + bytes(64), "annex.media_type"),
        (b"PK\x03\x04 no archive", "annex.media_type"),
    ],
)
def test_size_and_type_are_those_that_the_service_takes(folder: Path, content: bytes, expected: str) -> None:
    (folder / "standard.pdf").write_bytes(content)
    assert rule(folder, "standard.pdf") == expected


def test_no_more_is_uploaded_at_once_than_the_service_has_room_for(
    service: FakeService, folder: Path, signer: Signer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sending, "IMPORT_ANNEXES_BYTES_MAX", 2_500)
    rows: list[list[WritableCell]] = [[columns.NAME, columns.CODE, columns.NUMBER, columns.TITLE, columns.PRODUCT,
                                       columns.INDICATORS, columns.ACTION, columns.ANNEX]]  # fmt: skip
    for number in range(7):
        (folder / f"{number}.txt").write_text(f"{number}" * 1_000)
        rows.append(["示例一厂", CODE, f"Q/A 00{number}-2018", "空调", "", "", "现行", f"{number}.txt"])
    path = write(folder / "t.csv", csv_table(rows))
    with service.client as client:
        hand = ImportSigner(signer, ISSUER, (signer.secret,))
        report = import_file(path, client, ImportSigners(hand), TODAY, TableReading(), ImportRun(sleep=lambda _: None))
    assert report.counts() == {"accepted": 7}
    assert max(service.held_bytes) == 2_000
    assert len(service.annexes) == 7


def test_a_file_that_changes_while_it_is_imported_is_not_uploaded(folder: Path) -> None:
    files = AnnexFolder(folder)
    annex = files.named("2026/标准 003.pdf")
    (folder / "2026" / "标准 003.pdf").write_bytes(PDF + b"more")
    with pytest.raises(Unreadable, match="changed"):
        files.content(annex)
