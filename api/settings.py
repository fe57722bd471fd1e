"""What the service is told from outside: command-line options, and the variables of one table, no others."""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Final, Self

from api.delivery.mail_server import MailServer, MailTls
from api.delivery.outside_addresses import OutsideAddresses
from api.http.clients import LOOPBACK, TrustedProxies
from ledger import limits
from ledger.errors import Misconfigured

__all__ = [
    "DEMO_ENTERPRISES",
    "DEMO_MAP_INTERVAL_SECONDS",
    "PORT",
    "VARIABLES",
    "Settings",
    "attachment_keys",
    "complaint_keys",
    "draft_keys",
    "notice_keys",
]

PORT: Final = 8315
DEMO_ENTERPRISES: Final = 2_000
DEMO_MAP_INTERVAL_SECONDS: Final = 60

_PUBLIC_URL: Final = re.compile(r"https?://[A-Za-z0-9.\-]{1,253}(?::[0-9]{1,5})?(?:/[A-Za-z0-9._~\-/]{0,200})?")

# Every environment variable that the product reads, with its meaning (docs/operations.md repeats the table).
VARIABLES: Final[Mapping[str, str]] = {
    "LEDGER_DATABASE_URL": "PostgreSQL 15 or later, as the service's own role; absent: embedded, under the data folder",
    "LEDGER_WITNESS_POLICY": "a C2SP tlog-policy file: the witnesses that are asked to cosign checkpoints",
    "LEDGER_TRUSTED_PROXIES": "addresses or networks, with commas, of proxies whose X-Forwarded-For is believed",
    "LEDGER_MAIL_SERVER": "HOST:PORT of the server that mail is sent by; absent: no mail is sent",
    "LEDGER_MAIL_SENDER": "the address that mail comes from",
    "LEDGER_ADMIN_DATABASE_URL": "the same database as the owner of its schema; read by `migrate` and `restore`",
}


