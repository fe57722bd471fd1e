"""The names of what is attached to a certificate, and how the entries in it are told apart.

    certificate.json                              the particulars that are in no entry
    ENTRY.transparent.cose, ENTRY.evidence.cbor   for each entry: as the service serves them

where ENTRY is `pledge`, `publication`, `campaign`, `policy`, `name-1` (the registration), `name-2`…, `correction-1`…
All of them are open statements: what is sealed stands on no certificate. Taken out side by side, the files are what
`verify` takes.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Final, NamedTuple

import msgspec

from api.certificates.layout import Grounds, Particulars, Place
from ledger.cose import headers
from ledger.domain.events.base import Recorded
from ledger.errors import Malformed

__all__ = [
    "PARTICULARS",
    "AttachedEntry",
    "AttachedFile",
    "attachments_of",
    "entries_in",
    "grounds_of",
    "particulars_in",
]

PARTICULARS: Final = "certificate.json"
_STATEMENT: Final = ".transparent.cose"
_EVIDENCE: Final = ".evidence.cbor"
_SINGLE: Final = ("pledge", "publication", "campaign", "policy")
_ABOUT: Final = {
    "pledge": "承诺 · the pledge",
    "publication": "承诺的公布 · its publication",
    "campaign": "活动的开启 · the opening of the campaign",
    "policy": "登记规则 · the registration policy",
    "name": "企业登记或更名 · registration or renaming of the enterprise",
    "correction": "承诺的更正 · a correction of the pledge",
}


class AttachedFile(NamedTuple):
    """A file in a certificate; `about` says to a reader what it is."""

    name: str
    content: bytes
    media_type: str
    about: str


class AttachedEntry(NamedTuple):
    """An entry as it is attached: transparent statement, and evidence about its issuer."""

    statement: bytes
    evidence: bytes


def attachments_of(entries: Mapping[str, AttachedEntry], particulars: Particulars) -> list[AttachedFile]:
    """The files of a certificate, in the order in which they are attached: that of `entries`, each with its parts."""
    content = msgspec.json.encode(particulars)
    found = [AttachedFile(PARTICULARS, content, "application/json", "制发信息 · particulars of this certificate")]
    for name, entry in entries.items():
        about = _ABOUT[name.partition("-")[0]]
        found.append(AttachedFile(name + _STATEMENT, entry.statement, "application/cose", about))
        found.append(AttachedFile(name + _EVIDENCE, entry.evidence, headers.EVIDENCE, f"{about}：证据 · evidence"))
    return found


def entries_in(files: Mapping[str, bytes]) -> dict[str, AttachedEntry]:
    """The entries among files by name, in the order of `attachments_of`. Raises `Malformed` for other sets of files."""
    found: dict[str, AttachedEntry] = {}
    for name in _names(files):
        if name + _STATEMENT not in files or name + _EVIDENCE not in files:
            raise Malformed(f"the certificate does not carry the entry {name!r} with its evidence")
        found[name] = AttachedEntry(files[name + _STATEMENT], files[name + _EVIDENCE])
    due = {PARTICULARS, *(name + end for name in found for end in (_STATEMENT, _EVIDENCE))}
    if others := set(files) - due:
        raise Malformed(f"the certificate carries a file that does not belong there: {min(others)!r:.80}")
    return found


def particulars_in(files: Mapping[str, bytes]) -> Particulars:
    """Raises `Malformed`."""
    try:
        particulars = msgspec.json.decode(files[PARTICULARS], type=Particulars)
    except KeyError:
        raise Malformed(f"the certificate does not carry {PARTICULARS}") from None
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as error:
        raise Malformed(f"{PARTICULARS}: {error}") from None
    if particulars.v != 1 or not 0 <= particulars.issued_at < _TIME_MAX:
        raise Malformed(f"{PARTICULARS}: of another version, or of no possible time")
    return particulars


_TIME_MAX: Final = 253_402_300_799 - 86_400  # the year 9999, anywhere


def grounds_of(recorded: Mapping[str, Recorded], place: Place, origin: str, *, demo: bool) -> Grounds:
    """What the layout asks, from the entries by name, in the order of `attachments_of`."""
    names = tuple(at for name, at in recorded.items() if name.startswith("name-"))
    corrections = tuple(at for name, at in recorded.items() if name.startswith("correction-"))
    return Grounds(
        origin=origin,
        demo=demo,
        place=place,
        names=names,
        corrections=corrections,
        **{name: recorded[name] for name in _SINGLE},
    )


def _names(files: Mapping[str, bytes]) -> Iterator[str]:
    yield from _SINGLE
    for kind in ("name", "correction"):
        number = 1
        while f"{kind}-{number}{_STATEMENT}" in files:
            yield f"{kind}-{number}"
            number += 1
