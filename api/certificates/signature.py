"""PAdES signatures on certificates (ETSI EN 319 142-1, CMS of RFC 5652): ECDSA on P-256, which readers of PDF know.

Everything but the signature's own value follows from the unsigned file, the key's X.509 certificate and the moment:
so `resigned` makes from a signature value that somebody shows the whole file that it must stand in.
"""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine
from datetime import UTC, datetime
from hashlib import sha256
from io import BytesIO
from typing import Any, Final

from asn1crypto import x509 as asn1_x509
from cryptography.hazmat.primitives.asymmetric.utils import encode_dss_signature
from pyhanko.pdf_utils.generic import ArrayObject, ByteStringObject
from pyhanko.pdf_utils.incremental_writer import IncrementalPdfFileWriter
from pyhanko.pdf_utils.reader import PdfFileReader
from pyhanko.sign.fields import SigFieldSpec, SigSeedSubFilter
from pyhanko.sign.signers import PdfSignatureMetadata, PdfSigner
from pyhanko.sign.signers.pdf_cms import ExternalSigner
from pyhanko.sign.signers.pdf_cms import Signer as CmsSigner
from pyhanko.sign.signers.pdf_signer import PdfTBSDocument

from ledger.keys.signer import Signer

__all__ = ["FIELD", "resigned", "signed"]

FIELD: Final = "CreditLedger"
_BYTES_RESERVED: Final = 16_384  # of hexadecimal digits in the file: room for a longer chain than our own
_DIGEST: Final = "sha256"


def signed(unsigned: bytes, signer: Signer, certificate: bytes, at: int) -> bytes:
    """The file with a signature of the moment `at` (Unix seconds). The same input gives the same bytes."""
    return _write(unsigned, _LogSigner(signer, asn1_x509.Certificate.load(certificate)), at)


def resigned(unsigned: bytes, certificate: bytes, value: bytes, at: int) -> bytes:
    """The file as it must be if its signature's value is `value` (an ECDSA signature in DER); nothing is verified."""
    return _write(unsigned, ExternalSigner(asn1_x509.Certificate.load(certificate), None, signature_value=value), at)


class _LogSigner(CmsSigner):
    """A key of the log as pyHanko asks for it."""

    def __init__(self, signer: Signer, certificate: asn1_x509.Certificate) -> None:
        super().__init__(signing_cert=certificate)
        self._signer = signer

    async def async_sign_raw(self, data: bytes, digest_algorithm: str, dry_run: bool = False) -> bytes:
        raw = self._signer.sign(data)
        return encode_dss_signature(int.from_bytes(raw[:32], "big"), int.from_bytes(raw[32:], "big"))


class _Writer(IncrementalPdfFileWriter):
    """Leaves nothing to chance or to the clock: the file's second id comes from what it is made from (ISO 32000-1
    §14.4), and its metadata stay as they were set, in the information dictionary as in XMP. The two methods are not
    pyHanko's interface: its version is pinned, and tests hold what they do."""

    @classmethod
    def _handle_id(cls, prev: PdfFileReader) -> ArrayObject:
        first = prev.trailer["/ID"][0]
        prev.stream.seek(0)
        return ArrayObject([first, ByteStringObject(sha256(prev.stream.read()).digest()[:16])])

    def _update_meta(self) -> None:
        """Signing changes nothing of it."""


def _write(unsigned: bytes, signer: CmsSigner, at: int) -> bytes:
    metadata = PdfSignatureMetadata(
        field_name=FIELD,
        md_algorithm=_DIGEST,
        subfilter=SigSeedSubFilter.PADES,
    )
    pdf_signer = PdfSigner(metadata, signer, new_field_spec=SigFieldSpec(FIELD))
    # typst ends without a line's end, and an object must not stand in the line of what was before (ISO 19005-3 §6.1.9)
    session = pdf_signer.init_signing_session(_Writer(BytesIO(unsigned.rstrip(b"\n") + b"\n")))
    session.system_time = datetime.fromtimestamp(at, UTC)
    document = session.prepare_tbs_document(None, bytes_reserved=_BYTES_RESERVED)
    output = BytesIO()
    prepared, _ = document.digest_tbs_document(output=output)
    cms = _run(signer.async_sign(prepared.document_digest, _DIGEST, use_pades=True))
    PdfTBSDocument.finish_signing(output, prepared, cms)
    return output.getvalue()


def _run(signing: Coroutine[Any, Any, Any]) -> Any:
    """The outcome of a coroutine that waits for nothing: ours never leave the thread."""
    return asyncio.run(signing)
