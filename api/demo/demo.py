"""`serve --demo`: a charter made up on the spot, its keys under `DATA/keys/`, and a sample campaign.

Everything says 演示. The campaign is that of the newest 15 March that has come, so that the demonstration is about
today in whatever year it runs. It is opened and filled over HTTP, through the ordinary import path, like anybody's;
what was registered before a stop is found again by its `cti`. Beside it stands what `sample_records` tells.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Mapping
from hashlib import sha256
from pathlib import Path
from typing import Final

import httpx

from api.client.client import Client
from api.demo.sample_complaints import complain
from api.demo.sample_pledges import Told, sample_campaign
from api.demo.sample_records import ENTERPRISES_MIN, tell_records
from api.demo.sample_roster import SampleCampaign, last_campaign, sample_enterprises, sample_xlsx, year_before
from api.demo.voice import LATE, Voice
from api.importing.import_file import ImportSigners, import_file
from api.importing.import_report import ImportReport
from api.importing.import_signer import hand_of, secret_file
from api.importing.service_client import ImportClient
from api.importing.submission import ImportRun, Progress
from api.importing.table_plan import TableReading
from ledger.charter.demo_charter import demo_charter
from ledger.domain.values.dates import shanghai_date
from ledger.errors import Unavailable
from ledger.keys.log_keys import LogKeys
from ledger.keys.naming_secret import save_secrets
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
    "organizer-2",
    "regulator-2",
    "handling-body-2",
)
_OF_TWO_OFFICERS: Final = ("organizer", "regulator", "handling-body")


class Demo:
    """The parties of a demonstration and their keys. Never used outside `--demo`."""

    def __init__(self, keys_dir: Path) -> None:
        """Make the key files that are not there yet, and load all."""
        self._folder = keys_dir
        self._own_keys: dict[str, Signer] = {}
        self.log_keys = LogKeys.make(keys_dir, ORIGIN)
        self.signers: Mapping[str, Signer] = {name: _key(keys_dir / f"{name}.pem") for name in PARTIES}
        for name in _OF_TWO_OFFICERS:
            secret = secret_file(keys_dir, f"party:{name}")
            if not secret.exists():  # a party with two keys is not asked from which one its imports are named
                save_secrets(secret, (self.signers[name].secret,), None)

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
        with Client(url, sleep=sleep) as client:
            voice = Voice(client, ORIGIN, self.signers, self._own_key, now, shanghai_date(now), sleep)
            voice.says_of_campaign("organizer", _subject(campaign), sample_campaign(campaign))
            report = self._import(url, roster, campaign, now, sleep, progress)
            if report.stopped is not None:
                raise Unavailable(report.stopped)
            if enterprises >= ENTERPRISES_MIN:
                self._tell(client, campaign, roster.read_bytes(), voice)
            _show_all(client)
        names = [one.name for one in sample_enterprises(2)]
        complain(url, names, self._folder / f"complained-{enterprises}")
        said = ", ".join(f"{count} {status}" for status, count in report.counts().items())
        _LOG.info("sample campaign %d at %s: %s", campaign.opens_on.year, url, said)
        self.filled(enterprises).touch()

    def _import(
        self,
        url: str,
        roster: Path,
        campaign: SampleCampaign,
        now: int,
        sleep: Callable[[float], None],
        progress: Progress,
    ) -> ImportReport:
        with httpx.Client(base_url=url, timeout=60) as client:
            organizer = hand_of(self.signers["organizer"], ImportClient(client, sleep=sleep), self._folder)
            return import_file(
                roster,
                client,
                ImportSigners(organizer),
                shanghai_date(now),
                TableReading(campaign=_subject(campaign), late_ground=LATE),
                ImportRun(progress=progress, sleep=sleep),
            )

    def _own_key(self, code: str) -> Signer:
        """The key of an enterprise, made when it is first asked for."""
        if code not in self._own_keys:
            self._own_keys[code] = _key(self._folder / f"{code}.pem")
        return self._own_keys[code]

    def _tell(self, client: Client, sample: SampleCampaign, roster: bytes, voice: Voice) -> None:
        """What was pledged a year ago, what is pledged today, and what came of it all."""
        before = year_before(sample)
        voice.says_of_campaign("organizer", _subject(before), sample_campaign(before))
        size = _show_all(client)
        codes: dict[str, str] = {}
        for one in sample_enterprises(ENTERPRISES_MIN):
            answer = client.json(f"/v1/enterprises/{one.code}/declarations?min_tree_size={size}")
            if answer["pledges"]:  # one that is not for the public has none to be seen
                codes[one.code] = str(answer["pledges"][0]["code"])
        tell_records(voice, Told(sample, before, codes, sha256(roster).hexdigest()))


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


def _show_all(client: Client) -> int:
    """Wait until the read models show what is registered by now; up to which tree size."""
    size = int(client.checkpoint().split(b"\n")[1])
    client.json(f"/v1/campaigns?min_tree_size={size}")
    return size


def _subject(campaign: SampleCampaign) -> str:
    return f"campaign:{campaign.opens_on.year}"


def _key(path: Path) -> Signer:
    if not path.exists():
        save_key(path, new_key("p256"))  # of the kind that browsers take: `/desk/demo`
    return load_key(path)
