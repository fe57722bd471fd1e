"""The statement by which a person says that a history is lost (`HistoryGivenUp`), held against what the log signed."""

from __future__ import annotations

from ledger.cose.statement import decode_event, parse_statement
from ledger.domain.events.history import HistoryGivenUp
from ledger.domain.state.governance import Governance
from ledger.errors import Refused
from ledger.registration import AdmittingLog, Candidate, admit
from ledger.sequencing.head import LogHead
from ledger.sequencing.signed_history import SignedTree

__all__ = ["admit_loss", "require_given_up"]


def require_given_up(accepted: bytes, governance: Governance) -> None:
    """The statement is an entry already, from an earlier start. Raises `Refused`: there is nothing for it to say."""
    event = decode_event(parse_statement(accepted))
    if event not in governance.given_up:
        raise Refused(
            "history.nothing_lost",
            "数据库与已签发的历史相符，没有需要放弃的历史",
            "the database holds all that this log signed: there is no history to give up",
        )


def admit_loss(
    accepted: bytes, head: LogHead, known: SignedTree | None, witnessed: int, origin: str, now: int
) -> tuple[Candidate, HistoryGivenUp]:
    """The statement as the next entry of `head`: it keeps what the database holds, and gives up just what is lost.

    `known`: the largest tree that this log signed, as far as anybody here knows. `witnessed`: the size that a witness
    holds. Raises `Refused`, and what `admit` raises.
    """
    governance, keyring = head.governance, head.keyring
    candidate = admit(accepted, None, AdmittingLog(origin, governance, keyring), now=now)
    event = candidate.event
    kept = (head.size, head.edge.root().hex())
    if not isinstance(event, HistoryGivenUp) or (event.kept_size, event.kept_root) != kept:
        raise Refused(
            "history.kept_otherwise",
            "声明须为 HistoryGivenUp，且写明数据库现有的记录数和根",
            "the statement is a HistoryGivenUp that names what the database holds",
            f"kept_size {kept[0]}, kept_root {kept[1]}",
        )
    if known is not None and (event.lost_size, event.lost_root) != (known.size, known.root.hex()):
        raise Refused(
            "history.lost_otherwise",
            "声明须写明本账本签发过的最大的记录数和根",
            "the statement names the largest tree that this log signed",
            f"lost_size {known.size}, lost_root {known.root.hex()}",
        )
    if event.lost_size < witnessed:
        raise Refused(
            "history.lost_more",
            f"见证方持有 {witnessed} 条记录的检查点",
            f"a witness holds a checkpoint of {witnessed} entries",
            str(event.lost_size),
        )
    return candidate, event
