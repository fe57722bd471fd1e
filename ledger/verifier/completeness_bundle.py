"""Offline verification of a completeness bundle, in these steps, which the code follows and the report repeats:

1. The checkpoint is signed by the log's key, and by the quorum of witnesses that the trust file demands.
2. Every statement is in the one form that statements have, meant for this log, and its receipts hold.
3. All trees that the receipts show are beginnings of the checkpoint's: there is one log.
4. Each stream holds statements about its own subject, in the order of the log, each once; none is missing of the
   streams that the others rest on.
5. Entry 0 is in the charter that the trust file names.
6. From there on, in the order of the log, every statement was signed by a key of its issuer that was valid there, by
   an issuer entitled to it; the governing ones are within the rules. Bodies are those that were committed to.
7. The map's root was registered by the log's operator, over entries before its own.
8. Each stream is complete up to the size that the root covers: number and mini-log are those that the map holds; or
   the map shows that there is nothing.
9. The entries since then are in the log, and named as what they are: nobody shows that they are all.

What a bundle cannot show is in the report too. What follows from it, a standing, is computed from what is returned.
"""

from __future__ import annotations

import heapq
from collections.abc import Mapping, Sequence
from itertools import islice, pairwise
from typing import Final

from ledger.domain.events.base import Closed, Event, Recorded
from ledger.domain.rules.catalogue import SPECS
from ledger.domain.state.completeness_map import MapRoot
from ledger.domain.state.fold import fold
from ledger.domain.state.governance import Governance
from ledger.domain.state.party import ROOT_PARTY
from ledger.domain.state.record import EnterpriseRecord
from ledger.domain.values.subject import MAP, POLICY, is_governing, kind
from ledger.errors import LedgerError, Refuted, Uncheckable
from ledger.tlog.checkpoint import VerifiedCheckpoint
from ledger.tlog.prefix import stream_value, verify_in_map
from ledger.tlog.proof import verify_consistency
from ledger.verifier import bundle_wording as wording
from ledger.verifier.checkpoint import verify_head
from ledger.verifier.entry_location import Located, LocatedStream, Roots, locate
from ledger.verifier.formats.bundle import Bundle, parse_bundle
from ledger.verifier.issuer_keys import IssuerChain
from ledger.verifier.report import Remark, Verified, anchored
from ledger.verifier.succession import renewed
from ledger.verifier.trust import Trust

__all__ = ["VerifiedBundle", "fold_shown", "verify_bundle"]

_GOVERNING: Final[tuple[type[Event], ...]] = tuple(
    spec.event for spec in SPECS.values() if not spec.streams.isdisjoint(("party", "policy", "campaign", "map"))
)


class VerifiedBundle(Verified, frozen=True, kw_only=True):
    """A subject's stream, whole up to `map_root.tree_size`, and what is shown since.

    `events` are in the order of the log, sealed ones without a public body as `Closed`; `record` is folded from them,
    None where there are none. `governance`: parties, policies and campaigns as the bundle shows them. `recorded_at`:
    Unix seconds, of every entry shown. `since`: how many of the events came after the map's size. `disputed`: indices
    of events signed in a time since when their key is known to be compromised.
    """

    subject: str
    checkpoint: VerifiedCheckpoint
    map_root: MapRoot
    events: tuple[Recorded, ...]
    record: EnterpriseRecord | None
    governance: Governance
    recorded_at: Mapping[int, int]
    since: int
    disputed: tuple[int, ...]

    @property
    def closed(self) -> tuple[int, ...]:
        """The indices of sealed entries whose bodies are not shown."""
        return tuple(at.index for at in self.events if isinstance(at.event, Closed))


def verify_bundle(data: bytes, trust: Trust) -> VerifiedBundle:
    """Verify a bundle. Raises `Refuted`, `Malformed`, `Uncheckable` (something needed was not given)."""
    bundle = parse_bundle(data)
    steps: list[Remark] = []

    governing = (stream for stream in bundle.streams if kind(stream.subject) in ("party", "policy"))
    trust = renewed(trust, (one.transparent for stream in governing for one in stream.entries))
    head = verify_head(bundle.checkpoint, trust)  # 1
    steps += head.steps

    roots = Roots()  # 2
    root_entry = locate(bundle.root, trust, roots)
    streams = {stream.subject: LocatedStream.of(stream, trust, roots) for stream in bundle.streams}
    entries = sum(len(stream) for stream in streams.values()) + 1
    steps.append(wording.located(entries, trust))

    _one_log(bundle, roots, head.checkpoint)  # 3
    steps.append(wording.one_log(len(roots.seen), head.checkpoint.size))

    _whole(streams, root_entry)  # 4
    steps.append(wording.streams(list(streams)))

    first, _ = next(iter(streams[ROOT_PARTY]))  # 5
    chain = IssuerChain(trust, first, _GOVERNING)
    steps.append(anchored(trust))

    subject = bundle.streams[0].subject
    events = _in_order(chain, streams, root_entry)  # 6
    closed = sum(isinstance(at.event, Closed) for at in events)
    steps.append(wording.in_order(entries, sum(at.sealed for at in events), closed))

    map_root = chain.governance.map_roots[-1]  # 7
    steps.append(wording.rooted(map_root, root_entry.statement.issuer))

    for stream in streams.values():  # 8
        _complete(stream, map_root)
    before = sum(at.index < map_root.tree_size for at in events)
    steps.append(wording.complete(subject, before, map_root, len(streams) - 1))

    since = len(events) - before  # 9
    steps.append(wording.since(since, map_root, head.checkpoint.size))

    governance = chain.governance
    return VerifiedBundle(
        steps=tuple(steps),
        not_shown=wording.NOT_SHOWN,
        subject=subject,
        checkpoint=head.checkpoint,
        map_root=map_root,
        events=tuple(events),
        record=fold_shown(events),
        governance=governance,
        recorded_at={one.index: one.iat for stream in streams.values() for one in stream.receipts},
        since=since,
        disputed=tuple(at.index for at in events if governance.disputed(at.kid, at.index, at.recorded_at)),
    )


