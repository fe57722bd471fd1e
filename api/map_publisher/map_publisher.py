"""Publishing roots of the completeness map: the statement, and the task that makes it where the operator's key is here.

The key is the log operator's, a party like others: not one of the log's own keys.
"""

from __future__ import annotations

import asyncio
import logging
from hashlib import sha256
from typing import Final, NamedTuple

from api.service.service import Service
from ledger.cose.statement import Claims, make_statement
from ledger.domain.events.completeness_map import MapRootPublished
from ledger.domain.values.dates import shanghai_date
from ledger.domain.values.subject import MAP
from ledger.errors import Busy, LedgerError, Misconfigured, Refused
from ledger.keys.signer import Signer
from ledger.registration import AdmittingLog, admit
from projections.completeness.map_tables import MapState

__all__ = ["MapCut", "publish_roots", "root_statement"]

_LOG = logging.getLogger(__name__)
_LOOK_SECONDS: Final = 1.0
_AGAIN_SECONDS: Final = 30.0


class MapCut(NamedTuple):
    """The map over the first `tree_size` entries of the log: its root (SHA-256), and how many subjects it holds."""

    root: bytes
    tree_size: int
    subjects: int


def root_statement(cut: MapCut, *, origin: str, issuer: str, signer: Signer, now: int) -> bytes:
    """The statement of one root, signed at `now` (Unix seconds); a second one for the same size is refused, whoever
    makes it."""
    event = MapRootPublished(
        v=1, effective_on=shanghai_date(now), root=cut.root.hex(), tree_size=cut.tree_size, subjects=cut.subjects
    )
    cti = sha256(f"{origin}\nmap\n{cut.tree_size}".encode()).digest()[:16]
    return make_statement(event, Claims(MAP, issuer, origin, now, cti), signer)


async def publish_roots(service: Service, signer: Signer) -> None:
    """Publish each new cut of the map, for as long as the service runs. Several services may: one of them wins."""
    while True:
        try:
            await _publish(service, signer)
            await asyncio.sleep(_LOOK_SECONDS)
        except (Busy, Refused) as error:
            _LOG.info("completeness map: root not published: %s", error)
            await asyncio.sleep(_LOOK_SECONDS)
        except LedgerError as error:
            _LOG.warning("completeness map: root not published: %s", error)
            await asyncio.sleep(_AGAIN_SECONDS)


async def _publish(service: Service, signer: Signer) -> None:
    cut = await service.off_loop(service.views.map.cut)
    roots = service.governance.map_roots
    if cut is None or (roots and cut.size <= roots[-1].tree_size):
        return
    candidate = admit(
        _statement(cut, service, signer),
        None,
        AdmittingLog(service.origin, service.governance, service.sequencer.keyring),
        now=service.clock(),
    )
    (answer,) = await service.submissions.register(candidate)
    if isinstance(answer, LedgerError):
        raise answer
    _LOG.info("completeness map: root over %d entries is entry %d", cut.size, answer.index)


def _statement(cut: MapState, service: Service, signer: Signer) -> bytes:
    key = service.governance.keys.get(signer.kid)
    if key is None:
        raise Misconfigured(f"the operator's key {signer.kid.hex()[:16]}… is not enrolled in this log")
    made = MapCut(cut.root, cut.size, cut.subjects)
    return root_statement(made, origin=service.origin, issuer=key.party, signer=signer, now=service.clock())
