"""Whatever byte of what the browser is given is changed: never 已核验."""

from __future__ import annotations

import random
import time
from collections.abc import Mapping

import pytest

from ledger.cose.receipt import detach
from tests.browser.conftest import Shown, Watched
from tests.browser.program import Flip, Program

FLIPS_OF_EACH = 500


def _flips(seed: str, data: bytes) -> list[Flip]:
    chance = random.Random(seed)
    return [(chance.randrange(len(data)), chance.randrange(1, 256)) for _ in range(FLIPS_OF_EACH)]


@pytest.mark.slow
@pytest.mark.timeout(900)
def test_no_changed_byte_of_anything_leaves_anything_verified(watched: Watched, shown: Shown) -> None:
    program = Program(watched.open())
    trust, now = shown.trust_file(), int(time.time())
    transparent, evidence = shown.files(shown.pledge, "it").values()
    statement, (receipt,) = detach(transparent)
    together = {"it.cose": statement, "it.receipt.cose": receipt, "it.evidence.cbor": evidence}
    artefacts: dict[str, Mapping[str, bytes]] = {
        **{name: {name: together[name], **together} for name in together},  # the first is the one that is changed
        "checkpoint": {"checkpoint": shown.book.checkpoint()},
        "bundle": {"bundle": shown.bundle()},
        "certificate": {"certificate.pdf": shown.certificate()},
    }
    for name, files in artefacts.items():
        assert "verified" in {report["verdict"] for report in program.files(files, trust, now)}, name
        changed = next(iter(files.values()))
        assert program.flips(files, trust, now, _flips(name, changed)) == [], name
    assert program.trust_flips(trust, _flips("trust", trust)) == []
