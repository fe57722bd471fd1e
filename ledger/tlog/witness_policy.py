"""Trust policies: which logs are believed, which witnesses count, how many it takes (C2SP tlog-policy).

    log <vkey> [<url>]
    witness <name> <vkey> [<url>]
    group <name> all|any|<k> <name>...
    quorum <name>|none

`parse_policy` takes what the format allows (comments, blanks, any order that defines a name before its use);
`Policy.format` writes the one canonical text: logs, witnesses, groups, quorum, with single spaces.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import Final

from ledger.errors import Malformed, Uncheckable
from ledger.limits import POLICY_BYTES_MAX, POLICY_GROUPS_MAX, POLICY_LOGS_MAX, POLICY_WITNESSES_MAX
from ledger.tlog.checkpoint import VerifiedCheckpoint, open_checkpoint
from ledger.tlog.cosignature import Cosignature, CosignerKey, verifier_of
from ledger.tlog.note import parse_note
from ledger.tlog.vkey import COSIGNATURE_ED25519, COSIGNATURE_ML_DSA_44, ED25519, VerifierKey

__all__ = ["NONE", "Cosigned", "Group", "LogLine", "Policy", "PolicyWitness", "parse_logs", "parse_policy"]

NONE: Final = "none"
_ALLOWED: Final = re.compile(rb"[\t\n\x20-\x7e\x80-\xff]*")
_WORD: Final = re.compile(r"[^\x00-\x20\x7f]+")
_BLANKS: Final = re.compile("[ \t]+")
_THRESHOLD: Final = re.compile("[1-9][0-9]{0,8}")


@dataclass(frozen=True, slots=True)
class LogLine:
    """A log that is accepted; its key's name is its origin."""

    key: VerifierKey
    url: str | None = None


@dataclass(frozen=True, slots=True)
class PolicyWitness:
    """A witness under the name that the policy gives it; `url` is its submission prefix (C2SP tlog-witness)."""

    name: str
    key: VerifierKey
    url: str | None = None


@dataclass(frozen=True, slots=True)
class Group:
    """Witnesses a checkpoint if `rule` of its members do: `all`, `any` or a decimal number."""

    name: str
    rule: str
    members: tuple[str, ...]

    @property
    def threshold(self) -> int:
        """How many members it takes."""
        return {"all": len(self.members), "any": 1}.get(self.rule) or int(self.rule)


@dataclass(frozen=True, slots=True)
class Cosigned:
    """A checkpoint that satisfies a policy: only `Policy.require` gives one.

    `cosignatures` are those of the policy's witnesses that hold, by the policy's name of the witness.
    """

    checkpoint: VerifiedCheckpoint
    cosignatures: Mapping[str, Cosignature]
    quorum: str


@dataclass(frozen=True, slots=True)
class Policy:
    """A policy that makes sense: every name is defined before it is used, and used at most once."""

    logs: tuple[LogLine, ...]
    witnesses: tuple[PolicyWitness, ...]
    groups: tuple[Group, ...]
    quorum: str

    def __post_init__(self) -> None:
        _check(self)

    def format(self) -> bytes:
        """The canonical text: `parse_policy` gives the same policy."""
        lines = [_line("log", log.key.format(), log.url) for log in self.logs]
        lines += [_line("witness", w.name, w.key.format(), w.url) for w in self.witnesses]
        lines += [_line("group", group.name, group.rule, *group.members) for group in self.groups]
        lines += [_line("quorum", self.quorum)]
        return "".join(lines).encode("utf-8", "surrogateescape")

    def without_urls(self) -> Policy:
        """The same policy for who verifies offline."""
        return Policy(
            tuple(LogLine(log.key) for log in self.logs),
            tuple(PolicyWitness(witness.name, witness.key) for witness in self.witnesses),
            self.groups,
            self.quorum,
        )

    @property
    def demands(self) -> bool:
        """Whether it takes any witness at all."""
        return self.quorum != NONE

    def reached(self, names: Collection[str]) -> bool:
        """Whether cosignatures of the witnesses of these names are a quorum. Says nothing about their truth."""
        witnessed = set(names) & {witness.name for witness in self.witnesses}
        for group in self.groups:  # members come before the groups that they are in
            if sum(member in witnessed for member in group.members) >= group.threshold:
                witnessed.add(group.name)
        return not self.demands or self.quorum in witnessed

    def require(self, note: bytes, *log_keys: VerifierKey) -> Cosigned:
        """Verify a checkpoint: signed by a log of the policy, cosigned by a quorum of its witnesses.

        `log_keys` are those of the log that is meant, where that is known; they must then be among the policy's
        logs, if it lists any. Raises `Malformed`, `Refuted` (a signature of a known key does not hold, another
        log), `Uncheckable` (no quorum, or no key to verify with).
        """
        listed = [log.key for log in self.logs]
        keys = [key for key in log_keys if not listed or key in listed] if log_keys else listed
        if not keys:
            raise Uncheckable("the policy does not know the log's key")
        checkpoint = open_checkpoint(note, *(verifier_of(key) for key in keys))
        found = self.cosignatures(note)
        if not self.reached(found):
            raise Uncheckable(
                f"no quorum of witnesses: {self.quorum} is needed, "
                f"{', '.join(sorted(found)) or 'none'} cosigned the tree of {checkpoint.size} entries"
            )
        return Cosigned(checkpoint, found, self.quorum)

    def cosignatures(self, note: bytes) -> dict[str, Cosignature]:
        """The cosignatures of the policy's witnesses on a note, by name, whoever else signed it.

        Raises `Malformed`, `Refuted` where one does not hold (C2SP signed-note, "Signatures"). Those that this
        installation cannot verify are left out.
        """
        unverified = parse_note(note)
        found: dict[str, Cosignature] = {}
        for witness in self.witnesses:
            key = CosignerKey(witness.key)
            lines = [line for line in unverified.signatures if (line.name, line.key_id) == (key.name, key.key_id)]
            with suppress(Uncheckable):
                opened = [key.open(unverified.text, line) for line in lines]
                found.update((witness.name, cosignature) for cosignature in opened[:1])
        return found


