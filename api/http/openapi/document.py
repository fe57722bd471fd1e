"""The OpenAPI document: what the framework derives from its routes, completed from `operations.py`."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any, Final

from fastapi.dependencies.models import Dependant
from fastapi.routing import APIRoute
from starlette.routing import BaseRoute

from api.http.openapi.enterprise_schemas import ENTERPRISE_SCHEMAS
from api.http.openapi.entry_schemas import ENTRY_SCHEMAS
from api.http.openapi.log_schemas import LOG_SCHEMAS
from api.http.openapi.operation_terms import PARAMETERS, Body, Media, Operation
from api.http.openapi.operations import OPERATIONS
from api.http.openapi.schema_terms import NUMBER, SHA256, TEXT, Schema, ref, thing
from api.http.refuses_writes import QUESTIONS

__all__ = ["QueryNames", "describe", "query_names"]

QueryNames = Mapping[str, Mapping[str, frozenset[str]]]

PROBLEM: Final = "application/problem+json"
CONCISE: Final = "application/concise-problem-details+cbor"
_ALWAYS: Final = (422, 429, 500, 503)
_FAILED: Final = {
    400: "Not in the one form that is accepted, or refused by a rule that is named",
    401: "Not signed by an enrolled key",
    403: "Not for this reader",
    404: "Not in the book",
    409: "The same name, other content: it is registered already",
    410: "It was there, and was erased or taken down",
    413: "Too large",
    421: "Of a process that only reads: what appends, signs or keeps something is another one, `writer`",
    422: "A parameter is not possible, or not known",
    429: "Too many requests; try again after `Retry-After` seconds",
    500: "A defect of ours; it was logged",
    503: "Busy, or the database cannot be reached; nothing was done; try again after `Retry-After` seconds",
}
_TAGS: Final = {
    "enterprises": "企业：检索，信用状况，自我声明，全部记录 · Enterprises",
    "standings": "信用状况 · Standings of many",
    "pledges": "承诺 · Pledges",
    "campaigns": "活动 · Campaigns",
    "standards": "标准自我声明 · Declared standards",
    "marks": "标识 · Marks",
    "policies": "规则与密钥 · Policies and keys",
    "log": "账本 · The log (SCRAPI, C2SP tlog-tiles)",
    "witnesses": "见证 · Witnesses",
    "feed": "订阅 · The feed",
    "attachments": "附件 · Attachments, by signed request",
    "pending": "等候公布的承诺 · Pledges that wait, by signed request",
    "accesses": "查阅记录 · Who read what, by signed request",
    "desk": "工作台 · Signing in at the desks",
    "service": "服务 · The service itself",
}
_LICENCE: Final = {"name": "Apache-2.0", "identifier": "Apache-2.0"}
_ABOUT: Final = (
    "An append-only book of signed statements about enterprises, from which anyone can derive, and check, an "
    "enterprise's credit standing.\n\nErrors are problem details (RFC 9457); the routes of SCRAPI answer with concise "
    "ones in CBOR (RFC 9290) unless JSON is asked for. Unknown parameters are refused by name. Wherever GET is, HEAD "
    "is."
)

# `components/schemas` (JSON Schema 2020-12, as OpenAPI 3.1 takes it). An object may have more members than are named:
# new ones come without a new version of the interface.
_SCHEMAS: Final[dict[str, Schema]] = {
    "Problem": thing(
        "Problem details (RFC 9457). `type` is stable; `rule` names the rule that refused a statement.",
        optional=("detail", "rule", "entry", "payload_sha256"),
        type={"type": "string", "format": "uri"},
        title=TEXT,
        title_zh=TEXT,
        title_en=TEXT,
        status=NUMBER,
        detail=TEXT,
        rule=TEXT,
        entry=NUMBER,
        payload_sha256=SHA256,
    ),
    **ENTERPRISE_SCHEMAS,
    **ENTRY_SCHEMAS,
    **LOG_SCHEMAS,
}


def query_names(routes: Iterable[BaseRoute]) -> QueryNames:
    """The parameters that a query may have, by path and method: those that the document of these routes names.

    Raises `KeyError` for a route of the framework that `OPERATIONS` lacks.
    """
    names: dict[str, dict[str, frozenset[str]]] = {}
    for (method, path), operation in OPERATIONS.items():
        names.setdefault(path, {})[method.upper()] = frozenset(operation.query)
    for route in routes:
        if isinstance(route, APIRoute) and route.include_in_schema:
            for method in route.methods or ():
                OPERATIONS[method.lower(), route.path_format]  # or it is not described
                names[route.path_format][method] = frozenset(_asked(route.dependant))
    return names


def _asked(dependant: Dependant) -> Iterator[str]:
    yield from (one.alias for one in dependant.query_params)
    for needed in dependant.dependencies:
        yield from _asked(needed)


def describe(derived: Mapping[str, Any]) -> dict[str, Any]:
    """The whole document, from what the framework says of its routes. Raises `KeyError` as `query_names` does."""
    paths: dict[str, dict[str, Any]] = {}
    for path, ways in derived["paths"].items():
        for method, said in ways.items():
            paths.setdefault(path, {})[method] = _operation(
                OPERATIONS[method, path], said.get("parameters", []), asks=method == "get" or path in QUESTIONS
            )
    for (method, path), operation in OPERATIONS.items():
        if method not in paths.get(path, {}):
            paths.setdefault(path, {})[method] = _operation(
                operation, _plain_parameters(operation), asks=method == "get" or path in QUESTIONS
            )
    for path, ways in paths.items():
        for method, said in ways.items():
            said["operationId"] = _id(method, path)
    return {
        "openapi": "3.1.0",
        "info": {**derived["info"], "description": _ABOUT, "license": _LICENCE},
        "servers": [{"url": "/"}],
        "tags": [{"name": name, "description": about} for name, about in _TAGS.items()],
        "paths": {path: paths[path] for path in sorted(paths)},
        "components": {
            "schemas": _SCHEMAS,
            "securitySchemes": {
                "signedRequest": {
                    "type": "apiKey",
                    "in": "header",
                    "name": "Authorization",
                    "description": "`COSE ` and a token in base64: made by an enrolled key for one request, good once. "
                    "`credit-ledger access` makes it",
                },
                "webhookToken": {
                    "type": "http",
                    "scheme": "bearer",
                    "description": "The token that was given when the webhook was asked for",
                },
            },
        },
    }  # fmt: skip


def _operation(operation: Operation, parameters: list[dict[str, Any]], *, asks: bool) -> dict[str, Any]:
    """`asks`: it changes nothing, so that a process that only reads answers it, unless who asks is written down."""
    elsewhere = () if asks and operation.signed is False and operation.tag != "desk" else (421,)
    said: dict[str, Any] = {
        "tags": [operation.tag],
        "summary": operation.summary,
        "parameters": [_parameter(one, operation) for one in parameters],
        "responses": {str(status): _answer(about, media) for status, (about, media) in operation.answers.items()},
    }
    for status in sorted({*operation.fails, *elsewhere, *_ALWAYS}):
        problem = _problem(status, concise=operation.scrapi)
        known = said["responses"].get(str(status))
        if known is None:
            said["responses"][str(status)] = problem
        else:
            known.setdefault("content", {}).update(problem["content"])
    if operation.body is not None:
        said["requestBody"] = _body(operation.body)
    if operation.signed is not False:
        said["security"] = [{"signedRequest": []}, *([{}] if operation.signed is None else [])]
    if operation.bearer:
        said["security"] = [{"webhookToken": []}]
    return said


def _parameter(derived: dict[str, Any], operation: Operation) -> dict[str, Any]:
    name = derived["name"]
    schema = dict(derived["schema"])
    schema.pop("title", None)
    told: dict[str, Any] = {
        "name": name,
        "in": derived["in"],
        "required": derived.get("required", False),
        "description": derived.get("description") or PARAMETERS[name]["description"],
        "schema": _without_null(schema),
    }
    if name in operation.example:
        value = operation.example[name]
        told["example"] = int(value) if told["schema"].get("type") == "integer" else value
    return told


def _without_null(schema: dict[str, Any]) -> dict[str, Any]:
    """A parameter that is not given is not null: it is not there."""
    options: list[dict[str, Any]] = [one for one in schema.get("anyOf", ()) if one.get("type") != "null"]
    if len(options) != 1:
        return schema
    return {key: value for key, value in schema.items() if key != "anyOf"} | options[0]


def _plain_parameters(operation: Operation) -> list[dict[str, Any]]:
    """Of a route that is not the framework's."""
    in_path = [
        {"name": name, "in": "path", "required": True, "schema": PARAMETERS[like]["schema"]}
        for name, like in operation.path.items()
    ]
    return in_path + [
        {"name": name, "in": "query", "required": False, "schema": PARAMETERS[name]["schema"]}
        for name in operation.query
    ]


def _answer(about: str, media: Media) -> dict[str, Any]:
    answer: dict[str, Any] = {"description": about}
    if media:
        answer["content"] = {name: {"schema": dict(schema)} if schema else {} for name, schema in media.items()}
    return answer


def _problem(status: int, *, concise: bool) -> dict[str, Any]:
    content: dict[str, Any] = {PROBLEM: {"schema": ref("Problem")}}
    if concise:
        content[CONCISE] = {}
    return {"description": _FAILED[status], "content": content}


def _body(body: Body) -> dict[str, Any]:
    content = {name: {"schema": dict(schema)} if schema else {} for name, schema in body.media.items()}
    if body.example is not None:
        for one in content.values():
            one["example"] = body.example
    return {"description": body.about, "required": True, "content": content}


def _id(method: str, path: str) -> str:
    parts = [part.strip("{}").replace(".", "_").replace("-", "_") for part in path.split("/") if part]
    return "_".join((method, *(part for part in parts if part != "v1"))) if parts else method
