"""`serve --demo`: a charter made up on the spot, its keys under `DATA/keys/`, and a sample campaign.

Everything says 演示. The campaign is filled through the ordinary import path, over HTTP, like anybody's; what
was registered before a stop is found again by its `cti`.
"""

from __future__ import annotations

import datetime
import logging
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import httpx

from api.importing import import_file
from api.sample import write_sample_roster
from ledger.charter import demo_charter
from ledger.keys.logkeys import LogKeys
from ledger.keys.signer import Signer, load_key, new_key, save_key

__all__ = ["Demo"]

_LOG = logging.getLogger(__name__)

ORIGIN: Final = "demo.credit-ledger.example/2026"
PARTIES: Final = ("root", "registrar", "organizer", "approver", "regulator", "handling-body", "data-officer")
