"""Offline verification of a certificate, in these steps, which the code follows and the report repeats:

1. The file is signed (PAdES), from its first byte to its last, by a certificate key of the trust file.
2. It carries its entries, each a transparent statement with evidence, and nothing else; every one of them holds, as if
   it had been given by itself (`ledger.verifier.statement`).
3. The entries belong together: one enterprise, one public pledge of one campaign, its publication.
4. The text is the one that these entries give: set again from them and signed again with the same value, the file comes
   out, to the byte.
"""

from __future__ import annotations

import logging
from collections.abc import Mapping
from io import BytesIO
from typing import Final, NamedTuple

from asn1crypto import cms as asn1_cms
from cryptography.hazmat.primitives import serialization
from cryptography.x509 import load_der_x509_certificate
from pyhanko.pdf_utils.reader import PdfFileReader
from pyhanko.sign.validation import validate_pdf_signature
from pyhanko.sign.validation.status import SignatureCoverageLevel
from pyhanko_certvalidator import ValidationContext

from api.certificates.attached import AttachedEntry, attachments_of, entries_in, grounds_of, particulars_in
from api.certificates.layout import Certificate, Place, certificate_of
from api.certificates.pdf import SET_BY, typeset
from api.certificates.signature import FIELD, resigned
from ledger.cose.receipt import detach
from ledger.cose.statement import decode_event, parse_statement
from ledger.domain.events.base import Closed
from ledger.domain.events.party import TrustAnchorsEstablished
from ledger.errors import LedgerError, Malformed, Refuted, Uncheckable
from ledger.keys.algorithms import load_pem
from ledger.limits import CERTIFICATE_ATTACHED_MAX, CERTIFICATE_BYTES_MAX
from ledger.tlog.hashing import leaf_hash
from ledger.verifier import Remark, Trust, Verified, VerifiedEntry, verify_entry
from ledger.verifier.formats.evidence import parse_evidence
from ledger.verifier.statement_wording import NOT_SHOWN

__all__ = ["CheckedCertificate", "check_certificate"]

for name in ("pyhanko", "pyhanko_certvalidator"):
    logging.getLogger(name).setLevel(
        logging.CRITICAL
    )  # what they find wrong is in the verdict, without traces of calls

_NOT_SHOWN: Final = (
    Remark(
        "产品或服务的质量：公告只证明承诺已经公布",
        "the quality of any product or service: a certificate proves that a pledge was published",
    ),
    Remark(
        "制发之后的更名、更正、撤回、撤销，以及未附的更名：现况以承诺页为准",
        "what came after it was made, and renamings that it leaves out: the page of the pledge shows the current state",
    ),
    Remark(
        "二维码所指的网址和制发日期：由账本运营方自述",
        "the address in the QR code and the day of issue are the log operator's word",
    ),
)


class CheckedCertificate(Verified, frozen=True, kw_only=True):
    """A certificate that holds, and what stands on it."""

    certificate: Certificate
    pledge: VerifiedEntry


class _Signed(NamedTuple):
    """What pyHanko found of a file's signature: its X.509 certificate in DER, and the signature's own value."""

    x509: bytes
    value: bytes
    kid: bytes


def check_certificate(data: bytes, trust: Trust) -> CheckedCertificate:
    """Verify a certificate. Raises `Refuted`, `Malformed`, `Uncheckable`."""
    if len(data) > CERTIFICATE_BYTES_MAX:
        raise Malformed(f"a certificate has at most {CERTIFICATE_BYTES_MAX:,} bytes")
    if not trust.certificate_keys:
        raise Uncheckable("信任文件中没有公告签名密钥 / the trust file has no certificate key")
    found = _signature(data, trust)  # 1
    steps = [
        Remark(
            f"文件自首至尾由信任文件所列公告密钥 {found.kid.hex()[:16]}… 签名（PAdES），此后未改动",
            f"the file is signed from its first byte to its last by certificate key {found.kid.hex()[:16]}… (PAdES)",
        )
    ]
    files = _attached(data)  # 2
    particulars, entries = particulars_in(files), entries_in(files)
    verified = {name: _verified(name, entry, trust) for name, entry in entries.items()}
    pledge = verified["pledge"]
    steps += [Remark(f"承诺：{step.zh}", f"the pledge: {step.en}") for step in pledge.steps]
    steps.append(_others(verified))
    recorded = {
        name: one.statement.recorded(one.event, index=one.receipt.index, version=1, recorded_at=one.receipt.iat)
        for name, one in verified.items()
    }
    place = Place(pledge.receipt.tree_size, pledge.receipt.index, pledge.receipt.root, leaf_hash(pledge.statement.raw))
    grounds = grounds_of(recorded, place, trust.origin, demo=_demo(entries["pledge"].evidence))
    certificate = certificate_of(grounds, particulars)  # 3
    steps.append(
        Remark(
            "各条记录属于同一企业、同一活动的同一份公开承诺",
            "the entries are of one enterprise, and of one public pledge of one campaign",
        )
    )
    attachments = attachments_of(entries, particulars)  # 4
    if particulars.set_by != SET_BY:
        raise Uncheckable(
            f"该公告由 {particulars.set_by} 排版，本程序为 {SET_BY}，无法逐字节比对 / "
            f"set by another version ({particulars.set_by}; this program: {SET_BY}): its text cannot be compared"
        )
    again = typeset(certificate, attachments, particulars.issued_at)
    if resigned(again, found.x509, found.value, particulars.issued_at) != data:
        raise Refuted("the certificate does not say what its entries say: set again from them it comes out otherwise")
    steps.append(
        Remark(
            "由所附记录重新排版，与本文件逐字节一致：文字与声明相符",
            "set again from what is attached, the file comes out to the byte: text and statements agree",
        )
    )
    return CheckedCertificate(
        steps=tuple(steps), not_shown=(*_NOT_SHOWN, *NOT_SHOWN), certificate=certificate, pledge=pledge
    )


