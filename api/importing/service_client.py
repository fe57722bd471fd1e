"""The service as an import sees it: what it asks, what it sends, and patience when the service has none to give.

Everything sent may be sent again: the same bytes are one entry, however often they arrive.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from datetime import date
from typing import Any, Final
from urllib.parse import quote

import httpx
import msgspec

from api.client.signed_uploads import Uploader
from api.client.transport import CBOR_SEQUENCE, RequestBody, Transport, parts_of
from api.http.enterprise_ids import name_of
from api.importing.batch_answers import Answer, decode_answers
from api.importing.book_names import BookNames, names_in_answer
from api.importing.campaign_terms import Campaign, decode_campaign
from api.importing.signing import SignedItem
from api.importing.standards_table import InBook
from ledger.cose.statement import parse_statement
from ledger.errors import Malformed, NotFound, Refused
from ledger.limits import CTIS_QUERY_MAX, EVENTS_PAGE_MAX, IMPORT_TRIES_MAX, STANDINGS_QUERY_IDS_MAX, TILE_WIDTH
from ledger.tlog.checkpoint import parse_checkpoint
from ledger.tlog.tiles import bundle_path, decode_bundle

__all__ = ["ImportClient"]

_BUNDLES_KEPT_MAX: Final = 16
_JSON: Final = "application/json"


class ImportClient:
    """The service as an import asks it.

    `send` may run beside the other methods. All raise `Unavailable` or `Busy` when patience is at an end.
    """

    def __init__(
        self,
        client: httpx.Client,
        *,
        sleep: Callable[[float], None] = time.sleep,
        wall_clock: Callable[[], float] = time.time,
    ) -> None:
        self._transport = Transport(
            client, tries_max=IMPORT_TRIES_MAX, again_if_silent=True, sleep=sleep, wall_clock=wall_clock
        )
        self._bundles: dict[str, list[bytes]] = {}
        self._size = 0

    def origin(self) -> str:
        """The log's origin: the audience of what is signed for it."""
        document = self._json("/.well-known/credit-ledger-trust.json")
        if not isinstance(document.get("origin"), str):
            raise Malformed("the service's trust file names no origin")
        return str(document["origin"])

    def campaign(self, campaign_id: str) -> Campaign:
        """Raises `NotFound` for a campaign that the book does not have."""
        size = _checkpoint_size(self._get("/checkpoint").content)  # so that a campaign just opened is found
        path = f"/v1/campaigns/{quote(campaign_id.removeprefix('campaign:'))}"
        return decode_campaign(self._get(f"{path}?min_tree_size={size}").content)

    def owner_of(self, kid: bytes) -> tuple[str, tuple[bytes, ...]]:
        """The party whose key this is, and the thumbprints of all keys that it ever had. Raises `NotFound`."""
        document = self._json(f"/v1/keys/{kid.hex()}")
        party, keys = document.get("party"), document.get("keys_of_party")
        try:
            if not isinstance(party, str) or not isinstance(keys, list):
                raise ValueError
            return party, tuple(bytes.fromhex(str(one)) for one in keys)
        except ValueError:
            raise Malformed("the service's answer about the key does not name its party and that one's keys") from None

    def known(self, issuer: str, names: Sequence[bytes]) -> set[bytes]:
        """Those of these `cti` under which the book has a statement of `issuer`."""
        found: set[bytes] = set()
        for start in range(0, len(names), CTIS_QUERY_MAX):
            part = names[start : start + CTIS_QUERY_MAX]
            content = msgspec.json.encode({"issuer": issuer, "ctis": [name.hex() for name in part]})
            entries = _object(self._post("/v1/ctis/query", content)).get("entries")
            if not isinstance(entries, list) or len(entries) != len(part):
                raise Malformed(f"the service answered other than one entry or none for each of {len(part)} cti")
            found.update(name for name, entry in zip(part, entries, strict=True) if entry is not None)
        return found

    def in_book(self, subjects: Sequence[str]) -> set[str]:
        """Which of these enterprises the book has."""
        found: set[str] = set()
        for start in range(0, len(subjects), STANDINGS_QUERY_IDS_MAX):
            part = subjects[start : start + STANDINGS_QUERY_IDS_MAX]
            content = msgspec.json.encode({"ids": [subject.removeprefix("uscc:") for subject in part]})
            results = _object(self._post("/v1/standings/query", content)).get("results")
            if not isinstance(results, list) or len(results) != len(part):
                raise Malformed(f"the service answered other than one standing for each of {len(part)} ids")
            found.update(
                subject
                for subject, result in zip(part, results, strict=True)
                if isinstance(result, dict) and result.get("in_book") is True
            )
        return found

    def names(self, subjects: Sequence[str]) -> dict[str, BookNames]:
        """What the book calls these enterprises, as far as it shows them."""
        found: dict[str, BookNames] = {}
        for start in range(0, len(subjects), STANDINGS_QUERY_IDS_MAX):
            part = subjects[start : start + STANDINGS_QUERY_IDS_MAX]
            content = msgspec.json.encode({"ids": [subject.removeprefix("uscc:") for subject in part]})
            results = _object(self._post("/v1/enterprises/query", content)).get("enterprises")
            if not isinstance(results, list) or len(results) != len(part):
                raise Malformed(f"the service answered other than one enterprise or none for each of {len(part)} ids")
            found |= {one: names_in_answer(said) for one, said in zip(part, results, strict=True) if said is not None}
        return found

    def validity(self, code: str) -> tuple[date, date] | None:
        """First and last day of a public pledge; None where no public pledge has this code."""
        try:
            document = self._json(f"/v1/pledges/{code}")
        except NotFound:
            return None
        try:
            return date.fromisoformat(str(document["valid_from"])), date.fromisoformat(str(document["last_day"]))
        except (KeyError, ValueError):  # a pledge that was repudiated is shown without its dates
            return None

    def standards(self, subject: str) -> list[InBook]:
        """The standards that an enterprise declares, abolished ones included; each with its newest number."""
        found: dict[int, str] = {}
        after: int | None = -1
        while after is not None:
            page = self._json(f"/v1/enterprises/{name_of(subject)}/events?after={after}&limit={EVENTS_PAGE_MAX}")
            for view in page.get("events", ()):
                event = view.get("event") or {}
                if event.get("type") == "StandardDeclared":
                    found[view["entry"]] = event["number"]
                elif event.get("type") == "StandardRevised" and event["declaration"] in found:
                    found[event["declaration"]] = event["number"]
            after = page.get("after")
        return [InBook(entry, number) for entry, number in found.items()]

    def send(self, items: Sequence[SignedItem]) -> list[Answer]:
        """Register statements, in as few requests as the limits allow; one answer per item, in order."""
        answers: list[Answer] = []
        for part in parts_of([item.cbor for item in items]):
            body = RequestBody(b"".join(part), CBOR_SEQUENCE)
            answer, repeated = self._transport.ask("POST", "/entries/batch", body)
            answers += decode_answers(answer.content, len(part), repeated=repeated)
        return answers

    def entry(self, index: int) -> bytes:
        """The statement that is entry `index`, out of its bundle of 256: neighbours are mostly asked for, too."""
        number, place = divmod(index, TILE_WIDTH)
        if index >= self._size:
            self._size = _checkpoint_size(self._get("/checkpoint").content)
            if index >= self._size:
                raise NotFound(f"no entry {index} in a log of {self._size}")
        path = bundle_path(number, min(TILE_WIDTH, self._size - number * TILE_WIDTH))
        if path not in self._bundles:
            entries = decode_bundle(self._get(f"/{path}").content)
            while len(self._bundles) >= _BUNDLES_KEPT_MAX:
                del self._bundles[next(iter(self._bundles))]
            self._bundles[path] = entries
        entries = self._bundles[path]
        if place >= len(entries):
            raise Malformed(f"the service's bundle {path} lacks entry {index}")
        parse_statement(entries[place])
        return entries[place]

    def hold_annex(self, content: bytes, uploader: Uploader) -> None:
        """Upload a file ahead of the statement that names it. Raises `Refused` for its type or size."""
        signed = uploader.authorization("/annexes", content)
        self._transport.ask("POST", "/annexes", RequestBody(content, "application/octet-stream", signed))

    def body(self, index: int) -> bytes | None:
        """The body of a sealed entry; None where it is not public."""
        try:
            return self._get(f"/entries/{index}/body").content
        except (NotFound, Refused):
            return None

    def _json(self, path: str) -> dict[str, Any]:
        return _object(self._get(path).content)

    def _post(self, path: str, content: bytes) -> bytes:
        """The answer to a question that is a JSON document."""
        return self._transport.ask("POST", path, RequestBody(content, _JSON))[0].content

    def _get(self, path: str) -> httpx.Response:
        return self._transport.ask("GET", path, accept=_JSON)[0]


def _object(content: bytes) -> dict[str, Any]:
    try:
        return msgspec.json.decode(content, type=dict[str, Any])
    except msgspec.MsgspecError as error:
        raise Malformed(f"the service's answer is no JSON object: {error}") from None


def _checkpoint_size(note: bytes) -> int:
    """The tree size of a signed note. Its signature is not checked: nothing is proved here, only fetched."""
    text, found, _ = note.partition(b"\n\n")
    if not found:
        raise Malformed("the service's checkpoint is no signed note")
    return parse_checkpoint(text + b"\n").size
