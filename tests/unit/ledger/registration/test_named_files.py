"""Annexes at admission: told by their content, here before the statement, as the statement names them."""

from __future__ import annotations

import io
import zipfile
from contextlib import suppress
from hashlib import sha256

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from ledger.domain.events.base import Annex
from ledger.domain.values.media_types import XLSX, media_type_of
from ledger.errors import Refused
from ledger.keys.keyring import Keyring
from ledger.limits import ANNEX_BYTES_MAX
from ledger.registration import AdmittingLog, Candidate, admit
from ledger.registration.named_files import MissingAnnex
from ledger.store.annexes import AnnexKept
from tests.support.book import Book
from tests.support.charter import ORIGIN
from tests.support.refusals import refused
from tests.support.standards import declared
from tests.support.statements import ENTERPRISE, sign, speaker_of

CONTENT = "名称,数值\n泄漏电流,0.25\n".encode()
DIGEST = sha256(CONTENT).digest()
ANNEX = Annex(sha256=DIGEST.hex(), bytes=len(CONTENT), media_type="text/csv")
KEPT = AnnexKept(len(CONTENT), "text/plain")


def workbook(*more: str) -> bytes:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as archive:
        for part in ("[Content_Types].xml", "xl/workbook.xml", *more):
            archive.writestr(part, "<a/>")
    return file.getvalue()


def admitted(annex: Annex, known: dict[bytes, AnnexKept]) -> Candidate:
    book = Book().with_enterprise()
    data, _ = sign(declared(annex=annex), by=speaker_of(ENTERPRISE), iat=book.clock())
    return admit(
        data, None, AdmittingLog(ORIGIN, book.governance, Keyring(book.governance)), now=book.clock(), annexes=known
    )


def test_a_statement_whose_annex_is_here_is_admitted_with_it() -> None:
    assert admitted(ANNEX, {DIGEST: KEPT}).annexes == (ANNEX,)


def test_a_statement_whose_annex_is_missing_is_refused_by_its_digest() -> None:
    with pytest.raises(MissingAnnex) as caught:
        admitted(ANNEX, {})
    assert (caught.value.rule, caught.value.digests) == ("annex.missing", (DIGEST,))


def test_an_annex_of_other_length_or_type_is_refused() -> None:
    with refused("annex.length"):
        admitted(replace(ANNEX, bytes=1), {DIGEST: KEPT})
    with refused("annex.other_type"):
        admitted(replace(ANNEX, media_type="application/pdf"), {DIGEST: KEPT})


@pytest.mark.parametrize(
    ("content", "media_type"),
    [
        (b"%PDF-1.7\n\xe2\xe3\xcf\xd3", "application/pdf"),
        (workbook("xl/worksheets/sheet1.xml"), XLSX),
        (b' {"a":[1,2]}\n', "application/json"),
        (b"[]", "application/json"),
        (CONTENT, "text/plain"),
        ("\ufeff名称\t数值\r\n".encode(), "text/plain"),
        (b"{not json}", "text/plain"),
        (b"[" * 100_000, "text/plain"),
    ],
)
def test_a_file_is_what_its_content_is(content: bytes, media_type: str) -> None:
    assert media_type_of(content) == media_type


@pytest.mark.parametrize(
    "content",
    [
        "名称".encode("gb18030"),
        b"MZ\x90\x00",
        b"\x89PNG\r\n\x1a\n",
        b"text with a bell \x07",
        b"PK\x03\x04 and no more",
        workbook("xl/vbaProject.bin"),
        workbook()[:-30],
        b"",
        bytes(ANNEX_BYTES_MAX + 1),
    ],
)
def test_other_files_are_refused_by_name(content: bytes) -> None:
    with pytest.raises(Refused, match=r"annex\.(media_type|size)"):
        media_type_of(content)


@given(st.binary(max_size=200) | st.binary(max_size=200).map(lambda data: b"PK\x03\x04" + data))
def test_any_bytes_are_a_known_type_or_refused(content: bytes) -> None:
    with suppress(Refused):
        media_type_of(content)
