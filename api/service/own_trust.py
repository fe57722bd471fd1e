"""The service's own trust file: what a client compares out of band, and what an archive carries for convenience."""

from __future__ import annotations

from api.http.errors import WriterElsewhere
from api.service.process_role import Writing
from api.service.service import Service
from ledger.errors import NotFound
from ledger.verifier import TrustedKey, TrustFile, trusted_certificate_keys

__all__ = ["certificate_keys", "trust_file"]


def trust_file(service: Service) -> TrustFile:
    """The log's own trust file. `charter` is the root of the first checkpoint, which covers exactly the charter."""
    charter = service.store.checkpoint_covering(0)
    if charter is None:
        raise NotFound("the log is empty")
    governance = service.governance
    assert governance.anchors is not None  # entry 0 names them
    return TrustFile.of_log(
        governance.anchors,
        governance.successions,
        charter.root,
        service.witnessing.trust_text,
        certificate_keys(service),
    )


def certificate_keys(service: Service) -> tuple[TrustedKey, ...]:
    """The keys that certificates are signed with: no entry names them, so that a process that only reads knows them
    from the log's trust file. Raises `WriterElsewhere` where it was given none."""
    if isinstance(service.role, Writing):
        return trusted_certificate_keys(service.role.keys)
    if service.role.trust is None:
        raise WriterElsewhere(service.role.writer)
    return service.role.trust.certificate_keys