def fold_shown(events: Sequence[Recorded]) -> EnterpriseRecord | None:
    """The record that events of one stream add up to, None for none.

    Raises `Refuted` where one does not follow from those before it: no log that keeps its rules has such a stream.
    """
    try:
        return fold(None, events)
    except LedgerError:
        raise
    except (ArithmeticError, AssertionError, AttributeError, LookupError, TypeError, ValueError) as error:
        raise Refuted(f"the entries do not follow from one another: {type(error).__name__} {error}") from error


def _one_log(bundle: Bundle, roots: Roots, head: VerifiedCheckpoint) -> None:
    """One consistency proof between neighbouring sizes, up to the checkpoint's."""
    known = {size: receipt.root for size, receipt in roots.seen.items()}
    if known.setdefault(head.size, head.root) != head.root:
        raise Refuted(f"the log signed two different trees of {head.size} entries")
    sizes = sorted(known)
    if sizes[-1] > head.size:
        raise Refuted(f"a receipt is of a tree of {sizes[-1]} entries, the checkpoint of {head.size} only")
    if len(bundle.consistency) != len(sizes) - 1:
        raise Refuted("the bundle does not hold one consistency proof for each step between its trees")
    for (old, new), proof in zip(pairwise(sizes), bundle.consistency, strict=True):
        verify_consistency(old, new, known[old], known[new], proof)


def _whole(streams: Mapping[str, LocatedStream], root_entry: Located) -> None:
    """Each statement in its own stream and in order; and the streams that must be there."""
    for subject, stream in streams.items():
        for other in sorted(stream.subjects - {subject}):
            raise Refuted(f"an entry in the stream of {subject} is about {other}")
        for before, after in pairwise(stream.receipts):
            if before.index >= after.index:
                raise Refuted(f"entry {after.index} stands after entry {before.index} in the stream of {subject}")
    if root_entry.statement.subject != MAP:
        raise Refuted(f"entry {root_entry.index} is no root of the map")
    needed = {ROOT_PARTY, POLICY, root_entry.statement.issuer}
    needed = needed.union(*(stream.issuers for stream in streams.values()))
    for subject in sorted(needed):
        if not streams.get(subject):
            raise Uncheckable(f"the bundle lacks the stream of {subject}, on which others rest")


def _in_order(chain: IssuerChain, streams: Mapping[str, LocatedStream], root_entry: Located) -> list[Recorded]:
    """Every entry at its position, under the governance of that position; the events of the bundle's subject."""
    located = heapq.merge([(root_entry, None)], *streams.values(), key=lambda one: one[0].index)
    events: list[Recorded] = []
    for entry, body in islice(located, 1, None):  # entry 0 began the chain
        if is_governing(entry.statement.subject):
            chain.take(entry)
        else:
            events.append(_said(chain, entry, body, len(events) + 1))
    return events


def _said(chain: IssuerChain, entry: Located, body: bytes | None, version: int) -> Recorded:
    statement = chain.signed(entry)
    if body is not None and not statement.sealed:
        raise Refuted(f"entry {entry.index} is open: a body does not belong to it")
    return entry.recorded(chain.said(statement, body), version)


def _complete(stream: LocatedStream, map_root: MapRoot) -> None:
    """The entries that are shown are those that the map counts, neither more nor less nor others."""
    shown = stream.shown
    value = verify_in_map(shown.subject, map_root.root, shown.proof)
    covered = [
        (receipt.index, leaf)
        for receipt, leaf in zip(stream.receipts, stream.leaves, strict=True)
        if receipt.index < map_root.tree_size
    ]
    if len(covered) != value.entries:
        raise Refuted(
            f"{shown.subject} has {value.entries} entries among the first {map_root.tree_size} of the log, "
            f"but {len(covered)} are shown"
        )
    if stream_value(covered) != value:
        raise Refuted(f"the entries that are shown of {shown.subject} are not those that the map holds")
