"""The log's own witness policy: read from a file, and required to be one that this log can follow."""

from __future__ import annotations

from pathlib import Path

from ledger.errors import Malformed, Misconfigured
from ledger.tlog.vkey import VerifierKey
from ledger.tlog.witness_policy import Policy, PolicyWitness, parse_policy

__all__ = ["asked", "read_policy"]

_SCHEMES = ("http://", "https://")


def read_policy(path: Path, log_key: VerifierKey) -> Policy:
    """The policy in a file. Raises `Misconfigured` unless a checkpoint of this log can ever satisfy it.

    If it lists logs, this one is among them; the witnesses that have an address, and are asked, are a quorum.
    """
    try:
        data = path.read_bytes()
        policy = parse_policy(data)
        data.decode("utf-8")  # it goes into the trust file, which is JSON
    except OSError as error:
        raise Misconfigured(f"{path}: {error.strerror}") from error
    except (Malformed, UnicodeDecodeError) as error:
        raise Misconfigured(f"{path}: {error}") from error
    # By name: the log's keys may have been succeeded, and a policy may list those before and after.
    if policy.logs and log_key.name not in {log.key.name for log in policy.logs}:
        raise Misconfigured(f"{path}: the policy lists logs, but not this one: {log_key.format()}")
    for witness in policy.witnesses:
        if witness.url is not None and not witness.url.startswith(_SCHEMES):
            raise Misconfigured(f"{path}: not an address of a witness: {witness.url[:200]}")
    if not policy.reached([witness.name for witness in asked(policy)]):
        raise Misconfigured(f"{path}: the witnesses that have an address are not a quorum ({policy.quorum})")
    return policy


def asked(policy: Policy) -> tuple[PolicyWitness, ...]:
    """The witnesses that the log submits its checkpoints to: those with an address."""
    return tuple(witness for witness in policy.witnesses if witness.url is not None)
