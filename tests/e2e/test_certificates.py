"""A certificate says what was published, carries the proof of it, and verifies without the service."""

from __future__ import annotations

import random
import re
import shutil
import subprocess
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import timedelta
from hashlib import sha256
from pathlib import Path

import pytest

from api.certificates.certificate_check import check_certificate
from ledger.domain.events.enterprise import EnterpriseRenamed
from ledger.domain.events.pledge import PledgeReplaced, PledgeRevoked
from ledger.errors import LedgerError, Malformed, Refuted, Uncheckable
from ledger.verifier import Trust
from tests.e2e.book import Book, chartered, today
from tests.support.database import PostgresServer
from tests.support.running import COMMAND
from tests.support.statements import OTHER_ENTERPRISE, registered
from tests.support.verapdf import validated
from tests.support.waiting import eventually

SUBJECT = "uscc:91110000600037341L"
RARE = "北京𬭚䶮㛃𠮷精密机械有限公司"
TITLE, BASIS = "全国产品和服务质量诚信示范企业", "质协〔2026〕1号通知第三条"
FLIPS = 300


@dataclass(frozen=True)
class Announced:
    """A pledge and its certificate: the indices of its entries, its code, the file and the trust file."""

    made: int
    published: int
    campaign: int
    code: str
    pdf: bytes
    trust: Trust
    folder: Path

    @property
    def path(self) -> Path:
        return self.folder / "certificate.pdf"


def known(book: Book) -> None:
    """Wait until the read models have all that was registered."""
    size = book.size()
    eventually(lambda: book.http.get("/readyz").json().get("projected_size", 0) >= size, f"{size} entries are read")


def certificate_of(book: Book, code: str) -> bytes:
    answer = book.get(f"/v1/pledges/{code}/certificate.pdf")
    assert answer.headers["content-type"] == "application/pdf"
    return answer.content


@pytest.fixture(scope="module")
def announced(book: Book, tmp_path_factory: pytest.TempPathFactory) -> Announced:
    campaign = book.campaign(certificate_title=TITLE, certificate_basis=BASIS)
    book.enterprise(SUBJECT, name="北京某某厂")
    book.register(EnterpriseRenamed(v=1, effective_on=today(), name=RARE, evidence="登记通知书"), SUBJECT)
    made, published, code = book.pledge(SUBJECT, serial=1)
    known(book)
    folder = tmp_path_factory.mktemp("certificate")
    pdf = certificate_of(book, code)
    (folder / "certificate.pdf").write_bytes(pdf)
    (folder / "trust.json").write_bytes(book.get("/.well-known/credit-ledger-trust.json").content)
    return Announced(made, published, campaign, code, pdf, book.trust(), folder)


