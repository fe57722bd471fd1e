"""The follower: one round looks at the log, checks what is new of it, and tells of what concerns its subjects.

1. the checkpoint: signed by the log, by its quorum of witnesses where that is demanded; an extension of the
   last one that was verified; on the first round, the log's beginning is the charter that is trusted
2. the new entries, each against the leaf hash in that tree
3. signatures: of entries that bring or end keys, and of those that concern the subjects
4. telling, in log order; the state moves on only after it
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Collection, Generator, Iterator
from pathlib import Path
from typing import Final, NamedTuple, Protocol

from msgspec.structs import replace

from api.monitor.atomic_files import write_whole
from api.monitor.checkpoint_growth import Inconsistent, KnownCheckpoint, advance, false_files
from api.monitor.graceful_shutdown import GracefulShutdown
from api.monitor.known_keys import KnownKeys
from api.monitor.log_source import LogSource
from api.monitor.monitor_state import FollowState
from api.monitor.notices import Noticed, notice
from api.monitor.proven_tree import ProvenTree, check_charter
from api.monitor.renewal import look_renewed, with_evidence
from ledger.cose.statement import Statement, parse_statement
from ledger.domain.values.subject import own_party
from ledger.errors import LedgerError, Malformed, Misconfigured, NotFound, Refuted, Uncheckable
from ledger.limits import CHARTER_ENTRIES_MAX, TILE_WIDTH
from ledger.reading.prefetch import ahead
from ledger.tlog.tiles import tile_width
from ledger.verifier import Trust

__all__ = ["FollowedSubjects", "Monitor", "Sink", "keys_path", "succession_path"]

_SAVE_BUNDLES: Final = 32  # how many are checked, at most, before the state says so
Progress = Callable[[int, int], object]


class Sink(Protocol):
    """Where events go. `deliver` returns when the event is delivered; until then nothing moves on."""

    @property
    def one_by_one(self) -> bool:
        """Whether a delivery is worth remembering by itself: repeating it would bother somebody."""

    def deliver(self, noticed: Noticed) -> None: ...


def keys_path(state_path: Path) -> Path:
    """The key file beside a state."""
    return state_path.with_name(state_path.name + ".keys")


def succession_path(state_path: Path) -> Path:
    """The evidence beside a state: how the log's keys were succeeded."""
    return state_path.with_name(state_path.name + ".succession")


def _renewed(trust: Trust, path: Path) -> Trust:
    try:
        return with_evidence(trust, path.read_bytes())
    except LedgerError as error:
        raise Misconfigured(f"{path} does not show how the log's keys were succeeded: {error}") from error


class FollowedSubjects(NamedTuple):
    """What is followed, and where that is remembered. No subjects: everything. `trust_text`: the trust file that the
    state is begun with, where it was taken on first use. `from_now`: at the first round nothing of before is told."""

    state_path: Path
    subjects: Collection[str] = ()
    trust_text: str = ""
    from_now: bool = False


