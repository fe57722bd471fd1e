"""From a view model to an answer: templates that escape what they are given and refuse what they do not know.

Chinese pages stand at `/…`, English ones at `/en/…`: each language has addresses of its own, so that caches keep both.
A template gets `page` (what `base.html` needs), `view` (the page's own view model), and `say(zh, en)`.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cache
from hashlib import sha256
from pathlib import Path
from typing import Any, Final, Literal

from fastapi import Request
from jinja2 import Environment, FileSystemLoader, StrictUndefined, nodes
from jinja2.compiler import CodeGenerator, Frame
from jinja2.visitor import NodeTransformer
from markupsafe import escape
from starlette.responses import Response

from api.pages.csp import PAGE_HEADERS
from api.pages.static_files import asset_url, unchanged
from projections.standing.levels import WORDS

__all__ = ["Language", "NavItem", "PageFrame", "answer", "in_english", "lang_of", "render"]

Language = Literal["zh", "en"]

PAGE_CACHE: Final = "public, max-age=60"
_TEMPLATES: Final = Path(__file__).with_name("templates")
_ESCAPED: Final = re.compile("[&<>'\"]")
_OF_DICTIONARIES: Final = frozenset(dir(dict))


@dataclass(frozen=True, slots=True)
class NavItem:
    """A line of the main navigation: the address of the Chinese page, and what it is called."""

    path: str
    zh: str
    en: str
    translated: bool = True


#: What stands at the top of every page. Add a page here, and nowhere else.
NAVIGATION: Final = (
    NavItem("/verify", "核验", "Verify"),
    NavItem("/how", "说明", "How"),
    NavItem("/help", "维权", "Help"),
    NavItem("/data", "数据", "Data"),
    NavItem("/docs", "接口", "Interface", translated=False),
)


@dataclass(frozen=True, slots=True)
class PageFrame:
    """What every page says about itself.

    `path` is its address in Chinese, from the root; `title` and `description` are in the page's language; `demo` marks
    invented data; `scripts` are modules by their name below `static/`.
    """

    path: str
    language: Language
    title: str
    description: str
    demo: bool
    scripts: tuple[str, ...] = ()
    indexed: bool = True  # whether search engines may show it
    query: str = ""  # what was typed into the search, to be shown again
    asked: str = ""  # the query of the address, which the other language's page knows as well

    @property
    def lang(self) -> str:
        return lang_of(self.language)

    @property
    def other_path(self) -> str:
        """The same page in the other language."""
        path = in_english(self.path) if self.language == "zh" else self.path
        return f"{path}?{self.asked}" if self.asked else path

    def href(self, path: str) -> str:
        """Another page's address in this page's language."""
        return path if self.language == "zh" else in_english(path)


def lang_of(language: Language) -> str:
    """The language as BCP 47 has it."""
    return "zh-CN" if language == "zh" else "en"


def in_english(path: str) -> str:
    """The address of the English page for that of the Chinese one."""
    return "/en" if path == "/" else f"/en{path}"


class _Spoken(NodeTransformer):
    """Puts one of the two in the place of every `say(zh, en)`, so that a page is not told twice to be written once."""

    def __init__(self, place: int) -> None:
        self._place = place

    def visit_Call(self, node: nodes.Call) -> nodes.Node:  # noqa: N802  (named after the node, as Jinja looks it up)
        if isinstance(node.node, nodes.Name) and node.node.name == "say":
            _zh, _en = node.args  # a template that says it otherwise is a defect
            return self.visit((_zh, _en)[self._place])  # type: ignore[no-any-return]
        return self.generic_visit(node)


class _Quick(CodeGenerator):
    """Writes what is escaped by `escaped`: of most values there is nothing to be escaped, and no object to be made."""

    def _output_child_pre(self, node: nodes.Expr, frame: Frame, finalize: Any) -> None:
        if frame.eval_ctx.volatile or not frame.eval_ctx.autoescape:
            super()._output_child_pre(node, frame, finalize)
        else:
            self.write("environment.escaped(")


class _OneLanguage(Environment):
    """Templates as one language has them: what `say` chooses is chosen when they are compiled."""

    place = 0
    code_generator_class = _Quick

    @staticmethod
    def escaped(value: object) -> str:
        """`escape` (markupsafe), which it leaves everything to but plain text without any of its characters."""
        if type(value) is str and _ESCAPED.search(value) is None:
            return value
        return escape(value)

    def getattr(self, obj: Any, attribute: str) -> Any:
        """As it is, but that the value of a dictionary is not looked for as something else first."""
        if type(obj) is dict and attribute in obj and attribute not in _OF_DICTIONARIES:
            return obj[attribute]
        return super().getattr(obj, attribute)

    def _parse(self, source: str, name: str | None, filename: str | None) -> nodes.Template:
        template: nodes.Template = _Spoken(self.place).visit(super()._parse(source, name, filename))
        return template


@cache
def _environment(language: Language) -> Environment:
    environment = _OneLanguage(
        loader=FileSystemLoader(_TEMPLATES),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
        auto_reload=False,  # they come with the program: nobody changes them under it
    )
    environment.place = 0 if language == "zh" else 1
    environment.globals.update(asset=asset_url, navigation=NAVIGATION, words=WORDS)
    return environment


def render(template: str, page: PageFrame, view: object) -> str:
    """The page as HTML. Raises what `jinja2` raises: a template that does not fit its view model is a defect."""
    return _environment(page.language).get_template(template).render(page=page, view=view)


def answer(request: Request, template: str, page: PageFrame, view: object, *, status: int = 200) -> Response:
    """The page with its headers, or 304 where the client has it."""
    content = render(template, page, view).encode()
    etag = f'"{sha256(content).hexdigest()[:32]}"'
    headers = {**PAGE_HEADERS, "ETag": etag, "Cache-Control": PAGE_CACHE, "Content-Language": page.lang}
    if status >= 400:
        headers = {**PAGE_HEADERS, "Cache-Control": "no-store", "Content-Language": page.lang}
    elif unchanged(request, etag):
        return Response(b"", 304, headers)
    return Response(content, status, headers=headers, media_type="text/html; charset=utf-8")
