"""What the service is told from outside: command-line options, and the variables of one table, no others."""

from __future__ import annotations

import ipaddress
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Self

from ledger import limits
from ledger.errors import Misconfigured

__all__ = ["DEMO_ENTERPRISES", "PORT", "VARIABLES", "Settings"]

PORT: Final = 8315
DEMO_ENTERPRISES: Final = 2_000

# Every environment variable that the product reads, with its meaning (docs/operations.md repeats the table).
VARIABLES: Final[Mapping[str, str]] = {
    "LEDGER_DATABASE_URL": "PostgreSQL 15 or later, as the service's own role; absent: embedded, under the data folder",
    "LEDGER_ADMIN_DATABASE_URL": "the same database as the owner of its schema; read by `migrate` and `restore`",
}


@dataclass(frozen=True, slots=True)
class Settings:
    """One run of the service. Raises `Misconfigured` for a combination that must not be served.

    `demo` is the number of sample enterprises, None outside a demonstration. `charter` is read for an
    empty log only. `requests_per_second` and `requests_burst` bound one client's rate.
    """

    host: str = "127.0.0.1"
    port: int = PORT
    data_dir: Path = Path("data")
    charter: Path | None = None
    demo: int | None = None
    database_url: str | None = None
    admin_database_url: str | None = None
    requests_per_second: int = limits.REQUESTS_PER_SECOND_MAX
    requests_burst: int = limits.REQUESTS_BURST_MAX

    def __post_init__(self) -> None:
        if self.demo is not None and not _is_loopback(self.host):
            raise Misconfigured(
                f"演示模式只能在本机回环地址上运行 / a demonstration is served on loopback only, not {self.host}"
            )
        if self.demo is not None and self.charter is not None:
            raise Misconfigured(
                "演示模式自行生成章程 / a demonstration makes its own charter: --demo or --charter, not both"
            )

    @property
    def keys_dir(self) -> Path:
        """Where the log's own keys lie (and, in a demonstration, the parties')."""
        return self.data_dir / "keys"

    @classmethod
    def read(cls, environment: Mapping[str, str], **options: object) -> Self:
        """Settings from the variables of `VARIABLES` and the options that were given (None: not given)."""
        given = {name: value for name, value in options.items() if value is not None}
        return cls(
            database_url=environment.get("LEDGER_DATABASE_URL") or None,
            admin_database_url=environment.get("LEDGER_ADMIN_DATABASE_URL") or None,
            **given,  # type: ignore[arg-type]
        )


def _is_loopback(host: str) -> bool:
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host.strip("[]")).is_loopback
    except ValueError:
        return False