def _others(verified: Mapping[str, VerifiedEntry]) -> Remark:
    """Of the entries beside the pledge: that they hold, and which of them are disputed."""
    others = {name: one for name, one in verified.items() if name != "pledge"}
    disputed = [f"{name} ({one.receipt.index})" for name, one in others.items() if one.disputed]
    zh = f"其余 {len(others)} 条记录（公布、活动、登记规则、名称、更正）以同样的步骤核对，全部成立"
    en = f"the other {len(others)} entries (publication, campaign, policy, names, corrections) hold in the same steps"
    if disputed:
        zh += f"；有争议（签名时密钥可能已泄露）：{'、'.join(disputed)}"
        en += f"; DISPUTED, as the key may have been compromised: {', '.join(disputed)}"
    return Remark(zh, en)


def _demo(evidence: bytes) -> bool:
    """Whether the log is a demonstration, as its first entry says; the evidence is verified."""
    first = decode_event(parse_statement(detach(parse_evidence(evidence)[0])[0]))
    return isinstance(first, TrustAnchorsEstablished) and first.demo


def _signature(data: bytes, trust: Trust) -> _Signed:
    """The file's one signature, verified, by a key of the trust file.

    Raises `Malformed` whatever is wrong with the PDF: its parser meets bytes from anywhere.
    """
    try:
        reader = PdfFileReader(BytesIO(data), strict=True)
        signatures = reader.embedded_signatures
        if len(signatures) != 1 or signatures[0].field_name != FIELD:
            raise Refuted("the PDF does not bear the one signature that certificates have")
        (embedded,) = signatures
        x509 = embedded.signer_cert.dump()
        public = load_der_x509_certificate(x509).public_key()
        pem = public.public_bytes(serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo)
        kid = load_pem(pem.decode()).kid
        if kid not in trust.certificate_keys:
            raise Uncheckable(f"the trust file has no certificate key {kid.hex()}")
        context = ValidationContext(trust_roots=[embedded.signer_cert], allow_fetching=False)
        status = validate_pdf_signature(embedded, signer_validation_context=context)
        (signer_info,) = asn1_cms.ContentInfo.load(embedded.pkcs7_content)["content"]["signer_infos"]
        value = signer_info["signature"].native
        if not (
            status.valid and status.intact and status.trusted and status.coverage is SignatureCoverageLevel.ENTIRE_FILE
        ):
            raise Refuted("the signature of the PDF does not hold, or does not cover all of it")
    except LedgerError:
        raise
    except Exception as error:
        raise Malformed(f"not a signed certificate: {error!r:.200}") from error
    return _Signed(x509, value, kid)


def _attached(data: bytes) -> dict[str, bytes]:
    """The attachments by name. Raises `Malformed`. The signature holds: the bytes are the log's own."""
    found: dict[str, bytes] = {}
    try:
        reader = PdfFileReader(BytesIO(data), strict=True)
        names = reader.root["/Names"]["/EmbeddedFiles"]["/Names"]
        if len(names) > 2 * CERTIFICATE_ATTACHED_MAX:
            raise Malformed(f"a certificate carries at most {CERTIFICATE_ATTACHED_MAX} files")
        for place in range(0, len(names), 2):
            spec = names[place + 1]
            name = str(spec["/UF"])
            if name in found:
                raise Malformed(f"two files of one name: {name!r:.80}")
            found[name] = spec["/EF"]["/F"].data
    except LedgerError:
        raise
    except Exception as error:
        raise Malformed(f"the attachments cannot be read: {error!r:.200}") from error
    return found


def _verified(name: str, entry: AttachedEntry, trust: Trust) -> VerifiedEntry:
    """An entry verified like any other; what fails is told apart by its name. Raises as `verify_entry` does."""
    try:
        found = verify_entry(entry.statement, entry.evidence, trust)
    except (Refuted, Malformed, Uncheckable) as error:
        raise type(error)(f"{name}: {error}") from error
    if isinstance(found.event, Closed):
        raise Refuted(f"{name}: a sealed statement stands on no certificate")
    return found
