"""Pictures of every page and desk in every state, by one command, to be looked at by people and never committed:

    python -m tests.screenshots FOLDER [public | SCENE ...]

Wide (1280 px) and narrow (375 px), public pages as printed, too. `FOLDER/desks` has the desks, numbered in the order
in which they were taken. Beside the pictures it says where a page is wider than its screen, and where it shows what
is for no reader: a program's words, JSON, English in a Chinese page. Scenes (a desk's story each) can be named to
take these alone; `later` starts the service again a month after. It ends with 1 where a scene did not come to its end.
"""

from __future__ import annotations

import sys
import time
import traceback
from collections.abc import Callable, Sequence
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final

from playwright.sync_api import Browser, sync_playwright

from ledger.keys.signer import save_key
from tests.browser.act_forms import Office
from tests.browser.conftest import chromium
from tests.e2e.book import Book, chartered
from tests.screenshots.camera import Camera
from tests.screenshots.complaint_scenes import complaints, complaints_later
from tests.screenshots.enterprise_scenes import enterprise
from tests.screenshots.gallery import Gallery
from tests.screenshots.key_scenes import keys
from tests.screenshots.organizer_scenes import forms, outbox, pending, releases, rosters
from tests.screenshots.oversight_scenes import many, oversight, strangers
from tests.screenshots.public_states import take_public
from tests.support.charter import LOG_OPERATOR
from tests.support.database import postgres_server
from tests.support.receivers import MailReceiver
from tests.support.run_clock import BEGIN, move_to

MONTH: Final = 31 * 86_400
SCENES: Final[dict[str, Callable[[Gallery], None]]] = {
    "keys": keys,
    "oversight": oversight,
    "pending": pending,
    "releases": releases,
    "enterprise": enterprise,
    "rosters": rosters,
    "forms": forms,
    "outbox": outbox,
    "complaints": complaints,
    "strangers": strangers,
    "many": many,
}
LATER: Final[dict[str, Callable[[Gallery], None]]] = {"later": complaints_later}


def take_desks(folder: Path, wanted: Sequence[str]) -> list[str]:
    """The scenes that are wanted, all of them where none is named; the names of those that broke off."""
    folder.mkdir(parents=True, exist_ok=True)
    broken: list[str] = []
    with (
        TemporaryDirectory(prefix="screenshots-") as data,
        postgres_server() as server,
        server.database() as database,
        MailReceiver() as mails,
        sync_playwright() as playwright,
    ):
        browser = playwright.chromium.launch(executable_path=chromium(), args=["--lang=zh-CN"])
        save_key(Path(data) / "operator.pem", LOG_OPERATOR.signer)
        options = "--operator-key", str(Path(data) / "operator.pem"), "--map-interval-seconds", "5"
        service = chartered(
            Path(data), *options, "--webhooks-to", "127.0.0.1", *mails.options(), database=database.service
        )
        camera = Camera(folder)
        with service, Book(service) as book:
            book.campaign()
            gallery = Gallery(book, _office(browser, book, Path(data), BEGIN), camera, mails, database.superuser)
            broken += _play(gallery, SCENES, wanted)
            if not wanted or set(wanted) & set(LATER):
                service.stop()
                service.start_at(BEGIN + MONTH)
                gallery.office = _office(browser, book, Path(data), BEGIN + MONTH)
                broken += _play(gallery, LATER, wanted)
        browser.close()
        print(f"{camera.taken} states, {len(camera.said)} remarks")
    return broken


def _office(browser: Browser, book: Book, folder: Path, now: int) -> Office:
    return Office(browser, book, folder, now)


def _play(gallery: Gallery, scenes: dict[str, Callable[[Gallery], None]], wanted: Sequence[str]) -> list[str]:
    broken = []
    for name, scene in scenes.items():
        if wanted and name not in wanted:
            continue
        begun = time.monotonic()
        try:
            scene(gallery)
        except Exception:  # the other desks are looked at all the same
            traceback.print_exc()
            broken.append(name)
        print(f"-- {name}: {time.monotonic() - begun:.0f} s", flush=True)
    return broken


def main(folder: Path, wanted: Sequence[str]) -> int:
    unknown = set(wanted) - {"public", *SCENES, *LATER}
    if unknown:
        sys.exit(f"{', '.join(sorted(unknown))}: known are public, {', '.join((*SCENES, *LATER))}")
    if not wanted or "public" in wanted:
        take_public(folder)
    desks = [one for one in wanted if one != "public"]
    if wanted and not desks:
        return 0
    move_to(BEGIN)
    return 1 if take_desks(folder / "desks", desks) else 0


if __name__ == "__main__":
    if len(sys.argv) < 2:
        sys.exit(__doc__)
    sys.exit(main(Path(sys.argv[1]), sys.argv[2:]))
