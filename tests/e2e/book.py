"""A running service with the test charter, and somebody who speaks to it over real HTTP.

The service reads the wall clock: whatever is said here is dated today.
"""

from __future__ import annotations

import io
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import date, timedelta
from hashlib import sha256
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import cbor2
import httpx
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from ledger.charter.charter_file import write_charter
from ledger.domain.events.base import Event
from ledger.domain.events.campaign import CampaignOpened
from ledger.domain.events.pledge import PledgeMade, PledgePublished
from ledger.domain.values.dates import shanghai_date
from ledger.keys.signer import Signer, save_key
from ledger.verifier import Trust, parse_trust
from tests.support.charter import ORGANIZER, ORIGIN, REGISTRAR, Speaker, charter
from tests.support.keys import log_keys
from tests.support.projected import before_reading
from tests.support.running import RunningService
from tests.support.statements import (
    CAMPAIGN,
    EVIDENCE,
    campaign_opened,
    code,
    key_enrolled,
    party_enrolled,
    pledge_made,
    pledge_published,
    registered,
    sign,
    speaker_of,
    usual_speaker,
)

__all__ = ["Book", "batch_of", "chartered", "lay_out", "open_book", "size_of", "today"]

Answer = dict[str, Any]


def today() -> date:
    return shanghai_date(int(time.time()))


def lay_out(folder: Path) -> tuple[str, str]:
    """Write the log's keys and a charter of now into a data folder; the options that `serve` needs for them."""
    keys, folder_of_keys = log_keys(ORIGIN), folder / "keys"
    folder_of_keys.mkdir(parents=True)
    checkpoint = Signer.of(Ed25519PrivateKey.from_private_bytes(sha256(ORIGIN.encode()).digest()))
    assert keys.certificate is not None
    for name, signer in (
        ("checkpoint", checkpoint),
        ("receipt", keys.receipt),
        ("standing", keys.standing),
        ("certificate", keys.certificate),
    ):
        save_key(folder_of_keys / f"{name}.pem", signer)
    path = folder / "charter.cbor"
    path.write_bytes(write_charter(charter(int(time.time()), in_force_from=today().replace(month=1, day=1))))
    return "--charter", str(path)


def chartered(
    folder: Path, *options: str, database: str | None = None, descriptors_max: int | None = None, proxies: str = ""
) -> RunningService:
    """A service, not yet started, that will register the test charter. Embedded PostgreSQL unless one is named."""
    environment = {} if database is None else {"LEDGER_DATABASE_URL": database}
    if proxies:
        environment["LEDGER_TRUSTED_PROXIES"] = proxies
    return RunningService(folder, *lay_out(folder), *options, environment=environment, descriptors_max=descriptors_max)


@contextmanager
def open_book(folder: Path, *options: str, database: str | None = None) -> Iterator[Book]:
    with chartered(folder, *options, database=database) as service, Book(service) as book:
        yield book


def size_of(checkpoint: bytes) -> int:
    """The tree size that a checkpoint says."""
    return int(checkpoint.split(b"\n")[1])


def batch_of(items: Sequence[tuple[bytes, bytes | None]]) -> bytes:
    """The body of `POST /entries/batch`."""
    return b"".join(cbor2.dumps(one if body is None else [one, body]) for one, body in items)


class Book:
    """What clients of one service do; methods that register assert that it worked."""

    def __init__(self, service: RunningService) -> None:
        self.service = service
        hooks = {"request": [before_reading(service.url)]}
        self.http = httpx.Client(base_url=service.url, timeout=30, event_hooks=hooks)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self.http.close()

    def sign(self, event: Event, subject: str, by: Speaker = ORGANIZER, **more: Any) -> tuple[bytes, bytes | None]:
        """The statement, issued now, and its body if it is sealed."""
        return sign(event, subject=subject, by=by, iat=more.pop("iat", int(time.time())), **more)

    def post(self, statement: bytes, *, accept: str = "*/*") -> httpx.Response:
        headers = {"Content-Type": "application/cose", "Accept": accept}
        return self.http.post("/entries", content=statement, headers=headers)

    def batch(self, items: Sequence[tuple[bytes, bytes | None]]) -> list[Answer]:
        """One result per item of a batch."""
        answer = self.http.post("/entries/batch", content=batch_of(items))
        assert answer.status_code == 200, answer.text
        decoder = cbor2.CBORDecoder(io.BytesIO(answer.content))
        return [decoder.decode() for _ in items]

    def register(self, event: Event, subject: str, by: Speaker | None = None, **more: Any) -> int:
        """Register an event; its leaf index."""
        statement, body = self.sign(event, subject, by or usual_speaker(event), **more)
        (result,) = self.batch([(statement, body)])
        assert result["status"] == "registered", result
        index: int = result["entry"]
        return index

    def get(self, path: str, **more: Any) -> httpx.Response:
        """What is there: 200."""
        answer = self.http.get(path, **more)
        assert answer.status_code == 200, f"{path}: {answer.status_code} {answer.text[:300]}"
        return answer

    def checkpoint(self) -> bytes:
        return self.get("/checkpoint").content

    def size(self) -> int:
        return size_of(self.checkpoint())

    def trust(self) -> Trust:
        return parse_trust(self.get("/.well-known/credit-ledger-trust.json").content)

    # What many tests need to be in the book

    def campaign(self, **given: Any) -> int:
        return self.register(self.opened(**given), CAMPAIGN)

    def opened(self, **given: Any) -> CampaignOpened:
        window = {
            "opens_on": today() - timedelta(days=14),
            "closes_on": today(),
            "pledge_valid_until": today() + timedelta(days=365),
            "scopes": ("comprehensive", "product", "service", "product_and_service"),
        }
        return campaign_opened(**{"effective_on": today(), **window, **given})

    def enterprise(self, subject: str, **given: Any) -> int:
        return self.register(registered(**{"effective_on": today(), **given}), subject)

    def own_key(self, subject: str, speaker: Speaker | None = None) -> Speaker:
        """The enterprise as a party with a key of its own."""
        speaker = speaker or speaker_of(subject)
        self.register(party_enrolled(effective_on=today()), speaker.party, REGISTRAR)
        self.enrol(speaker)
        return speaker

    def enrol(self, speaker: Speaker, by: Speaker = REGISTRAR, **given: Any) -> int:
        """A key of a party that is there: its first by a registrar, a further one `by` the party."""
        day = {"effective_on": today(), "valid_from": today()}
        return self.register(key_enrolled(speaker.signer, speaker.party, **{**day, **given}), speaker.party, by)

    def pledge(self, subject: str, *, serial: int, **given: Any) -> tuple[int, int, str]:
        """A pledge made on paper and its publication: both indices, and the code."""
        statement, body = self.sign(self.made(evidence=EVIDENCE, **given), subject, sealed=_is_sealed(given))
        (made,) = self.batch([(statement, body)])
        assert made["status"] == "registered", made
        publication = self.published(made["statement_id"], serial)
        return made["entry"], self.register(publication, subject, sealed=_is_sealed(given)), publication.code

    def made(self, **given: Any) -> PledgeMade:
        return pledge_made(**{"effective_on": today(), "made_on": today(), **given})

    def published(self, statement_id: bytes, serial: int) -> PledgePublished:
        return pledge_published(
            statement_id,
            effective_on=today(),
            code=code(serial, today()),
            valid_from=today(),
            valid_until=today() + timedelta(days=365),
        )


def _is_sealed(given: dict[str, Any]) -> bool:
    return given.get("disclosure", "public") != "public"
