"""Certificates of published pledges, as the service makes and keeps them, against bare typst and a bare signature."""

from __future__ import annotations

import tempfile
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from io import BytesIO
from pathlib import Path

import msgspec
import typst
from asn1crypto import x509 as asn1_x509
from asn1crypto.keys import PrivateKeyInfo
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from pyhanko.pdf_utils.incremental_writer import IncrementalPdfFileWriter
from pyhanko.sign.fields import SigSeedSubFilter
from pyhanko.sign.signers import PdfSignatureMetadata, SimpleSigner, sign_pdf
from pyhanko_certvalidator.registry import SimpleCertificateStore

from api.certificates.attached import attachments_of
from api.certificates.certificate_check import check_certificate
from api.certificates.certificate_entries import Gatherer
from api.certificates.issue import Certificates
from api.certificates.layout import Particulars, certificate_of
from api.certificates.pdf import SET_BY, _template
from api.certificates.qr import qr_svg
from api.certificates.store import CertificateFolder
from api.certificates.typesetting import fonts
from api.certificates.x509 import self_signed
from api.service.service import unix_now
from ledger.cose.statement import parse_statement
from ledger.domain.events.pledge import PledgePublished
from ledger.domain.payload import decode_payload
from ledger.reading.log_reader import Log
from ledger.store.postgres import PostgresStore
from ledger.verifier import TrustedKey, TrustFile, parse_trust
from tests.benchmarks.books import Bench, Book, Writer, check
from tests.benchmarks.comparing import Ratio, compare
from tests.benchmarks.material import Signed, name_of
from tests.support.charter import ORIGIN

__all__ = ["certificates"]

PLEDGES = 1_000
ROUNDS = 40  # short ones, in turns: what else the machine does falls on both sides alike
PAGE = "https://ledger.example/p/"


def certificates(bench: Bench) -> Iterator[Ratio]:
    """Every pledge once: nothing is there yet, neither in the folder nor in anybody's memory."""
    book, count = bench.book("certificates"), PLEDGES // ROUNDS
    rounds = bench.of(ROUNDS) - 1  # and one before those that count
    codes: dict[str, str] = {}
    with Writer(book) as writer:
        writer.fill(_statements(book, count * (rounds + 1), codes), "certificates")
        named = list(codes.items())
        with PostgresStore.open(book.database.service) as store, tempfile.TemporaryDirectory() as scratch:
            gatherer = Gatherer(store, Log(store), lambda: writer.sequencer.governance, ORIGIN)
            kept = CertificateFolder(book.folder / "certificates")
            ours = Certificates(gatherer, kept, book.keys.certificate, unix_now, lambda code: PAGE + code)
            prepared = [_prepared(gatherer, book, *one, Path(scratch)) for one in named]
            spent = {"bare": 0.0, "made": 0.0}  # of this process, so without PostgreSQL's

            def counted(what: str, work: Callable[[], float]) -> float:
                before = time.process_time()
                rate = work()
                spent[what] += time.process_time() - before
                return rate

            yield compare(
                f"certificates of {count * rounds:,} published pledges, set, signed and kept",
                "bare typst on the same sources, and pyHanko's signature",
                "per s",
                floor=lambda number: counted("bare", lambda: _bare(prepared[count * number :][:count], book)),
                ours=lambda number: counted("made", lambda: _made(ours, book, named[count * number :][:count])),
                rounds=rounds,
                bound="at least",
                target=1 / 1.3,
                note=lambda: (
                    f"{spent['made'] / spent['bare']:.2f} times the processor time of bare; "
                    + _verified(ours, book, named[0], store)
                ),
            )


def _statements(book: Book, pledges: int, codes: dict[str, str]) -> Iterator[Signed]:
    for number in range(pledges):
        name = name_of(number)
        pledge = book.material.pledged(name)
        publication = book.material.published(name, pledge)
        event = decode_payload(parse_statement(publication[0]).payload)
        assert isinstance(event, PledgePublished)
        codes[event.code] = f"local:bench/{name}"
        yield from (book.material.registered(name), pledge, publication)


def _prepared(gatherer: Gatherer, book: Book, code: str, subject: str, scratch: Path) -> tuple[Path, Mapping[str, str]]:
    """The sources of a certificate, laid out for typst, and its inputs."""
    basis = gatherer.basis(subject, code, book.material.today)
    particulars = Particulars(v=1, issued_at=book.material.now, page=PAGE + code, set_by=SET_BY)
    attached, grounds = gatherer.attached(basis)
    attachments = attachments_of(attached, particulars)
    folder = scratch / code
    folder.mkdir()
    (folder / "main.typ").write_bytes(_template())
    (folder / "qr.svg").write_bytes(qr_svg(PAGE + code))
    for one in attachments:
        (folder / one.name).write_bytes(one.content)
    listed = [{"name": one.name, "type": one.media_type, "about": one.about} for one in attachments]
    model = certificate_of(grounds, particulars)
    return folder, {
        "certificate": msgspec.json.encode(model).decode(),
        "attached": msgspec.json.encode(listed).decode(),
    }


def _bare(prepared: Sequence[tuple[Path, Mapping[str, str]]], book: Book) -> float:
    signer = book.keys.certificate
    assert signer is not None
    x509 = asn1_x509.Certificate.load(self_signed(signer, ORIGIN))
    key = signer.private.private_bytes(Encoding.DER, PrivateFormat.PKCS8, NoEncryption())
    simple = SimpleSigner(x509, PrivateKeyInfo.load(key), SimpleCertificateStore())
    metadata = PdfSignatureMetadata(field_name="Bare", md_algorithm="sha256", subfilter=SigSeedSubFilter.PADES)
    began = time.perf_counter()
    for folder, inputs in prepared:
        compiler = typst.Compiler(folder / "main.typ", root=folder, font_paths=fonts(), sys_inputs=dict(inputs))
        pdf = compiler.compile(format="pdf", pdf_standards="a-3b", timestamp=book.material.now)
        signed = sign_pdf(IncrementalPdfFileWriter(BytesIO(pdf)), metadata, simple, bytes_reserved=16_384)
        check(signed.getbuffer().nbytes > 50_000, "a bare certificate has no content")
    return len(prepared) / (time.perf_counter() - began)


def _made(ours: Certificates, book: Book, named: Sequence[tuple[str, str]]) -> float:
    began = time.perf_counter()
    for code, subject in named:
        check(len(ours.of(subject, code, book.material.today).content) > 50_000, "a certificate has no content")
    return len(named) / (time.perf_counter() - began)


def _verified(ours: Certificates, book: Book, named: tuple[str, str], store: PostgresStore) -> str:
    """One of them, read again from the folder, is verified offline."""
    code, subject = named
    content = ours.of(subject, code, book.material.today).content
    keys, charter = book.keys, store.checkpoint_covering(0)
    assert charter is not None and keys.certificate is not None
    trust = TrustFile(
        origin=ORIGIN,
        checkpoint_vkeys=(keys.checkpoint.key.format(),),
        receipt_keys=(TrustedKey.of(keys.receipt.public, keys.receipt.alg),),
        standing_keys=(TrustedKey.of(keys.standing.public, keys.standing.alg),),
        certificate_keys=(TrustedKey.of(keys.certificate.public, keys.certificate.alg),),
        charter=charter.root.hex(),
    )
    check_certificate(content, parse_trust(trust.format()))
    return f"{len(content):,} bytes each; one of them was verified offline"