def parse_policy(data: bytes) -> Policy:
    """Read a policy ("Policy file syntax and structure"). Raises `Malformed`; `parse_policy(p.format()) == p`."""
    logs: list[LogLine] = []
    witnesses: list[PolicyWitness] = []
    groups: list[Group] = []
    quorums: list[str] = []
    names: set[str] = set()
    for words in _lines(data):
        match words:
            case ["log", vkey, *url] if len(url) <= 1:
                logs.append(LogLine(_key(vkey), *url))
            case ["witness", name, vkey, *url] if len(url) <= 1:
                witnesses.append(PolicyWitness(name, _key(vkey), *url))
                names.add(name)
            case ["group", name, rule, *members]:
                _check_defined(members, names)
                groups.append(Group(name, rule, tuple(members)))
                names.add(name)
            case ["quorum", name]:
                _check_defined([name], names | {NONE})
                quorums.append(name)
            case _:
                raise Malformed(f"not a line of a policy: {' '.join(words)[:120]!r}")
    if len(quorums) != 1:
        raise Malformed("a policy says its quorum exactly once")
    return Policy(tuple(logs), tuple(witnesses), tuple(groups), quorums[0])


def parse_logs(data: bytes) -> tuple[LogLine, ...]:
    """Read a list of logs: the `log` lines of a policy and no others. Raises `Malformed`."""
    logs: list[LogLine] = []
    for words in _lines(data):
        if words[0] != "log" or not 2 <= len(words) <= 3:
            raise Malformed(f"not a line of a list of logs: {' '.join(words)[:120]!r}")
        logs.append(LogLine(_key(words[1]), *words[2:]))
    _check_logs(logs)
    return tuple(logs)


def _lines(data: bytes) -> Iterator[list[str]]:
    """The words of each line that has any. Octets beyond ASCII are opaque ("Character set")."""
    if len(data) > POLICY_BYTES_MAX or not _ALLOWED.fullmatch(data):
        raise Malformed(f"a policy is at most {POLICY_BYTES_MAX} bytes without control characters")
    for line in data.decode("utf-8", "surrogateescape").split("\n"):
        text = line.strip(" \t")
        if text and not text.startswith("#"):
            yield _BLANKS.split(text)


def _line(*words: str | None) -> str:
    return " ".join(word for word in words if word is not None) + "\n"


def _key(text: str) -> VerifierKey:
    return VerifierKey.parse(text)


def _check_defined(used: Sequence[str], names: Collection[str]) -> None:
    for name in used:
        if name not in names:
            raise Malformed(f"a policy uses the name {name!r:.80} before it is defined")


def _check(policy: Policy) -> None:
    """Raises `Malformed` for what the format's grammar allows and its text forbids."""
    _check_logs(policy.logs)
    if len(policy.witnesses) > POLICY_WITNESSES_MAX or len(policy.groups) > POLICY_GROUPS_MAX:
        raise Malformed(f"a policy has at most {POLICY_WITNESSES_MAX} witnesses and {POLICY_GROUPS_MAX} groups")
    if any(witness.key.type not in (COSIGNATURE_ED25519, COSIGNATURE_ML_DSA_44) for witness in policy.witnesses):
        raise Malformed("a witness's key is of a cosigner's type (0x04 or 0x06)")
    _check_distinct("public key of a witness", [witness.key.key.hex() for witness in policy.witnesses])
    ids = [f"{witness.key.name} {witness.key.key_id.hex()}" for witness in policy.witnesses]
    _check_distinct("key id: signatures could not be told apart", ids)
    known = [witness.name for witness in policy.witnesses]
    members: list[str] = []
    for group in policy.groups:
        _check_defined(group.members, known)
        members += group.members
        known.append(group.name)
        if group.rule not in ("all", "any") and not _THRESHOLD.fullmatch(group.rule):
            raise Malformed(f"not a group's rule: {group.rule!r:.80}")
        if not group.members or not 1 <= group.threshold <= len(group.members):
            raise Malformed(f"the group {group.name!r:.80} cannot have {group.rule} of {len(group.members)} members")
    _check_distinct("name", [NONE, *known])
    _check_distinct("member of groups", members)
    _check_defined([policy.quorum], [*known, NONE])
    urls = [*(log.url for log in policy.logs), *(witness.url for witness in policy.witnesses)]
    if not all(_WORD.fullmatch(word) for word in (*known, *(url for url in urls if url is not None))):
        raise Malformed("a policy's names and addresses are words")


def _check_logs(logs: Sequence[LogLine]) -> None:
    if len(logs) > POLICY_LOGS_MAX:
        raise Malformed(f"at most {POLICY_LOGS_MAX} logs can be listed")
    if any(log.key.type not in (ED25519, COSIGNATURE_ED25519, COSIGNATURE_ML_DSA_44) for log in logs):
        raise Malformed("a log's key is of a type that signs checkpoints")
    _check_distinct("public key of a log", [log.key.key.hex() for log in logs])


def _check_distinct(what: str, values: Sequence[str]) -> None:
    seen: set[str] = set()
    for value in values:
        if value in seen:
            raise Malformed(f"twice the same {what}: {value!r:.80}")
        seen.add(value)
