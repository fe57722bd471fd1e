"""Style and scripts: one version for all of them, cached for ever under it, asked for again without it."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest

import ledger.limits
from api.pages.csp import PAGE_HEADERS
from api.pages.static_files import FOLDER, asset_url, static_files, static_version
from ledger.domain.rules.catalogue import SPECS
from tests.e2e.book import Book, open_book
from tests.support.database import PostgresServer

VERIFY = FOLDER / "verify"
PAGES = ("/verify", "/en/verify")


@pytest.fixture(scope="module")
def book(postgres_server: PostgresServer, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Book]:
    with (
        postgres_server.database() as database,
        open_book(tmp_path_factory.mktemp("service"), database=database.service) as book,
    ):
        yield book


def test_what_a_page_names_is_cached_for_ever_and_the_rest_is_asked_for_again(book: Book) -> None:
    fixed = book.get(asset_url("look.css"))
    assert fixed.headers["cache-control"] == "public, max-age=31536000, immutable"
    assert fixed.headers["content-type"] == "text/css; charset=utf-8"
    loose = book.get("/static/look.css")
    assert loose.content == fixed.content == (FOLDER / "look.css").read_bytes()
    assert "no-cache" in loose.headers["cache-control"]
    etag = loose.headers["etag"]
    for asked in (etag, f'"other", W/{etag}', "*"):
        assert book.http.get("/static/look.css", headers={"If-None-Match": asked}).status_code == 304
    assert book.http.get("/static/look.css", headers={"If-None-Match": '"other"'}).status_code == 200
    head = book.http.head("/static/look.css", headers={"Accept-Encoding": "identity"})
    assert head.headers["content-length"] == str(len(fixed.content))


@pytest.mark.parametrize("name", ["", "nothing.css", "0000000000000000/look.css", "..%2fcsp.py", "verify/package.json"])
def test_another_version_and_what_is_no_asset_are_not_found(book: Book, name: str) -> None:
    assert book.http.get(f"/static/{name}").status_code == 404


@pytest.mark.parametrize("path", [*PAGES, "/static/look.css"])
def test_every_page_and_asset_keeps_to_itself(book: Book, path: str) -> None:
    answer = book.get(path)
    assert {name: answer.headers[name] for name in PAGE_HEADERS} == dict(PAGE_HEADERS)
    assert "unsafe" not in answer.headers["content-security-policy"]


@pytest.mark.parametrize("path", PAGES)
def test_a_page_has_nothing_inline_and_nothing_from_elsewhere(book: Book, path: str) -> None:
    html = book.get(path).text
    assert not re.search(r"<script(?![^>]*\bsrc=)|<style|\sstyle=|\son[a-z]+=|javascript:", html)
    assert not re.search(r'(?:src|href)="(?:https?:)?//', html)
    for asset in re.findall(r'"(/static/[^"]+)"', html):
        assert book.get(asset).headers["cache-control"].endswith("immutable")


@pytest.mark.parametrize("path", PAGES)
def test_a_page_is_not_sent_again_to_whom_it_has_not_changed_for(book: Book, path: str) -> None:
    etag = book.get(path).headers["etag"]
    assert book.http.get(path, headers={"If-None-Match": etag}).status_code == 304
    assert book.http.head(path).status_code == 200


@pytest.mark.parametrize(("path", "script"), [("/desk/key", "key_page.js"), ("/desk/sign-in", "sign_in_page.js")])
def test_a_page_of_the_desks_is_small_with_all_that_it_loads(book: Book, path: str, script: str) -> None:
    loaded, to_load = set[Path](), {VERIFY.parent / "desk" / script}
    while to_load:
        one = to_load.pop()
        loaded.add(one)
        taken = re.findall(r'^[^/* ].* from "([^"]+)";$', one.read_text("utf-8"), re.MULTILINE)
        to_load |= {(one.parent / name).resolve() for name in taken} - loaded
    names = [path.relative_to(VERIFY.parent).as_posix() for path in loaded] + ["look.css", "icon.svg"]
    sent = [int(book.http.head(asset_url(name)).headers["content-length"]) for name in names]
    assert len(loaded) > 8
    assert len(book.get(path).content) + sum(sent) < 60_000


def test_both_representations_of_a_file_are_told_apart(book: Book) -> None:
    plain = book.get("/static/look.css", headers={"Accept-Encoding": "identity"})
    zipped = book.get("/static/look.css", headers={"Accept-Encoding": "gzip"})
    assert plain.content == zipped.content  # once it is unpacked
    assert (zipped.headers["content-encoding"], "content-encoding" in plain.headers) == ("gzip", False)
    assert plain.headers["etag"] != zipped.headers["etag"]
    assert "Accept-Encoding" in plain.headers["vary"] and "Accept-Encoding" in zipped.headers["vary"]


def test_only_the_worker_may_stand_above_its_folder(book: Book) -> None:
    allowed = [name for name in static_files() if "service-worker-allowed" in book.get(asset_url(name)).headers]
    assert allowed == ["verify/worker.js"]


def test_the_version_changes_with_any_file(monkeypatch: pytest.MonkeyPatch) -> None:
    before = static_version()
    files = dict(static_files())
    files["look.css"] = files["icon.svg"]
    monkeypatch.setattr("api.pages.static_files.static_files", lambda: files)
    assert static_version.__wrapped__() != before


# What the browser's program has written down a second time is what Python has


def test_the_worker_keeps_every_module_of_the_page() -> None:
    listed = re.search(r"const MODULES = \[(.*?)\]", (VERIFY / "worker.js").read_text("utf-8"), re.S)
    assert listed is not None
    there = {path.name for path in VERIFY.glob("*.js")} - {"worker.js"}
    assert set(re.findall(r'"([a-z0-9_]+\.js)"', listed[1])) == there


def test_the_browsers_catalogue_is_pythons() -> None:
    text = (VERIFY / "catalogue.js").read_text("utf-8")
    row = r'^  (\w+): \{\s*stream: "(\w+)",\s*signers: \[(.*?)\],\s*form: "(\w+)",?\s*\},$'
    rows = re.findall(row, text, re.M | re.S)
    found = {name: (stream, set(re.findall(r"\w+", signers)), form) for name, stream, signers, form in rows}
    assert found == {name: (*spec.streams, set(spec.signers), spec.form) for name, spec in SPECS.items()}


def test_the_browsers_limits_are_pythons() -> None:
    text = (VERIFY / "limits.js").read_text("utf-8")
    found = dict(re.findall(r"^export const (\w+) = ([\d_ *]+);$", text, re.M))
    assert len(found) == text.count("export const")
    for name, value in found.items():
        product = 1
        for factor in value.split("*"):
            product *= int(factor)
        assert product == getattr(ledger.limits, name), name


def test_modules_take_nothing_from_elsewhere() -> None:
    for folder, from_ in ((VERIFY, VERIFY), (VERIFY.parent / "desk", VERIFY.parent)):
        for path in folder.glob("*.js"):
            for taken in re.findall(r'(?:from|import\() ?"([^"]+)"', path.read_text("utf-8")):
                assert Path(path.parent / taken).resolve().is_relative_to(from_), f"{path.name}: {taken}"
