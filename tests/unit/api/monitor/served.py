"""A log as files in memory behind a real HTTP server, to be grown, forked, rolled back and tampered with."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager

from ledger.tlog.hashing import leaf_hash
from ledger.tlog.tiles import bundle_path, encode_bundle, tile_path
from tests.support.http_servers import QuietHandler, served
from tests.support.naive_tree import mth
from tests.support.paper_log import PaperLog

__all__ = ["Answer", "ServedLog", "laid_out", "serving"]

Answer = tuple[int, bytes]
Handler = Callable[[str, str, dict[str, str], bytes], Answer]


def laid_out(log: PaperLog) -> dict[str, bytes]:
    """Every file of the newest tree that was committed, by path: computed entry by entry, as RFC 6962 says it."""
    size = log.heads[-1].size
    entries = log.entries[:size]
    files = {"checkpoint": log.note(), ".well-known/credit-ledger-trust.json": log.trust_file().format()}
    row = [leaf_hash(entry) for entry in entries]
    for number in range(-(-size // 256)):
        part: Sequence[bytes] = entries[number * 256 : (number + 1) * 256]
        files[bundle_path(number, len(part))] = encode_bundle(part)
    level = 0
    while row:
        for number in range(-(-len(row) // 256)):
            hashes = row[number * 256 : (number + 1) * 256]
            files[tile_path(level, number, len(hashes))] = b"".join(hashes)
        span = 256 ** (level + 1)
        row = [mth(entries[at : at + span]) for at in range(0, size - span + 1, span)]
        level += 1
    return files


@contextmanager
def serving(handle: Handler) -> Iterator[str]:
    """A real HTTP server on this machine; its address."""

    class Requests(QuietHandler):
        protocol_version = "HTTP/1.1"
        wbufsize = -1  # head and body in one piece: in two, the second would wait for the first to be acknowledged

        def do_GET(self) -> None:
            self._answer(b"")

        def do_POST(self) -> None:
            self._answer(self.rfile.read(int(self.headers["Content-Length"])))

        def _answer(self, body: bytes) -> None:
            status, content = handle(self.command, self.path.lstrip("/"), dict(self.headers.items()), body)
            self.send_response(status)
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

    with served(Requests) as address:
        yield address


class ServedLog:
    """Serves `files`; `asked` are the paths in the order of their requests; `failing` answers instead, if it does."""

    def __init__(self, log: PaperLog) -> None:
        self.files: dict[str, bytes] = {}
        self.asked: list[str] = []
        self.failing: Callable[[str], int | None] = lambda path: None
        self.show(log)

    def show(self, log: PaperLog) -> None:
        """What the log has committed; files of before stay, as far as they are full ones."""
        kept = {path: content for path, content in self.files.items() if ".p/" not in path}
        self.files = {**kept, **laid_out(log)}

    def handle(self, method: str, path: str, headers: dict[str, str], body: bytes) -> Answer:
        self.asked.append(path)
        status = self.failing(path)
        if status is not None:
            return status, b"no"
        return (200, self.files[path]) if path in self.files else (404, b"not here")
