"""The interface for people: one page of HTML from the document, without scripts. Its style is `reference.css`."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from html import escape
from typing import Any
from urllib.parse import quote, urlencode

__all__ = ["reference_page"]

Document = Mapping[str, Any]


def reference_page(document: Document) -> str:
    """HTML in UTF-8. Operations by tag, in the order of the document; then the schemas."""
    groups = {tag["name"]: (tag["description"], list(_operations(document, tag["name"]))) for tag in document["tags"]}
    contents = "".join(f'<li><a href="#{name}">{escape(about)}</a></li>' for name, (about, _) in groups.items())
    sections = "".join(
        f'<section aria-labelledby="{name}"><h2 id="{name}">{escape(about)}</h2>'
        + "".join(_operation(*one) for one in operations)
        + "</section>"
        for name, (about, operations) in groups.items()
    )
    schemas = "".join(_schema(name, schema) for name, schema in document["components"]["schemas"].items())
    about = "".join(f"<p>{_marked(part)}</p>" for part in document["info"]["description"].split("\n\n"))
    signed = document["components"]["securitySchemes"]["signedRequest"]["description"]
    return (
        '<!doctype html><html lang="zh-CN"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        '<title>接口 · Interface — Credit Ledger</title><link rel="stylesheet" href="/docs.css"></head><body>'
        f"<header><h1>接口说明 · Interface</h1>{about}"
        '<p>供程序读取 · For programs: <a href="/openapi.json">openapi.json</a> (OpenAPI 3.1). '
        '<a href="/">首页 · Home</a></p></header>'
        f'<nav aria-label="目录 · Contents"><ul>{contents}<li><a href="#signed">签名请求 · Signed requests</a></li>'
        '<li><a href="#schemas">数据结构 · Schemas</a></li></ul></nav>'
        f'<main>{sections}<section><h2 id="signed">签名请求 · Signed requests</h2><p>{_marked(signed)}</p></section>'
        f'<section><h2 id="schemas">数据结构 · Schemas</h2>{schemas}</section></main></body></html>'
    )


def _operations(document: Document, tag: str) -> Iterator[tuple[str, str, Document]]:
    for path, ways in document["paths"].items():
        for method, said in ways.items():
            if said["tags"] == [tag]:
                yield path, method, said


def _operation(path: str, method: str, said: Document) -> str:
    head = (
        f'<article id="{said["operationId"]}"><h3><span class="method">{method.upper()}</span> '
        f"<code>{escape(path)}</code></h3><p>{_marked(said['summary'])}</p>"
    )
    if {} in said.get("security", ()):
        head += '<p class="soft">可签名请求 · <a href="#signed">signed request</a> optional</p>'
    elif "security" in said:
        head += '<p class="soft">须签名请求 · by <a href="#signed">signed request</a></p>'
    rows = [(f"{one['name']}{' *' if one['required'] else ''}", _of_parameter(one)) for one in said["parameters"]]
    body = said.get("requestBody")
    if body is not None:
        rows.append(("body *", f"{_media(body['content'])} {_marked(body['description'])}"))
    answers = [
        (status, f"{_marked(one['description'])} {_media(one.get('content', {}))}")
        for status, one in said["responses"].items()
    ]
    taken = _table("参数 · Parameter", rows) if rows else ""
    return (
        f"{head}{taken}{_table('状态 · Status', answers)}<pre><code>{escape(_curl(path, method, said))}</code></pre>"
        "</article>"
    )


def _of_parameter(one: Document) -> str:
    schema = one["schema"]
    bounds = ", ".join(
        f"{word} {schema[key]}"
        for key, word in (("minimum", "≥"), ("maximum", "≤"), ("maxLength", "length ≤"), ("default", "default"))
        if schema.get(key) not in (None, "")
    )
    kind = schema.get("format", schema.get("type", ""))
    return (
        f'{_marked(one["description"])} <span class="soft">{one["in"]}, {kind}{", " if bounds else ""}{bounds}</span>'
    )


def _media(content: Document) -> str:
    said = []
    for name, one in content.items():
        pointer = one.get("schema", {}).get("$ref", "")
        schema = pointer.rpartition("/")[2]
        link = f' (<a href="#schema-{schema}">{schema}</a>)' if schema else ""
        said.append(f"<code>{escape(name)}</code>{link}")
    return f'<span class="soft">{", ".join(said)}</span>' if said else ""


def _curl(path: str, method: str, said: Document) -> str:
    """How it is tried from a shell, with the values of the examples."""
    values = {one["name"]: one["example"] for one in said["parameters"] if "example" in one}
    for one in said["parameters"]:
        if one["in"] == "path":
            path = path.replace(f"{{{one['name']}}}", quote(str(values[one["name"]]), safe="/"))
    query = {
        one["name"]: values[one["name"]] for one in said["parameters"] if one["in"] == "query" and one["name"] in values
    }
    command = "curl" if method == "get" else f"curl -X {method.upper()}"
    if {} not in said.get("security", ({},)):
        command += " -H 'Authorization: COSE …'"
    body = said.get("requestBody")
    if body is not None:
        (media,) = body["content"]
        example = body["content"][media].get("example")
        given = f"--data '{json.dumps(example, ensure_ascii=False)}'" if example is not None else "--data-binary @FILE"
        command += f" -H 'Content-Type: {media}' {given}"
    return f"{command} 'http://127.0.0.1:8315{path}{'?' + urlencode(query) if query else ''}'"


def _schema(name: str, schema: Document) -> str:
    required = schema.get("required", ())
    rows = [
        (f"{member}{' *' if member in required else ''}", _kind(of))
        for member, of in schema.get("properties", {}).items()
    ]
    table = _table("成员 · Member", rows) if rows else ""
    return (
        f'<article><h3 id="schema-{name}">{name}</h3><p>{_marked(schema.get("description", ""))}</p>{table}</article>'
    )


def _kind(schema: Document) -> str:
    if "$ref" in schema:
        name = schema["$ref"].rpartition("/")[2]
        return f'<a href="#schema-{name}">{name}</a>'
    if "enum" in schema:
        return escape(" | ".join(map(str, schema["enum"])))
    kind = schema.get("type", "")
    said = " | ".join(kind) if isinstance(kind, list) else str(kind)
    if said == "array":
        return f"array of {_kind(schema['items'])}"
    format_ = f" ({schema['format']})" if "format" in schema else ""
    return escape(said) + format_ + (f" {_marked(schema['description'])}" if "description" in schema else "")


def _table(head: str, rows: list[tuple[str, str]]) -> str:
    lines = "".join(f"<tr><td><code>{escape(name)}</code></td><td>{about}</td></tr>" for name, about in rows)
    return (
        f"<table><thead><tr><th scope='col'>{head}</th><th scope='col'></th></tr></thead><tbody>{lines}</tbody></table>"
    )


def _marked(text: str) -> str:
    """Text with `code` in it."""
    parts = escape(text).split("`")
    return "".join(part if at % 2 == 0 else f"<code>{part}</code>" for at, part in enumerate(parts))
