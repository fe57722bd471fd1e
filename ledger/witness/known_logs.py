"""Whom a witness knows: the logs' keys, by origin.

Two forms of list are read: `log <vkey> [<url>]` lines as in a C2SP tlog-policy, where the key's name is the origin;
and the witness network's `logs/v0` (transparency-dev/witness-network, "Log-list format"), which names the origin if it
is another.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import Final

from ledger.errors import Malformed
from ledger.limits import POLICY_LOGS_MAX
from ledger.tlog.vkey import VerifierKey
from ledger.tlog.witness_policy import parse_logs

__all__ = ["KnownLogs", "parse_known_logs"]

KnownLogs = Mapping[str, tuple[VerifierKey, ...]]
"""Origin → the keys with which that log may sign."""

_HEADER: Final = "logs/v0"
_FIELDS: Final = ("origin", "bastion", "qpd", "contact")  # what may follow a `vkey` line; only the origin matters here
_LIST_BYTES_MAX: Final = 4_194_304


def parse_known_logs(*lists: bytes) -> KnownLogs:
    """Read one list or several. Raises `Malformed`, also where nobody is on them."""
    known: dict[str, tuple[VerifierKey, ...]] = {}
    for data in lists:
        for origin, key in _read(data):
            if key not in known.get(origin, ()):
                known[origin] = (*known.get(origin, ()), key)
    if not known:
        raise Malformed("a witness knows at least one log")
    for keys in known.values():
        if len({(key.name, key.key_id) for key in keys}) != len(keys):
            raise Malformed(f"two keys of {keys[0].name} share an id: signatures could not be told apart")
    return MappingProxyType(known)


def _read(data: bytes) -> Sequence[tuple[str, VerifierKey]]:
    if len(data) > _LIST_BYTES_MAX:
        raise Malformed(f"a list of logs has at most {_LIST_BYTES_MAX} bytes")
    try:
        lines = data.decode("utf-8").split("\n")
    except UnicodeDecodeError:
        raise Malformed("a list of logs is UTF-8 text") from None
    lines = [line for line in lines if line and not line.startswith("#")]
    if lines[:1] == [_HEADER]:
        return _network_list(lines[1:])
    return [(log.key.name, log.key) for log in parse_logs(data)]


def _network_list(lines: Sequence[str]) -> list[tuple[str, VerifierKey]]:
    """The items after the `logs/v0` line: each begins with its `vkey` and has each other field at most once."""
    found: list[tuple[str, VerifierKey]] = []
    seen: set[str] = set()
    for line in lines:
        field, _, value = line.partition(" ")
        if field == "vkey" and len(found) < POLICY_LOGS_MAX:
            key = VerifierKey.parse(value)
            found.append((key.name, key))
            seen = set()
        elif found and field in _FIELDS and field not in seen and value:
            seen.add(field)
            if field == "origin" and value != "none":
                found[-1] = (value, found[-1][1])
        else:
            raise Malformed(f"not a line of a list of logs, or one log too many: {line[:120]!r}")
    return found
