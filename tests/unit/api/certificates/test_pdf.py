"""Setting and signing leave nothing to chance, and never a hole where a character should be."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric.ec import ECDSA, EllipticCurvePublicKey
from cryptography.hazmat.primitives.hashes import SHA256

from api.certificates.x509 import self_signed
from ledger.errors import Misconfigured, Refused
from tests.support.keys import signer_for
from tests.support.paper_certificate import PaperCertificate


def test_the_same_day_gives_the_same_bytes_and_another_moment_others() -> None:
    paper = PaperCertificate(renamed="北京𬭚䶮㛃𠮷有限公司")
    assert paper.unsigned() == paper.unsigned()
    assert paper.unsigned() != paper.unsigned(issued_at=paper.particulars().issued_at + 86_400)
    assert paper.pdf() == paper.pdf()


def test_a_character_that_no_font_has_is_refused_by_name() -> None:
    with pytest.raises(Refused) as refusal:
        PaperCertificate(name="北京\U0002ebf5某有限公司").pdf()
    assert refusal.value.rule == "certificate.character_unknown"


def test_markup_in_what_an_enterprise_wrote_is_text() -> None:
    wild = '#panic("no") *bold* $x$ \\ @cite <label> #read("main.typ") // ``` \n= heading'
    paper = PaperCertificate({"content": wild, "liability": wild}, name="#name[x]_有限公司_")
    assert paper.unsigned().startswith(b"%PDF-")


def test_the_x509_certificate_is_signed_by_its_key_and_says_whose_it_is() -> None:
    signer = signer_for("certificate", "p256")
    made = x509.load_der_x509_certificate(self_signed(signer, "ledger.example/2026"))
    public = made.public_key()
    assert isinstance(public, EllipticCurvePublicKey)
    public.verify(made.signature, made.tbs_certificate_bytes, ECDSA(SHA256()))
    assert made.subject.rfc4514_string() == "OU=pledge certificates,CN=ledger.example/2026"
    assert made.not_valid_after_utc == datetime(9999, 12, 31, 23, 59, 59, tzinfo=UTC)
    assert self_signed(signer, "ledger.example/2026") == self_signed(replace(signer), "ledger.example/2026")


def test_a_key_that_readers_of_pdf_do_not_know_makes_no_certificate() -> None:
    with pytest.raises(Misconfigured):
        self_signed(signer_for("certificate"), "ledger.example/2026")
