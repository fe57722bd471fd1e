"""`follow`: verify a log as it grows, and tell of what concerns a subject."""

from __future__ import annotations

import contextlib
import json
import sys
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

import click

from api.cli.options import FILE
from api.cli.output import explain
from api.cli.progress_bar import progress_bar
from api.http.enterprise_ids import subject_of
from api.monitor.atomic_files import keep_evidence, only_one
from api.monitor.checkpoint_growth import Inconsistent
from api.monitor.graceful_shutdown import GracefulShutdown
from api.monitor.log_source import LogSource
from api.monitor.monitor import FollowedSubjects, Monitor, Sink
from api.monitor.monitor_state import FollowState
from api.monitor.notices import Noticed
from api.monitor.retry import keep_going
from api.monitor.trust_on_first_use import believed
from api.monitor.webhook import Webhook, read_secrets
from ledger.domain.values.subject import parse
from ledger.errors import LedgerError, Malformed, Unavailable
from ledger.limits import FOLLOW_SUBJECTS_MAX, FOLLOW_TRIES_MAX

__all__ = ["follow"]


@click.command()
@click.argument("url")
@click.option("--subject", "subjects", multiple=True, metavar="ID", help="Whom to tell of; everything if not given.")
@click.option("--trust", "trust_path", type=FILE, help="What you believe beforehand: the log's trust file.")
@click.option(
    "--state",
    "state_path",
    type=click.Path(dir_okay=False, path_type=Path),
    help="What is remembered between runs. Without it everything is read again, and a fork in between is not seen.",
)
@click.option("--webhook", "webhook_url", metavar="URL", help="Post events there, instead of printing them.")
@click.option("--webhook-secret", "secret_path", type=FILE, help="Signs what is posted: a line whsec_<base64>.")
@click.option("--from-now", is_flag=True, help="At the first run: check what is there, but tell only of what comes.")
@click.option("--once", is_flag=True, help="Look once.")
@click.option("--interval", type=click.FloatRange(min=0.1), default=10.0, show_default=True, help="Seconds.")
@click.option("--json", "as_json", is_flag=True, help="For a program: an event a line.")
@click.pass_context
def follow(
    ctx: click.Context,
    url: str,
    *,
    subjects: tuple[str, ...],
    trust_path: Path | None,
    state_path: Path | None,
    webhook_url: str | None,
    secret_path: Path | None,
    from_now: bool,
    once: bool,
    interval: float,
    as_json: bool,
) -> None:
    """Verify the log at URL (a service or a mirror) as it grows; print or post the events about subjects.

    Exit code 1 as soon as the log contradicts itself or what it signed: the evidence lies beside the state file. With
    --once 0 if all holds, 2 if it could not be checked; else it keeps trying until SIGTERM.
    """
    if (webhook_url is None) != (secret_path is None):
        raise click.UsageError("--webhook and --webhook-secret go together")
    if len(subjects) > FOLLOW_SUBJECTS_MAX:
        raise click.UsageError(f"at most {FOLLOW_SUBJECTS_MAX} subjects")
    stopping = GracefulShutdown()
    with contextlib.ExitStack() as stack:
        if state_path is None:
            state_path = Path(stack.enter_context(tempfile.TemporaryDirectory())) / "state.json"
            evidence_path = Path("credit-ledger-follow")
        else:
            evidence_path = state_path
        stack.enter_context(only_one(state_path.with_name(state_path.name + ".lock")))
        source = stack.enter_context(LogSource(url))
        webhook = None
        if webhook_url is not None and secret_path is not None:
            tries = FOLLOW_TRIES_MAX if once else None
            webhook = Webhook(webhook_url, read_secrets(secret_path), tries_max=tries, say=_say)
            stack.callback(webhook.close)
        stack.enter_context(stopping.listening())
        rounds = _Rounds(
            source,
            trust_path,
            FollowedSubjects(state_path, tuple(map(_subject, subjects)), from_now=from_now),
            _Posting(webhook) if webhook is not None else _Printing(as_json),
            stopping,
            stack.enter_context(_verifying()),
        )
        try:
            keep_going(rounds.next, once=once, interval=interval, say=lambda error: _say(explain(error)[0]))
        except Inconsistent as found:
            kept = keep_evidence(evidence_path, found)
            _say(f"日志不一致 / THE LOG IS INCONSISTENT ({found.kind})\n{found.zh}\n{found.en}\n{kept}")
            if webhook is not None:
                with contextlib.suppress(Unavailable):
                    webhook.shout(rounds.origin, found)
            ctx.exit(1)


class _Rounds:
    """The rounds of one run. What is believed of the log is settled at the first that reaches it."""

    def __init__(
        self,
        source: LogSource,
        trust_path: Path | None,
        followed: FollowedSubjects,
        sink: Sink,
        stopping: GracefulShutdown,
        step: Callable[[int, int], None],
    ) -> None:
        self._source = source
        self._trust_path = trust_path
        self._followed = followed
        self._sink = sink
        self._stopping = stopping
        self._step = step
        self._monitor: Monitor | None = None
        self.origin = source.url  # until the log has said its name

    def next(self) -> None:
        """One more round. Raises `Inconsistent`, and what keeps the log from being looked at."""
        if self._monitor is None:
            self._monitor = self._begun()
        self._monitor.round()

    def _begun(self) -> Monitor:
        given = self._trust_path
        before = FollowState.load(self._followed.state_path)
        remembered = before.trust.encode() if before is not None and given is None else None
        trust, text = believed(given, remembered, self._source, _say)
        self.origin = trust.origin
        followed = self._followed if given is not None else self._followed._replace(trust_text=text.decode())
        return Monitor(self._source, trust, self._sink, followed, stopping=self._stopping, progress=self._step)


@contextlib.contextmanager
def _verifying() -> Iterator[Callable[[int, int], None]]:
    """A bar for whoever looks on, told how many entries are done of how many."""
    if not sys.stderr.isatty():
        yield lambda done, size: None
        return
    with progress_bar() as bar:
        task = bar.add_task("verifying", total=None)
        yield lambda done, size: bar.update(task, completed=done, total=size)


class _Printing:
    one_by_one = False

    def __init__(self, as_json: bool) -> None:
        self._as_json = as_json

    def deliver(self, noticed: Noticed) -> None:
        line = json.dumps(noticed.document(), ensure_ascii=False) if self._as_json else noticed.line()
        click.echo(line)  # flushes


class _Posting:
    one_by_one = True

    def __init__(self, webhook: Webhook) -> None:
        self._webhook = webhook

    def deliver(self, noticed: Noticed) -> None:
        self._webhook.deliver(noticed)


def _subject(text: str) -> str:
    """An enterprise as on its licence or by its subject id, or the id of another stream (`party:…`, `policy`)."""
    try:
        return parse(text)
    except Malformed:
        pass
    try:
        return subject_of(text)
    except LedgerError as error:
        raise click.BadParameter(str(error), param_hint="--subject") from error


def _say(text: str) -> None:
    click.echo(f"credit-ledger: {text}", err=True)
