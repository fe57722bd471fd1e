"""`serve --demo`: a charter made up on the spot, its keys under `DATA/keys/`, and a sample campaign.

Everything says 演示. The campaign is that of the newest 15 March that has come, so that the demonstration is about
today in whatever year it runs. It is opened and filled over HTTP, through the ordinary import path, like anybody's;
what was registered before a stop is found again by its `cti`.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from hashlib import sha256
from pathlib import Path
from typing import Final

import httpx

from api.client.client import Client
from api.demo.sample_records import ENTERPRISES_MIN, tell_records
from api.demo.sample_roster import CLAUSES, SampleCampaign, last_campaign, sample_xlsx
from api.importing.import_file import ImportSigners, import_file
from api.importing.import_signer import hand_of
from api.importing.service_client import ImportClient
from api.importing.submission import ImportRun, Progress
from api.importing.table_plan import TableReading
from ledger.charter.demo_charter import demo_charter
from ledger.cose.statement import make_statement
from ledger.domain.events.campaign import CampaignOpened
from ledger.domain.values.dates import shanghai_date
from ledger.errors import AlreadyRegistered, Unavailable
from ledger.keys.log_keys import LogKeys
from ledger.keys.signer import Signer, load_key, new_key, save_key

__all__ = ["Demo", "SampleFill"]

_LOG = logging.getLogger(__name__)

ORIGIN: Final = "demo.credit-ledger.example/2026"
PARTIES: Final = (
    "root",
    "registrar",
    "organizer",
    "approver",
    "regulator",
    "handling-body",
    "data-officer",
    "laboratory",
    "log-operator",
)


class Demo:
    """The parties of a demonstration and their keys. Never used outside `--demo`."""

    def __init__(self, keys_dir: Path) -> None:
        """Make the key files that are not there yet, and load all."""
        self._folder = keys_dir
        self.log_keys = LogKeys.make(keys_dir, ORIGIN)
        self.signers: Mapping[str, Signer] = {name: _key(keys_dir / f"{name}.pem") for name in PARTIES}

    def charter(self, now: int) -> list[bytes]:
        """The charter of a demonstration that begins at `now` (Unix seconds)."""
        return demo_charter(self.log_keys, self.signers, now, last_campaign(shanghai_date(now)).opens_on.year)

    def filled(self, enterprises: int) -> Path:
        """The file that says that a sample of so many enterprises is in."""
        return self._folder / f"filled-{enterprises}"

    def fill(
        self,
        url: str,
        enterprises: int,
        now: int,
        *,
        sleep: Callable[[float], None] = time.sleep,
        progress: Progress = lambda done, total: None,
    ) -> None:
        """Open the last campaign and import a sample roster of `enterprises`; again goes on from there.

        Waits by `sleep`, as the client library and the import do when the service is busy. Raises `Unavailable` or
        `Busy` where it does not answer in time, and what it refuses.
        """
        campaign = last_campaign(shanghai_date(now))
        roster = self._folder / "sample-roster.xlsx"
        roster.write_bytes(sample_xlsx(enterprises, campaign=campaign))
        with httpx.Client(base_url=url, timeout=60) as client:
            self._open_campaign(url, campaign, now, sleep)
            organizer = hand_of(self.signers["organizer"], ImportClient(client, sleep=sleep), self._folder)
            report = import_file(
                roster,
                client,
                ImportSigners(organizer),
                shanghai_date(now),
                TableReading(campaign=_subject(campaign), late_ground="演示数据 · demonstration"),
                ImportRun(progress=progress, sleep=sleep),
            )
        if report.stopped is not None:
            raise Unavailable(report.stopped)
        if enterprises >= ENTERPRISES_MIN:
            self._tell(url, campaign, roster.read_bytes(), now, sleep)
        said = ", ".join(f"{count} {status}" for status, count in report.counts().items())
        _LOG.info("sample campaign %d at %s: %s", campaign.opens_on.year, url, said)
        self.filled(enterprises).touch()

    def _tell(self, url: str, sample: SampleCampaign, roster: bytes, now: int, sleep: Callable[[float], None]) -> None:
        with Client(url, sleep=sleep) as client:
            size = int(client.checkpoint().split(b"\n")[1])
            client.json(f"/v1/campaigns?min_tree_size={size}")  # the read models have come as far
            year = str(sample.opens_on.year)
            tell_records(client, self.signers, ORIGIN, year, roster, shanghai_date(now), now)

    def _open_campaign(self, url: str, sample: SampleCampaign, now: int, sleep: Callable[[float], None]) -> None:
        year = sample.opens_on.year
        event = CampaignOpened(
            v=1,
            effective_on=sample.opens_on,
            late_ground="演示数据 · demonstration",
            name_zh=f"{year} 年 3·15 产品和服务质量诚信承诺（演示）",
            name_en=f"3·15 pledge on the quality of products and services, {year} (demonstration)",
            theme="演示: 守诺",
            notice_number=f"演示〔{year}〕1号",
            opens_on=sample.opens_on,
            closes_on=sample.closes_on,
            pledge_valid_until=sample.pledge_valid_until,
            scopes=("comprehensive", "product", "service", "product_and_service"),
            clauses=CLAUSES,
            overlap="one_per_scope",
            certificate_title="产品和服务质量诚信承诺企业（演示）",
            certificate_basis=f"演示〔{year}〕1号第三条",
        )
        organizer = self.signers["organizer"]
        statement = make_statement(
            event,
            subject=_subject(sample),
            issuer="party:organizer",
            audience=ORIGIN,
            signer=organizer,
            iat=now,
            cti=sha256(f"demonstration campaign {year}".encode()).digest()[:16],
        )
        with Client(url, sleep=sleep) as client, suppress(AlreadyRegistered):
            client.submit(statement)


class SampleFill:
    """Fills a demonstration with a sample campaign of so many enterprises (`api.demo.filling.Fill`)."""

    def __init__(self, demo: Demo, enterprises: int, clock: Callable[[], int]) -> None:
        self._demo = demo
        self._enterprises = enterprises
        self._clock = clock

    @property
    def done(self) -> bool:
        return self._demo.filled(self._enterprises).exists()

    def __call__(self, url: str, *, sleep: Callable[[float], None], progress: Progress) -> None:
        self._demo.fill(url, self._enterprises, self._clock(), sleep=sleep, progress=progress)


def _subject(campaign: SampleCampaign) -> str:
    return f"campaign:{campaign.opens_on.year}"


def _key(path: Path) -> Signer:
    if not path.exists():
        save_key(path, new_key("ed25519"))
    return load_key(path)
