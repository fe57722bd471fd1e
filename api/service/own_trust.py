"""The service's own trust file: what a client compares out of band, and what an archive carries for convenience."""

from __future__ import annotations

from api.service.service import Service
from ledger.errors import NotFound
from ledger.verifier import TrustFile, trusted_certificate_keys

__all__ = ["trust_file"]


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
        trusted_certificate_keys(service.keys),
    )
