"""What the service is told from outside."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from api.settings import VARIABLES, Settings
from ledger.errors import Misconfigured

ROOT = Path(__file__).resolve().parents[3]


@pytest.mark.parametrize("host", ["127.0.0.1", "127.8.8.8", "::1", "[::1]", "localhost"])
def test_a_demonstration_runs_on_loopback(host: str) -> None:
    assert Settings(host=host, demo=5).demo == 5


@pytest.mark.parametrize("host", ["0.0.0.0", "::", "192.168.1.4", "ledger.example", ""])
def test_a_demonstration_is_never_served_to_others(host: str) -> None:
    with pytest.raises(Misconfigured, match="loopback"):
        Settings(host=host, demo=0)


def test_a_demonstration_takes_no_charter() -> None:
    with pytest.raises(Misconfigured, match="charter"):
        Settings(demo=5, charter=Path("charter.cbor"))


def test_an_empty_variable_is_no_database() -> None:
    assert Settings.read({"LEDGER_DATABASE_URL": ""}).database_url is None


def test_options_that_were_not_given_keep_their_defaults() -> None:
    assert Settings.read({}, port=None) == Settings()


def test_every_variable_that_is_read_is_documented() -> None:
    sources = [path.read_text(encoding="utf-8") for path in (ROOT / "api").rglob("*.py")]
    sources += [path.read_text(encoding="utf-8") for path in (ROOT / "ledger").rglob("*.py")]
    read = {name for source in sources for name in re.findall(r"\bLEDGER_[A-Z_]+", source)}
    assert read == VARIABLES.keys()
    operations = (ROOT / "docs" / "operations.md").read_text(encoding="utf-8")
    assert all(f"| `{name}` |" in operations for name in VARIABLES)
