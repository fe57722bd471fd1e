"""Only a certificate whose signature, entries and text all hold is verified, whoever made the others."""

from __future__ import annotations

from io import BytesIO

import pytest
from msgspec.structs import replace
from pyhanko.pdf_utils.incremental_writer import IncrementalPdfFileWriter

from api.certificates.certificate_check import check_certificate
from api.certificates.signature import signed
from api.certificates.x509 import self_signed
from ledger.errors import LedgerError, Malformed, Refuted, Uncheckable
from ledger.keys.signer import new_key
from ledger.verifier import parse_trust
from tests.support.paper_certificate import PaperCertificate
from tests.support.paper_log import ORIGIN
from tests.support.witnesses import policy_text


@pytest.fixture(scope="module")
def paper() -> PaperCertificate:
    return PaperCertificate(renamed="福州某某集团有限公司", corrected={"content": "更正。"}, demo=True)


def test_what_holds_is_verified(paper: PaperCertificate) -> None:
    found = check_certificate(paper.pdf(), paper.log.trust())
    assert found.certificate == paper.model()
    assert found.certificate.demo


def test_the_logs_own_key_cannot_make_another_text_true(paper: PaperCertificate) -> None:
    """Who holds the certificate key may sign anything: the entries do not follow."""
    for forge in (
        lambda model: replace(model, name="另一家有限公司"),
        lambda model: replace(model, content="本企业为全国第一。"),
        lambda model: replace(model, demo=False),
        lambda model: replace(model, page="https://evil.example/p/1"),
    ):
        with pytest.raises(Refuted, match="does not say what its entries say"):
            check_certificate(paper.pdf(forge), paper.log.trust())


def test_a_page_that_the_signed_update_draws_over_is_noticed(paper: PaperCertificate) -> None:
    """The signature covers what an update before it changed; the text is compared all the same."""
    writer = IncrementalPdfFileWriter(BytesIO(paper.unsigned() + b"\n"))
    page = writer.find_page_for_modification(0)[0].get_object()
    page["/Rotate"] = type(page["/MediaBox"][0])(180)
    writer.update_container(page)
    out = BytesIO()
    writer.write(out)
    key = paper.log.certificate_key
    changed = signed(out.getvalue(), key, self_signed(key, ORIGIN), paper.particulars().issued_at)
    with pytest.raises(Refuted, match="does not say what its entries say"):
        check_certificate(changed, paper.log.trust())


def test_a_signature_by_a_key_that_is_not_in_the_trust_file_is_not_checked(paper: PaperCertificate) -> None:
    for other in (new_key("p256"), paper.log.receipt_key, paper.log.standing_key):
        with pytest.raises(Uncheckable, match="no certificate key"):
            check_certificate(paper.pdf(signer=other), paper.log.trust())


def test_a_trust_file_without_a_certificate_key_checks_none(paper: PaperCertificate) -> None:
    without = parse_trust(replace(paper.log.trust_file(), certificate_keys=()).format())
    with pytest.raises(Uncheckable, match="no certificate key"):
        check_certificate(paper.pdf(), without)


def test_entries_of_another_log_are_refuted(paper: PaperCertificate) -> None:
    other = PaperCertificate(keys="another log")
    trust = parse_trust(
        replace(paper.log.trust_file(), certificate_keys=other.log.trust_file().certificate_keys).format()
    )
    with pytest.raises(LedgerError) as wrong:
        check_certificate(other.pdf(), trust)
    assert isinstance(wrong.value, Refuted | Uncheckable)


def test_what_another_version_set_cannot_be_compared(paper: PaperCertificate) -> None:
    with pytest.raises(Uncheckable, match="set by another version"):
        check_certificate(paper.pdf(set_by="certificate 0, typst 0.0.1"), paper.log.trust())


def test_a_demand_for_witnesses_is_not_met_by_receipts(paper: PaperCertificate) -> None:
    trust = parse_trust(paper.log.trust_file(policy_text("one", "two")).format())
    with pytest.raises(Uncheckable, match="witnesses"):
        check_certificate(paper.pdf(), trust)


@pytest.mark.parametrize("data", [b"%PDF-1.7\n", b"%PDF-1.7\n%%EOF", b"%PDF-" + bytes(5_000)])
def test_what_is_no_certificate_is_malformed(paper: PaperCertificate, data: bytes) -> None:
    with pytest.raises(Malformed):
        check_certificate(data, paper.log.trust())


def test_an_unsigned_one_is_refuted(paper: PaperCertificate) -> None:
    with pytest.raises(Refuted, match="signature"):
        check_certificate(paper.unsigned(), paper.log.trust())
