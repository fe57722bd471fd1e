"""Style, scripts and pictures of the pages: ours, read once, served from memory.

    /static/<version>/<path>    immutable: the version is the digest of all of them, so that modules that import one
                                another by relative names belong together
    /static/<path>              the same bytes, to be asked for again each time (`ETag`)

Each is compressed once, for clients that take gzip: another representation, with an entity tag of its own.

Another version than this process has is not found: its page is asked for again, and names the right one.
"""

from __future__ import annotations

import gzip
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from hashlib import sha256
from pathlib import Path
from types import MappingProxyType
from typing import Final

from fastapi import APIRouter, Request
from starlette.responses import Response

from api.pages.csp import PAGE_HEADERS
from ledger.errors import NotFound

__all__ = ["StaticFile", "asset_url", "router", "static_files", "static_version", "unchanged"]

FOLDER: Final = Path(__file__).with_name("static")
MEDIA_TYPES: Final[Mapping[str, str]] = MappingProxyType(
    {".css": "text/css; charset=utf-8", ".js": "text/javascript; charset=utf-8", ".svg": "image/svg+xml"}
)
#: The one script that may stand above its own folder: the page says for which address (Service Workers §4.3.4)
WORKER: Final = "verify/worker.js"
_VERSION_DIGITS: Final = 16

router = APIRouter()


@dataclass(frozen=True, slots=True)
class StaticFile:
    """A file as it is served, plain and compressed; `etag` is the quoted entity tag of the former (RFC 9110 §8.8.3)."""

    content: bytes
    gzipped: bytes
    media_type: str
    etag: str

    @property
    def gzipped_etag(self) -> str:
        return f'{self.etag[:-1]}-gzip"'


@cache
def static_files() -> Mapping[str, StaticFile]:
    """All files by their path below `static/`, in order. A kind that has no media type here is left out."""
    found: dict[str, StaticFile] = {}
    for path in sorted(FOLDER.rglob("*")):
        media_type = MEDIA_TYPES.get(path.suffix)
        if media_type is not None:
            content = path.read_bytes()
            name = path.relative_to(FOLDER).as_posix()
            etag = f'"{sha256(content).hexdigest()[:32]}"'
            found[name] = StaticFile(content, gzip.compress(content, mtime=0), media_type, etag)
    return MappingProxyType(found)


@cache
def static_version() -> str:
    """The digest of all files and their names, 16 hexadecimal digits."""
    digest = sha256()
    for name, file in static_files().items():
        digest.update(f"{name} {file.etag}\n".encode())
    return digest.hexdigest()[:_VERSION_DIGITS]


def asset_url(name: str) -> str:
    """Where a file is for a page to name: cached for ever. Raises `KeyError` for one that there is not."""
    static_files()[name]
    return f"/static/{static_version()}/{name}"


def unchanged(request: Request, etag: str) -> bool:
    """Whether the client has what bears this quoted tag (RFC 9110 §13.1.2: a list, weak ones too, or `*`)."""
    asked = [one.strip().removeprefix("W/") for one in request.headers.get("if-none-match", "").split(",")]
    return etag in asked or "*" in asked


@router.api_route("/static/{path:path}", methods=["GET", "HEAD"], include_in_schema=False)
def get_static(request: Request, path: str) -> Response:
    version, _, rest = path.partition("/")
    fixed = version == static_version()
    name = rest if fixed else path
    file = static_files().get(name)
    if file is None:
        raise NotFound(f"no such file among style and scripts: {path[:200]}")
    zipped = "gzip" in request.headers.get("accept-encoding", "")
    content, etag = (file.gzipped, file.gzipped_etag) if zipped else (file.content, file.etag)
    headers = {
        **PAGE_HEADERS,
        "ETag": etag,
        "Vary": "Accept-Encoding",
        "Cache-Control": "public, max-age=31536000, immutable" if fixed else "public, no-cache",
    }
    if zipped:
        headers["Content-Encoding"] = "gzip"
    if name == WORKER:
        headers["Service-Worker-Allowed"] = "/"
    if unchanged(request, etag):
        return Response(b"", 304, headers)
    return Response(content, headers=headers, media_type=file.media_type)
