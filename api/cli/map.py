"""`map`: publish a root of the completeness map, or replay the log and compare every root that was published."""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import click
import msgspec

from api.cli.options import FILE
from api.cli.output import open_key, passphrase_option, print_json
from api.cli.progress_bar import progress_bar
from api.client.client import Client, RegisteredEntry
from api.map_publisher.map_publisher import MapCut, root_statement
from ledger.domain.events.base import Digest
from ledger.errors import Malformed, NotFound, Refuted, Uncheckable
from ledger.limits import TILE_WIDTH
from ledger.store.postgres import PostgresStore
from ledger.tlog.checkpoint import Checkpoint, parse_checkpoint
from ledger.tlog.note import parse_note
from ledger.verifier import parse_trust, verify_head
from projections.completeness.map_replay import Checked, Replay

__all__ = ["map_"]


class Cut(msgspec.Struct, frozen=True):
    """What a service says the map is, over the first `tree_size` entries."""

    tree_size: int
    root: Digest
    subjects: int


class About(msgspec.Struct, frozen=True):
    """What the service says of the completeness map (`GET /v1/map`)."""

    origin: str
    published: Cut | None
    cut: Cut | None


class MapHead(NamedTuple):
    """The tree that the entries must add up to. `believed`: by a trust file, or only by the service's own word."""

    checkpoint: Checkpoint
    believed: bool


@click.group("map")
def map_() -> None:
    """The completeness map: from every subject to the whole list of its entries (docs/completeness.md)."""


@map_.command()
@click.argument("url")
@click.option("--key", "key_path", type=FILE, required=True, help="The log operator's private key.")
@click.option("--issuer", default="party:log-operator", show_default=True, help="The party that it belongs to.")
@click.option("--recompute", is_flag=True, help="Replay the log first, and sign only what comes out of it.")
@passphrase_option
def publish(url: str, *, key_path: Path, issuer: str, recompute: bool, passphrase_file: Path | None) -> None:
    """Sign the newest cut of the service at URL, and register it. Nothing happens where it is published already."""
    signer = open_key(key_path, passphrase_file)
    with Client(url) as client:
        about = _about(client.map())
        if about.cut is None:
            raise NotFound("the service makes a cut just now, or has made none: try again")
        if about.published is not None and about.published.tree_size >= about.cut.tree_size:
            click.echo(f"nothing new: a root over {about.published.tree_size} entries is published")
            return
        if recompute:
            _recompute(client, about.cut)
        cut = MapCut(bytes.fromhex(about.cut.root), about.cut.tree_size, about.cut.subjects)
        statement = root_statement(cut, origin=about.origin, issuer=issuer, signer=signer, now=int(time.time()))
        registered = client.submit(statement)
    assert isinstance(registered, RegisteredEntry)  # only pledges wait
    click.echo(f"entry {registered.index}: root {about.cut.root} over {about.cut.tree_size} entries")


@map_.command()
@click.argument("url", required=False)
@click.option("--database", help="A book's database, instead of a service.")
@click.option("--trust", "trust_path", type=FILE, help="What you believe beforehand: the log's trust file.")
@click.option("--json", "as_json", is_flag=True, help="For a program.")
@click.pass_context
def check(ctx: click.Context, url: str | None, *, database: str | None, trust_path: Path | None, as_json: bool) -> None:
    """Replay the whole log and compare every published root of the map with what comes out.

    Exit code 0 where all are right, 1 where one is not (or the entries are not those of the checkpoint), 2 where it
    could not be checked, also for want of a trust file.
    """
    if (url is None) == (database is None):
        raise click.UsageError("give the address of a service, or --database")
    trust = None if trust_path is None else parse_trust(trust_path.read_bytes())

    def believe(note: bytes) -> MapHead:
        if trust is not None:
            return MapHead(verify_head(note, trust).checkpoint, True)
        return MapHead(parse_checkpoint(parse_note(note).text), False)

    if url is not None:
        with Client(url) as client:
            head = believe(client.checkpoint())
            replay = _replay(_fetched(client, head.checkpoint.size), head.checkpoint.size)
    else:
        assert database is not None  # looked above
        with PostgresStore.open(database) as store:
            newest = store.latest()
            if newest is None:
                raise NotFound("the log is empty")
            head = believe(newest.note)
            replay = _replay(_stored(store, head.checkpoint.size), head.checkpoint.size)
    if replay.edge.root() != head.checkpoint.root:
        raise Refuted(f"the entries are not those that the checkpoint of {head.checkpoint.size} entries covers")
    wrong = [one for one in replay.checked if not one.right]
    if as_json:
        print_json(_document(head, replay))
    else:
        _say(head, replay)
    ctx.exit(1 if wrong else 0 if head.believed and replay.checked else 2)


def _about(data: bytes) -> About:
    try:
        return msgspec.json.decode(data, type=About)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as error:
        raise Malformed(f"not what a service says of its map: {error}") from None


def _recompute(client: Client, cut: Cut) -> None:
    replay = _replay(_fetched(client, cut.tree_size), cut.tree_size)
    found = replay.go_to(cut.tree_size) if replay.size <= cut.tree_size else None
    if found is None or (found.hash.hex(), found.subjects) != (cut.root, cut.subjects):
        raise Refuted(f"the service's map over {cut.tree_size} entries is not what they add up to: nothing was signed")


def _replay(bundles: Iterator[list[bytes]], size: int) -> Replay:
    replay = Replay()
    with progress_bar() as bar:
        task = bar.add_task("entries", total=size)
        for entries in bundles:
            replay.feed(entries)
            bar.update(task, completed=replay.edge.size)
    if replay.edge.size != size:
        raise Uncheckable(f"{replay.edge.size} entries were there, of {size}")
    return replay


def _fetched(client: Client, size: int) -> Iterator[list[bytes]]:
    for start in range(0, size, TILE_WIDTH):
        yield client.entry_bundle(start // TILE_WIDTH, min(TILE_WIDTH, size - start))


def _stored(store: PostgresStore, size: int) -> Iterator[list[bytes]]:
    for rows in store.copy_entries(0, size):
        yield [row.statement for row in rows]


def _say(head: MapHead, replay: Replay) -> None:
    click.echo(f"{head.checkpoint.origin}: {head.checkpoint.size} entries, root {head.checkpoint.root.hex()}")
    for one in replay.checked:
        click.echo(f"  {_verdict(one)}")
    if not replay.checked:
        click.echo("  没有公布过映射根 / no root of the map was published")
    if not head.believed:
        click.echo("  未给信任文件，检查点未核验 / no trust file was given: the checkpoint itself was NOT checked")


def _verdict(one: Checked) -> str:
    root = one.published
    place = f"entry {root.index}: root over {root.tree_size} entries of {root.subjects} subjects"
    if one.right:
        return f"{place}：相符 / right"
    if one.computed is None:
        return f"{place}：不成立 / WRONG: it does not cover more than the one before, or not entries before its own"
    return (
        f"{place}：不成立 / WRONG: published {root.root.hex()}, "
        f"computed {one.computed.hash.hex()} over {one.computed.subjects} subjects"
    )


def _document(head: MapHead, replay: Replay) -> dict[str, object]:
    return {
        "origin": head.checkpoint.origin,
        "tree_size": head.checkpoint.size,
        "root": head.checkpoint.root.hex(),
        "checkpoint_verified": head.believed,
        "roots": [
            {
                "entry": one.published.index,
                "tree_size": one.published.tree_size,
                "published": one.published.root.hex(),
                "computed": None if one.computed is None else one.computed.hash.hex(),
                "right": one.right,
            }
            for one in replay.checked
        ],
    }
