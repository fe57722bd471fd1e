"""The one error family. Domain errors carry no HTTP status: that belongs to the edge (`api/http/errors.py`).

Parsers and verifiers of bytes from outside raise nothing but these.
"""

from __future__ import annotations

__all__ = [
    "AlreadyRegistered",
    "Behind",
    "Busy",
    "ClockDoubted",
    "Corrupted",
    "HistoryBroken",
    "LedgerError",
    "Malformed",
    "Misconfigured",
    "NotFound",
    "PartLost",
    "Raced",
    "Refused",
    "Refuted",
    "Unavailable",
    "Uncheckable",
]


class LedgerError(Exception):
    """Base of every error that this product raises on purpose."""


class Malformed(LedgerError):
    """Bytes or text that are not the one canonical form of what they claim to be."""


class Refuted(LedgerError):
    """A verification came out false: a signature, proof, digest or binding does not hold."""


class Uncheckable(LedgerError):
    """A verification could not be carried out: something that it needs was not given."""


class NotFound(LedgerError):
    """What was asked for is not in the book."""


class Refused(LedgerError):
    """A statement, or a request, that may not be registered.

    `rule` is stable and dotted (`pledge.one_live_per_scope`): programs match on it. `zh` and `en` say to
    a person what is wrong and what would be right; `detail` names the offending value.
    """

    def __init__(self, rule: str, zh: str, en: str, detail: str = "") -> None:
        super().__init__(f"{rule}: {en}" + (f" ({detail})" if detail else ""))
        self.rule = rule
        self.zh = zh
        self.en = en
        self.detail = detail


class AlreadyRegistered(Refused):
    """The same (`iss`, `cti`) is in the book with other bytes.

    `index` is the leaf index of the entry that has it, `payload_sha256` the digest of its payload, so
    that a client that signed the same content again can tell.
    """

    def __init__(self, index: int, payload_sha256: bytes) -> None:
        super().__init__(
            "statement.cti_taken",
            f"该签发者的这个声明编号已用于第 {index} 条记录，内容不同",
            f"this issuer already used this cti for entry {index}, with other bytes",
        )
        self.index = index
        self.payload_sha256 = payload_sha256


class Busy(LedgerError):
    """A bounded queue is full; nothing was done. Try again after `retry_after_seconds`."""

    def __init__(self, what: str, retry_after_seconds: int = 1) -> None:
        super().__init__(f"{what} is full, try again in {retry_after_seconds} s")
        self.retry_after_seconds = retry_after_seconds


class QuotaFull(Busy):
    """What an owner uploaded, and no entry names yet, fills its quota: its own to clear, by naming or by waiting."""


class Unavailable(LedgerError):
    """The database cannot be reached, or did not say whether it committed; nothing is known to be done.

    `unsettled` is False where it did say that it did not commit.
    """

    unsettled = True


class PartLost(Unavailable):
    """A part of a long job was given up: whoever worked on it ended, each of several times. For want of memory?"""

    def __init__(self, number: int, count: int, times: int) -> None:
        super().__init__(f"part {number} of {count} was given up: {times} times a worker ended over it, out of memory?")


class HistoryBroken(LedgerError):
    """The store holds less than this log signed, or something else: nothing is appended until a person decides."""


class Corrupted(LedgerError):
    """What was to be written does not verify, by a fault of this machine or a defect: nothing was written."""


class ClockDoubted(LedgerError):
    """This machine's clock is behind the log's newest checkpoint, or far ahead of everything else: a fault of ours."""


class Behind(LedgerError):
    """The read models have not taken in what the book holds: what they say is not answered for. Try again later."""

    def __init__(self, what: str, retry_after_seconds: int = 5) -> None:
        super().__init__(what)
        self.retry_after_seconds = retry_after_seconds


class Misconfigured(LedgerError):
    """The database, a folder or a setting is not as it must be; trying again will not help, an operator will."""


class Raced(LedgerError):
    """Another writer took the position, or a unique fact: take in the tail and decide again."""
