"""What the log shows of its witnesses: cosigned checkpoints, tlog-proofs, and how it stands with each witness.

`/checkpoint` (`api/routes/log_files.py`) is the newest, with the cosignatures so far. A C2SP tlog-tiles client whose
policy demands the quorum is given the prefix `/witnessed/`: the same tiles, under the newest checkpoint that has it.
"""

from __future__ import annotations

from typing import Final

from fastapi import APIRouter, Request
from starlette.responses import JSONResponse, Response

from api.routes.entries_reading import entry_index
from api.routes.log_files import TEXT, get_tile
from api.service.service import Service
from ledger.errors import NotFound

__all__ = ["router"]

router = APIRouter(tags=["witnesses"])

_SOON: Final = {"Cache-Control": "public, max-age=5"}


@router.get("/witnessed/checkpoint", summary="The newest checkpoint that has the quorum of witnesses")
def get_witnessed(request: Request) -> Response:
    service: Service = request.app.state.service
    head = service.witnessing.published.witnessed()
    return Response(head.note, headers={**_SOON, "Ledger-Tree-Size": str(head.tree_size)}, media_type=TEXT)


@router.get("/witnessed/tile/{path:path}", summary="The tiles and bundles under it: those of /tile/")
async def get_witnessed_tile(path: str, request: Request) -> Response:
    return await get_tile(path, request)


@router.get("/entries/{name}/proof", summary="A C2SP tlog-proof in the newest tree that has the quorum of witnesses")
def get_proof(name: str, request: Request) -> Response:
    service: Service = request.app.state.service
    return Response(service.witnessing.published.proof(entry_index(name)), headers=_SOON, media_type=TEXT)


@router.get("/v1/log/witnesses", summary="The policy of witnesses, its quorum, and how it stands with each witness")
def get_witnesses(request: Request) -> Response:
    service: Service = request.app.state.service
    published, rounds = service.witnessing.published, service.witnessing.rounds
    newest = published.newest()
    try:
        witnessed = published.witnessed()
    except NotFound:
        witnessed = None
    policy = published.policy
    state = {} if rounds is None else {one.witness.name: one for one in rounds.asked}
    rows = [
        {
            "name": witness.name,
            "vkey": witness.key.format(),
            "asked": witness.name in state,
            "in_quorum": witnessed is not None and witness.name in witnessed.witnesses,
            "cosigned_size": state[witness.name].cosigned_size if witness.name in state else None,
            "cosigned_at": state[witness.name].cosigned_at if witness.name in state else None,
            "failures": state[witness.name].failures if witness.name in state else None,
            "alarm": witness.name in state and state[witness.name].alarm,
        }
        for witness in (policy.witnesses if policy else ())
    ]
    document = {
        "policy": service.witnessing.trust_text or None,
        "quorum": policy.quorum if policy else None,
        "tree_size": newest.tree_size,
        "witnessed_size": None if witnessed is None else witnessed.tree_size,
        "asking": rounds is not None and rounds.asking,
        "witnesses": rows,
    }
    return JSONResponse(document, headers={"Cache-Control": "public, max-age=1"})
