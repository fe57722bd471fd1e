"""Certificates as the service issues them: each signed once, kept, and made anew when what it rests on changed."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable
from datetime import date
from hashlib import sha256
from typing import Final, NamedTuple

from api.certificates.attached import attachments_of
from api.certificates.certificate_entries import Basis, Gatherer
from api.certificates.layout import Particulars, certificate_of
from api.certificates.store import CertificateFolder
from ledger.errors import Busy, NotFound
from ledger.keys.signer import Signer
from ledger.limits import CERTIFICATE_WAIT_SECONDS_MAX

__all__ = ["Certificates", "Issued"]

_LOG: Final = logging.getLogger(__name__)


class Issued(NamedTuple):
    """A signed certificate. `etag`: the digest of its bytes."""

    content: bytes
    etag: str


class Certificates:
    """Thread-safe: one is made at a time, so that setting and signing never take more than a core from the rest.

    `page` gives the address of a pledge's page from its code. `signer` is None for a log without a certificate key.
    """

    def __init__(
        self,
        gatherer: Gatherer,
        folder: CertificateFolder,
        signer: Signer | None,
        clock: Callable[[], int],
        page: Callable[[str], str],
    ) -> None:
        self._gatherer = gatherer
        self._folder = folder
        self._signer = signer
        self._clock = clock
        self._page = page
        self._making = threading.Lock()
        self._x509: bytes | None = None  # the signer's, once it was needed

    def of(self, subject: str, code: str, today: date) -> Issued:
        """The certificate of the public pledge `code` of an enterprise.

        Raises `NotFound`, `Gone` (the pledge ended), `Refused` (a character that no font has), `Busy`, `Unavailable`.
        """
        if self._signer is None:
            raise NotFound("this log has no key for certificates (keys/certificate.pem)")
        basis = self._gatherer.basis(subject, code, today)
        name = self._name(basis, code)
        kept = self._kept(code, name)
        if kept is not None:
            return kept
        if not self._making.acquire(timeout=CERTIFICATE_WAIT_SECONDS_MAX):
            raise Busy("the making of certificates", CERTIFICATE_WAIT_SECONDS_MAX)
        try:
            kept = self._kept(code, name)  # somebody else's request may have made it
            if kept is not None:
                return kept
            return self._keep(code, name, self.make(basis, code, self._clock()))
        finally:
            self._making.release()

    def make(self, basis: Basis, code: str, at: int) -> bytes:
        """A signed certificate of the moment `at` (Unix seconds). Raises `NotFound`, `Refused`, `Unavailable`."""
        # Half a second for all three, at the first certificate: every process of the service imports this module.
        from api.certificates.pdf import SET_BY, typeset  # noqa: PLC0415
        from api.certificates.signature import signed  # noqa: PLC0415
        from api.certificates.x509 import self_signed  # noqa: PLC0415

        assert self._signer is not None  # `of` looked
        particulars = Particulars(v=1, issued_at=at, page=self._page(code), set_by=SET_BY)
        attached, grounds = self._gatherer.attached(basis)
        unsigned = typeset(certificate_of(grounds, particulars), attachments_of(attached, particulars), at)
        if self._x509 is None:
            self._x509 = self_signed(self._signer, self._gatherer.origin)
        return signed(unsigned, self._signer, self._x509, at)

    def _name(self, basis: Basis, code: str) -> str:
        """A digest of all that the certificate depends on but the day on which it is made."""
        from api.certificates.pdf import SET_BY  # noqa: PLC0415 - as in `make`

        assert self._signer is not None  # `of` looked
        digest = sha256(f"{SET_BY}\n{self._signer.kid.hex()}\n{self._page(code)}".encode())
        for name, row in basis.items():
            digest.update(f"\n{name}\n{row.index}".encode())
        return digest.hexdigest()

    def _kept(self, code: str, name: str) -> Issued | None:
        try:
            found = self._folder.get(code, name)
        except OSError as error:
            _LOG.warning("a kept certificate cannot be read, it is made again: %s", error)
            return None
        return None if found is None else Issued(*found)

    def _keep(self, code: str, name: str, content: bytes) -> Issued:
        """A full disk is no reason to refuse a certificate that is made."""
        try:
            return Issued(content, self._folder.put(code, name, content))
        except OSError as error:
            _LOG.warning("a certificate was made, but cannot be kept: %s", error)
            return Issued(content, sha256(content).hexdigest())