class Monitor:
    """One log, one state file, used from one thread while its lock is held."""

    def __init__(
        self,
        source: LogSource,
        trust: Trust,
        sink: Sink,
        followed: FollowedSubjects,
        *,
        stopping: GracefulShutdown | None = None,
        progress: Progress = lambda done, size: None,
    ) -> None:
        """Go on from the state file, or begin one. Raises `Misconfigured`."""
        state_path = followed.state_path
        self._source = source
        self._trust = trust
        self._path = state_path
        self._sink = sink
        self._from_now = followed.from_now
        self._stopping = stopping or GracefulShutdown()
        self._progress = progress
        wanted = tuple(sorted(set(followed.subjects)))
        state = FollowState.load(state_path)
        if state is None:
            state = FollowState(v=1, origin=trust.origin, subjects=wanted, trust=followed.trust_text)
        if state.origin != trust.origin:
            raise Misconfigured(f"{state_path} follows {state.origin!r:.80}, not {trust.origin!r:.80}")
        if state.subjects != wanted:
            raise Misconfigured(f"{state_path} follows other subjects: use a state file for each selection")
        self._state = state
        evidence = succession_path(state_path)
        if evidence.exists():
            self._trust = trust = _renewed(trust, evidence)
        self._kept = state.head(trust)
        self._keys = KnownKeys(keys_path(state_path), state.keys_bytes)
        self._concerned = {*wanted, *map(own_party, wanted)}

    @property
    def state(self) -> FollowState:
        """As it was last saved."""
        return self._state

    def round(self) -> int:
        """Look once, and tell of everything new; how many entries are verified.

        Raises `Inconsistent` (stop, and keep the evidence), `Unavailable`, `Uncheckable` (try again later).
        """
        kept = self._kept
        shown, self._trust, evidence = look_renewed(self._source, self._trust, kept)
        if evidence is not None:  # before the state, whose checkpoint is signed with those keys
            write_whole(succession_path(self._path), evidence)
        tree = advance(kept, shown, self._source)
        if kept is None:
            with _of_the_tree(None, shown):
                check_charter(tree, self._trust.charter, CHARTER_ENTRIES_MAX)
        if kept is None or shown.size > kept.size:
            quiet = shown.size if kept is None and self._from_now else self._state.quiet_below
            self._kept = shown
            self._save(note=shown.note.decode(), size=shown.size, root=shown.root.hex(), quiet_below=quiet)
        self._read(tree, shown)
        return shown.size

    def _read(self, tree: ProvenTree, head: KnownCheckpoint) -> None:
        """Check and tell of the entries from `told` on."""
        told, size = self._state.told, head.size
        since = 0
        with contextlib.closing(self._bundles(told, size)) as bundles:
            while True:
                with _of_the_tree(self._kept, head):
                    found = next(bundles, None)
                    if found is None:
                        break
                    number, entries = found
                    tree.check_bundle(number, entries)
                start = number * TILE_WIDTH
                # What was printed is saved before an end that was asked for; what is posted is saved one by one.
                with contextlib.nullcontext() if self._sink.one_by_one else self._stopping.not_now():
                    quiet = True
                    for index in range(max(start, told), start + len(entries)):
                        quiet = self._entry(index, entries[index - start], head) and quiet
                    told = start + len(entries)
                    since += 1
                    if not quiet or since == _SAVE_BUNDLES or told == size:
                        self._save(told=told)
                        since = 0
                self._progress(told, size)

    def _bundles(self, told: int, size: int) -> Generator[tuple[int, list[bytes]], None, None]:
        numbers = range(told // TILE_WIDTH, -(-size // TILE_WIDTH))
        return ahead(lambda number: self._source.bundle(number, tile_width(0, number, size)), numbers)

    def _entry(self, index: int, entry: bytes, head: KnownCheckpoint) -> bool:
        """Take in one entry, and tell of it if it concerns a subject; whether nothing was told."""
        try:
            statement = parse_statement(entry)
            self._keys.take(index, statement)
            if index < self._state.quiet_below or not self._concerns(statement):
                return True
            signed = self._keys.signed(index, statement)
            noticed = notice(self._trust.origin, index, head.size, signed, self._body(index, statement))
        except (Refuted, Malformed) as error:
            raise Inconsistent(
                "false_entry",
                f"第 {index} 条记录不成立：{error}",
                f"entry {index} of the signed tree does not hold: {error}",
                shown=head.note,
            ) from error
        self._sink.deliver(noticed)
        # A crash here delivers it again, under the same id.
        if self._sink.one_by_one:
            self._save(told=index + 1)
        return False

    def _concerns(self, statement: Statement) -> bool:
        return not self._concerned or statement.subject in self._concerned

    def _body(self, index: int, statement: Statement) -> bytes | None:
        """The body of a sealed entry, where it is public and the log is more than static files."""
        if not statement.sealed:
            return None
        try:
            return self._source.body(index)
        except NotFound:
            return None

    def _save(self, **changed: object) -> None:
        with self._stopping.not_now():
            # A crash between the two leaves keys beyond the length that the state names: they are cut off.
            state = replace(self._state, keys_bytes=self._keys.save(), **changed)
            state.save(self._path)
            self._state = state


@contextlib.contextmanager
def _of_the_tree(kept: KnownCheckpoint | None, shown: KnownCheckpoint) -> Iterator[None]:
    """Files of the log that are not those of its tree are an inconsistency; those that are not there, an obstacle."""
    try:
        yield
    except Inconsistent:
        raise
    except (Refuted, Malformed) as error:
        raise false_files(error, kept, shown) from error
    except NotFound as error:
        raise Uncheckable(f"the tree of {shown.size} entries lacks a file: {error}") from error