def run(*arguments: str, folder: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(arguments, cwd=folder, capture_output=True, text=True, timeout=120, check=False)


def tool(name: str) -> str:
    """Poppler's program of that name; without it the test is skipped in words."""
    found = shutil.which(name)
    if found is None:
        pytest.skip(f"{name} is not there (on Debian: the package poppler-utils)")
    return found


def text_of(announced: Announced) -> str:
    read = run(tool("pdftotext"), "-layout", "certificate.pdf", "-", folder=announced.folder)
    assert read.returncode == 0, read.stderr
    return "".join(read.stdout.split())


def test_it_is_verified_in_numbered_steps_by_the_command_line(announced: Announced) -> None:
    result = run(str(COMMAND), "verify", "certificate.pdf", "--trust", "trust.json", folder=announced.folder)
    assert result.returncode == 0, result.stdout + result.stderr
    assert "已核验 / VERIFIED" in result.stdout
    for part in ("PAdES", "the pledge: the statement is entry", "the file comes out to the byte", "the quality of any"):
        assert part in result.stdout
    assert "  1. " in result.stdout and "  10. " in result.stdout


def test_it_says_what_the_entries_say(announced: Announced) -> None:
    found = check_certificate(announced.pdf, announced.trust)
    shown = found.certificate
    assert (shown.name, shown.former_names) == (RARE, "北京某某厂")
    assert (shown.title, shown.basis) == (TITLE, BASIS)
    assert found.pledge.receipt.index == announced.made
    log = {field.en: field.value for field in shown.log}
    assert log["leaf index"] == str(announced.made)
    assert log["root"] == found.pledge.receipt.root.hex()
    assert shown.page.endswith(f"/p/{announced.code}")
    assert shown.clauses == ("七日无理由退货", "三日内答复投诉")
    assert shown.liability == "违诺则退一赔三。"


def test_a_reader_finds_the_words_on_it(announced: Announced) -> None:
    text = text_of(announced)
    for words in (RARE, "曾用名 北京某某厂", TITLE, BASIS, announced.code, "不证明产品或服务的质量", "演示"):
        assert (words.replace(" ", "") in text) == (words != "演示"), words


def test_poppler_finds_the_signature_valid_over_the_whole_document(announced: Announced) -> None:
    said = run(tool("pdfsig"), "certificate.pdf", folder=announced.folder).stdout
    assert "Signature is Valid." in said
    assert "Total document signed" in said
    assert "ETSI.CAdES.detached" in said


def test_a_validator_of_pdf_a_finds_nothing_amiss_and_sees_what_is(announced: Announced) -> None:
    spoiled = announced.folder / "spoiled.pdf"
    spoiled.write_bytes(announced.pdf.replace(b"/AFRelationship", b"/AFRelationshop"))
    good, bad, *failed = validated(announced.path, spoiled)
    assert re.fullmatch(r"compliant, \d{4,} checks", good)
    assert bad.startswith("not compliant")
    assert failed
    assert all("clause=6.8," in line for line in failed)  # what is attached says what it is to the document


def test_what_is_attached_is_what_the_service_serves(book: Book, announced: Announced) -> None:
    where = announced.folder / "attached"
    where.mkdir()
    run(tool("pdfdetach"), "-saveall", "-o", str(where), "certificate.pdf", folder=announced.folder)
    for name, index in (
        ("pledge", announced.made),
        ("publication", announced.published),
        ("campaign", announced.campaign),
    ):
        statement = book.get(f"/entries/{index}/statement", headers={"Accept": "application/cose"}).content
        assert (where / f"{name}.transparent.cose").read_bytes() == statement
        assert (where / f"{name}.evidence.cbor").read_bytes() == book.get(f"/entries/{index}/evidence").content
    result = run(
        str(COMMAND), "verify", "pledge.transparent.cose", "--trust", str(announced.folder / "trust.json"), folder=where
    )
    assert result.returncode == 0, result.stdout


def test_it_is_signed_once_and_kept(book: Book, announced: Announced) -> None:
    answer = book.get(f"/v1/pledges/{announced.code}/certificate.pdf")
    assert answer.content == announced.pdf
    again = book.http.get(
        f"/v1/pledges/{announced.code}/certificate.pdf", headers={"If-None-Match": answer.headers["etag"]}
    )
    assert (again.status_code, again.content) == (304, b"")


@pytest.mark.parametrize("seed", range(3))
def test_no_flipped_byte_passes(announced: Announced, seed: int) -> None:
    chance = random.Random(seed)
    for _ in range(FLIPS // 3):
        place, bit = chance.randrange(len(announced.pdf)), 1 << chance.randrange(8)
        flipped = bytearray(announced.pdf)
        flipped[place] ^= bit
        with pytest.raises((Refuted, Malformed, Uncheckable)):
            check_certificate(bytes(flipped), announced.trust)


def test_bytes_after_its_end_are_noticed(announced: Announced) -> None:
    with pytest.raises(LedgerError):
        check_certificate(announced.pdf + b"\n", announced.trust)


def test_a_sealed_pledge_and_an_unknown_one_have_none(book: Book) -> None:
    subject = "local:test/sealed"
    book.enterprise(subject)
    _, _, code = book.pledge(subject, serial=2, disclosure="none")
    known(book)
    for nowhere in (code, "11010820260315999999", "no-code"):
        answer = book.http.get(f"/v1/pledges/{nowhere}/certificate.pdf")
        assert answer.status_code == 404
        assert "no public pledge" in answer.text


def announce(book: Book, subject: str, serial: int, **given: object) -> str:
    """An enterprise with a published pledge, which the read models know; the pledge's code."""
    book.enterprise(subject, **given)
    _, _, code = book.pledge(subject, serial=serial)
    known(book)
    return code


def test_a_pledge_that_the_enterprise_signed_itself_has_one(book: Book, announced: Announced) -> None:
    subject = OTHER_ENTERPRISE
    book.enterprise(subject)
    statement, _ = book.sign(book.made(), subject, book.own_key(subject))
    assert book.post(statement).status_code == 303  # it waits
    publication = book.published(sha256(statement).digest(), 16)
    book.register(publication, subject)
    known(book)
    found = check_certificate(certificate_of(book, publication.code), announced.trust)
    assert found.pledge.statement.issuer == f"party:{subject}"


def test_what_comes_later_gives_another_certificate(book: Book, announced: Announced) -> None:
    subject = "local:test/later"
    code = announce(book, subject, 11, name="旧名有限公司")
    first = certificate_of(book, code)
    book.register(EnterpriseRenamed(v=1, effective_on=today(), name="新名有限公司", evidence="登记通知书"), subject)
    renamed = check_certificate(certificate_of(book, code), announced.trust).certificate
    assert (renamed.name, renamed.former_names) == ("新名有限公司", "旧名有限公司")
    slip = PledgeReplaced(v=1, effective_on=today(), code=code, slip="笔误", valid_until=today() + timedelta(days=100))
    book.register(slip, subject)
    corrected = check_certificate(certificate_of(book, code), announced.trust).certificate
    assert corrected.corrections != renamed.corrections == ()
    assert check_certificate(first, announced.trust).certificate.name == "旧名有限公司"  # it still proves what it says


def test_a_pledge_that_ended_is_announced_no_more(book: Book) -> None:
    subject = "local:test/ended"
    code = announce(book, subject, 12)
    certificate_of(book, code)
    revoked = PledgeRevoked(v=1, effective_on=today(), code=code, ends_on=today(), ground="fraud")
    index = book.register(revoked, subject)
    answer = book.http.get(f"/v1/pledges/{code}/certificate.pdf")
    assert answer.status_code == 410
    assert answer.json()["entry"] == index
    assert "撤销" in answer.json()["title_zh"]


def test_a_sealed_name_stands_on_no_certificate(book: Book, announced: Announced) -> None:
    subject = "local:test/shop"
    book.register(
        registered(effective_on=today(), name="张三小吃店", category="individual_business", code="92510107MAEN1TE2EK"),
        subject,
        sealed=True,
    )
    _, _, code = book.pledge(subject, serial=13)
    known(book)
    pdf = certificate_of(book, code)
    assert check_certificate(pdf, announced.trust).certificate.name == "（名称依规定不公开）"


def test_many_who_ask_at_once_get_the_same_file(book: Book) -> None:
    code = announce(book, "local:test/many", 14)
    with ThreadPoolExecutor(8) as pool:
        answers = set(pool.map(lambda _: certificate_of(book, code), range(8)))
    assert len(answers) == 1


def test_a_spoiled_file_is_made_again(book: Book, announced: Announced) -> None:
    code = announce(book, "local:test/spoiled", 15)
    first = certificate_of(book, code)
    (kept,) = (book.service.data_dir / "certificates").rglob(f"{code}-*.pdf")
    kept.write_bytes(first[:5_000] + bytes(len(first) - 5_000))
    assert check_certificate(certificate_of(book, code), announced.trust).certificate.fields[0].value == code


def test_a_log_without_a_key_for_certificates_goes_on_and_says_so(
    postgres_server: PostgresServer, tmp_path: Path
) -> None:
    with postgres_server.database() as database:
        service = chartered(tmp_path, "--public-url", "https://ledger.example", database=database.service)
        (tmp_path / "keys" / "certificate.pem").unlink()
        with service, Book(service) as book:
            book.campaign()
            code = announce(book, "local:test/keyless", 1)
            answer = book.http.get(f"/v1/pledges/{code}/certificate.pdf")
            assert (answer.status_code, "certificate.pem" in answer.text) == (404, True)
            assert not book.trust().certificate_keys
