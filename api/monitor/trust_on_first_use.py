"""Which trust file is believed: the one given, else the one that was taken at the first run, else the log's own now."""

from __future__ import annotations

from collections.abc import Callable
from hashlib import sha256
from pathlib import Path

from api.monitor.log_source import LogSource
from ledger.errors import Malformed, Misconfigured, NotFound, Uncheckable
from ledger.limits import TRUST_BYTES_MAX
from ledger.verifier import Trust, parse_trust

__all__ = ["believed"]


def believed(
    given: Path | None, remembered: bytes | None, source: LogSource, say: Callable[[str], object]
) -> tuple[Trust, bytes]:
    """The trust file and its bytes. Raises `Misconfigured`, `Uncheckable`, `Unavailable`.

    Nobody is warned by a log's own trust file of a log that was another from the start: it is said when it is taken.
    """
    if given is not None:
        with given.open("rb") as file:
            data = file.read(TRUST_BYTES_MAX + 1)
        try:
            return parse_trust(data), data
        except Malformed as error:
            raise Misconfigured(f"{given}: {error}") from error
    if remembered:
        return parse_trust(remembered), remembered
    try:
        data = source.trust()
        trust = parse_trust(data)
    except (NotFound, Malformed) as error:
        raise Uncheckable(f"the log's own trust file: {error}") from error
    say(
        f"信任文件取自日志本身，未经比对 / the trust file is the log's own, compare it out of band: "
        f"{trust.origin}, sha256 {sha256(data).hexdigest()}, charter {trust.charter.hex()}"
    )
    return trust, data
