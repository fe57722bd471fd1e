"""The steps of a complaint file: what a person did, when, and what was said. Private; never in the log.

A file is the list of its steps, in order; `case_file.py` says what they add up to and which may follow.
"""

from __future__ import annotations

from datetime import date
from typing import Annotated, Final, Literal

import msgspec
from msgspec import Meta, Struct

from ledger.domain.events.complaint import Outcome
from ledger.errors import Corrupted

__all__ = [
    "AnyStep",
    "CaseAccepted",
    "CaseClosed",
    "CaseDeclined",
    "CaseForwarded",
    "CaseHandedOver",
    "CaseIdentified",
    "CasePublished",
    "CaseRegistered",
    "CaseResumed",
    "CaseStep",
    "CaseSuspended",
    "Channel",
    "Contact",
    "EnterpriseReplied",
    "Issue",
    "MediationHeld",
    "NoteWritten",
    "PartiesNotified",
    "PartyTold",
    "decode_steps",
    "encode_steps",
]

Channel = Literal["web", "telephone", "letter", "visit", "platform"]
Issue = Literal["quality", "safety", "counterfeit", "contract", "service", "price", "advertising", "other"]
ShortLine = Annotated[str, Meta(min_length=1, max_length=200)]
Text = Annotated[str, Meta(min_length=1, max_length=4000)]


class Contact(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """Who complains, and how to reach them: one of telephone and mail at least."""

    name: ShortLine
    telephone: str = ""
    email: str = ""


class CaseStep(Struct, frozen=True, kw_only=True, tag_field="step", omit_defaults=True):
    """`at` in Unix seconds; `by` the officer's pseudonym, "" for the complainant at `/complain`."""

    at: int
    by: str


class CaseRegistered(CaseStep, frozen=True, kw_only=True, tag="registered"):
    """登记. `subject` None: the enterprise named is not found in the book, or not unambiguously."""

    channel: Channel
    received_on: date
    subject: str | None = None
    enterprise: ShortLine
    product: ShortLine
    text: Text
    wanted: str = ""
    contact: Contact


class CaseIdentified(CaseStep, frozen=True, kw_only=True, tag="identified"):
    """Which enterprise of the book it is about."""

    subject: str


class CaseAccepted(CaseStep, frozen=True, kw_only=True, tag="accepted"):
    """受理, with what the outcome will name it by."""

    product_class: ShortLine
    issue: Issue


class CaseDeclined(CaseStep, frozen=True, kw_only=True, tag="declined"):
    """不予受理, with its ground, which the complainant sees."""

    product_class: ShortLine
    issue: Issue
    ground: ShortLine


class CaseForwarded(CaseStep, frozen=True, kw_only=True, tag="forwarded"):
    """转办: the enterprise was asked."""


class EnterpriseReplied(CaseStep, frozen=True, kw_only=True, tag="replied"):
    """企业答复, on the day on which it came in. `substantive`: it answers the matter."""

    replied_on: date
    text: Text
    substantive: bool = True


class MediationHeld(CaseStep, frozen=True, kw_only=True, tag="mediated"):
    """调解 was held or offered: how it went."""

    text: Text


class CaseClosed(CaseStep, frozen=True, kw_only=True, tag="closed"):
    """办结."""

    outcome: Outcome
    reason: str = ""


class PartiesNotified(CaseStep, frozen=True, kw_only=True, tag="notified"):
    """告知: on which day the enterprise was told what will be published, the proof of its delivery, and what the
    complainant is told."""

    notified_on: date
    delivery: ShortLine
    text: Text


class CasePublished(CaseStep, frozen=True, kw_only=True, tag="published"):
    """公布: the entry of the outcome, found in the book."""

    entry: int


class CaseSuspended(CaseStep, frozen=True, kw_only=True, tag="suspended"):
    """Every clock stands still from now on."""

    reason: ShortLine


class CaseResumed(CaseStep, frozen=True, kw_only=True, tag="resumed"):
    """They run again."""


class CaseHandedOver(CaseStep, frozen=True, kw_only=True, tag="handed_over"):
    """To a colleague of the same body, or taken over by one."""

    to: str


class NoteWritten(CaseStep, frozen=True, kw_only=True, tag="noted"):
    """For colleagues alone."""

    text: Text


class PartyTold(CaseStep, frozen=True, kw_only=True, tag="told"):
    """What the complainant sees beside the state of the case."""

    text: Text


AnyStep = (
    CaseRegistered
    | CaseIdentified
    | CaseAccepted
    | CaseDeclined
    | CaseForwarded
    | EnterpriseReplied
    | MediationHeld
    | CaseClosed
    | PartiesNotified
    | CasePublished
    | CaseSuspended
    | CaseResumed
    | CaseHandedOver
    | NoteWritten
    | PartyTold
)
_ENCODER: Final = msgspec.json.Encoder()
_DECODER: Final = msgspec.json.Decoder(tuple[AnyStep, ...])


def encode_steps(steps: tuple[AnyStep, ...]) -> bytes:
    """As they are encrypted and kept."""
    return _ENCODER.encode(steps)


def decode_steps(content: bytes) -> tuple[AnyStep, ...]:
    """Raises `Corrupted` for what `encode_steps` did not write."""
    try:
        return _DECODER.decode(content)
    except msgspec.DecodeError as error:
        raise Corrupted(f"a complaint file cannot be read: {error}") from error