@dataclass(frozen=True, slots=True)
class Settings:
    """One run of the service. Raises `Misconfigured` for a combination that must not be served.

    `demo` is the number of sample enterprises, None outside a demonstration. `charter` is read for an
    empty log only. `witness_policy` names the witnesses that are asked (docs/witnesses.md).
    `accept_history`: a signed `HistoryGivenUp`, where the database has lost what the log had signed.
    `confirm_clock`: today's date in Asia/Shanghai, said by a person, where the log was quiet for long.
    `operator_key`: the log operator's, to publish the roots of the completeness map at `map_interval_seconds`.
    `public_url` is the address under which people reach the service: it stands on certificates.
    `published`: a folder or bucket that a mirror of this log fills, from which its files are answered (docs/scale.md).
    `requests_per_second` and `requests_burst` bound one client's rate. `trusted_proxies`: whose word on the client's
    address is taken (addresses or networks).
    `reader`: answer and append nothing, from a database that may be a standby (docs/scale.md); `writer` is the address
    of the service that appends, `trust` the log's trust file. `durable_on`: on how many servers' disks a statement is
    before it is answered. `pages_ahead`: whether enterprises' pages are drawn before they are asked for, by a process
    beside the one that appends. `webhooks_to`: networks inside to which webhooks may be posted.
    """

    host: str = "127.0.0.1"
    port: int = PORT
    data_dir: Path = Path("data")
    charter: Path | None = None
    demo: int | None = None
    database_url: str | None = None
    admin_database_url: str | None = None
    witness_policy: Path | None = None
    accept_history: Path | None = None
    confirm_clock: date | None = None
    operator_key: Path | None = None
    map_interval_seconds: int | None = None
    public_url: str | None = None
    published: str | None = None
    requests_per_second: int = limits.REQUESTS_PER_SECOND_MAX
    requests_burst: int = limits.REQUESTS_BURST_MAX
    trusted_proxies: tuple[str, ...] = LOOPBACK
    reader: bool = False
    writer: str | None = None
    trust: Path | None = None
    durable_on: int = 1
    pages_ahead: bool = True
    webhooks_to: tuple[str, ...] = ()
    mail_server: str | None = None
    mail_sender: str | None = None
    mail_tls: MailTls = "starttls"
    mail_credentials: Path | None = None
    notice_interval_seconds: int = limits.NOTICE_INTERVAL_SECONDS

    def __post_init__(self) -> None:
        if self.public_url is not None and not _PUBLIC_URL.fullmatch(self.public_url):
            raise Misconfigured(
                f"公开网址应形如 https://ledger.example.org / not an address such as https://ledger.example.org: "
                f"{self.public_url!r:.80}"
            )
        TrustedProxies(self.trusted_proxies)
        self._check_role()
        OutsideAddresses(self.webhooks_to)
        _ = self.mail
        if self.demo is not None and not _is_loopback(self.host):
            raise Misconfigured(
                f"演示模式只能在本机回环地址上运行 / a demonstration is served on loopback only, not {self.host}"
            )
        if self.demo is not None and self.charter is not None:
            raise Misconfigured(
                "演示模式自行生成章程 / a demonstration makes its own charter: --demo or --charter, not both"
            )

    def _check_role(self) -> None:
        if self.writer is not None and not _PUBLIC_URL.fullmatch(self.writer):
            raise Misconfigured(
                f"写入服务的地址应形如 http://writer:8315 / "
                f"not an address such as http://writer:8315: {self.writer!r:.80}"
            )
        if not self.reader:
            if self.writer is not None or self.trust is not None:
                raise Misconfigured("--writer 与 --trust 须与 --reader 同用 / --writer and --trust go with --reader")
            return
        if self.database_url is None:
            raise Misconfigured("--reader 须设 LEDGER_DATABASE_URL / a reader needs LEDGER_DATABASE_URL: it has no own")
        ours = {
            "--charter": self.charter,
            "--demo": self.demo,
            "--accept-history": self.accept_history,
            "--confirm-clock": self.confirm_clock,
            "--operator-key": self.operator_key,
            "--map-interval-seconds": self.map_interval_seconds,
            "--webhooks-to": self.webhooks_to or None,
            "--mail-server": self.mail_server,
            "--durable-on": None if self.durable_on == 1 else self.durable_on,
        }
        given = [name for name, value in ours.items() if value is not None]
        if given:
            raise Misconfigured(f"--reader 不写入任何内容 / a reader appends nothing: not with {', '.join(given)}")

    @property
    def draws_ahead(self) -> bool:
        """Whether this process has pages drawn: a reader serves what the writer's has."""
        return self.pages_ahead and not self.reader

    @property
    def mail(self) -> MailServer | None:
        """Where mail is sent; None where the operator named no server. Raises `Misconfigured`."""
        if self.mail_server is None:
            return None
        return MailServer.named(self.mail_server, self.mail_sender, self.mail_tls, self.mail_credentials)

    @property
    def map_interval(self) -> int:
        """How long a cut of the completeness map stands, in seconds."""
        if self.map_interval_seconds is not None:
            return self.map_interval_seconds
        return limits.MAP_INTERVAL_SECONDS if self.demo is None else DEMO_MAP_INTERVAL_SECONDS

    @property
    def address(self) -> str:
        """Where people reach the service, without a slash at the end."""
        return (self.public_url or f"http://{self.host}:{self.port}").rstrip("/")

    @property
    def keys_dir(self) -> Path:
        """Where the log's own keys lie (and, in a demonstration, the parties')."""
        return self.data_dir / "keys"

    @classmethod
    def read(cls, environment: Mapping[str, str], **options: object) -> Self:
        """Settings from the variables of `VARIABLES` and the options that were given (None: not given)."""
        given = {name: value for name, value in options.items() if value is not None}
        if policy := environment.get("LEDGER_WITNESS_POLICY"):
            given.setdefault("witness_policy", Path(policy))
        for variable, name in (("LEDGER_MAIL_SERVER", "mail_server"), ("LEDGER_MAIL_SENDER", "mail_sender")):
            if value := environment.get(variable):
                given.setdefault(name, value)
        if proxies := environment.get("LEDGER_TRUSTED_PROXIES"):
            given.setdefault("trusted_proxies", tuple(filter(None, (one.strip() for one in proxies.split(",")))))
        return cls(
            database_url=environment.get("LEDGER_DATABASE_URL") or None,
            admin_database_url=environment.get("LEDGER_ADMIN_DATABASE_URL") or None,
            **given,  # type: ignore[arg-type]
        )


def attachment_keys(data_dir: Path) -> Path:
    """The folder of the attachments' keys and of the journal of erasures, below the data folder."""
    return data_dir / "attachment-keys"


def complaint_keys(data_dir: Path) -> Path:
    """The folder of the complaint files' keys, below the data folder."""
    return data_dir / "complaint-keys"


def notice_keys(data_dir: Path) -> Path:
    """The folder of the keys under which it is kept where notices go to, below the data folder."""
    return data_dir / "notice-keys"


def draft_keys(data_dir: Path) -> Path:
    """The folder of the keys of drafts, below the data folder."""
    return data_dir / "draft-keys"


def _is_loopback(host: str) -> bool:
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host.strip("[]")).is_loopback
    except ValueError:
        return False
