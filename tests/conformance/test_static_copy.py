"""A mirror's copy behind a plain file server is a log to others: foreign code reads, rebuilds and verifies it whole.

`tests/oracles/static_logs.py` shares no line with ours: `requests`, `pymerkle`, `cryptography`, `scitt-cose`.
"""

from __future__ import annotations

from pathlib import Path

import pytest

from ledger.tlog.tiles import bundle_path
from tests.integration.mirror.test_targets import mirrored, with_receipts
from tests.integration.mirror.test_with_service import file_server
from tests.support.mirror_places import FolderPlace
from tests.support.oracles import Oracle, Refused
from tests.unit.api.monitor.conftest import SUBJECT, Scene, scene

__all__ = ["scene"]


def test_foreign_code_finds_the_log_whole_and_notices_a_changed_byte(scene: Scene, tmp_path: Path) -> None:
    place = FolderPlace(tmp_path / "copy")
    for count in (3, 250, 1, 300):
        scene.say(SUBJECT, count)
    with_receipts(scene)
    mirrored(scene, place).round()
    log = scene.log
    given = {"vkey": log.checkpoint_key.key.format(), "receipt_key": log.receipt_key.public.pem}
    with file_server(place.path) as url, Oracle("static_logs") as theirs:
        found = theirs.ask("verify", url=url, **given)
        assert (found["size"], found["receipts"]) == (len(log.entries), len(log.heads))
        good = place.get(bundle_path(1)) or b""
        place.put(bundle_path(1), good[:-1] + bytes([good[-1] ^ 1]))
        with pytest.raises(Refused, match="is not over its bundle"):
            theirs.ask("verify", url=url, **given)
