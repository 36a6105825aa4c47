"""What the person at the terminal sees: a bar a file, and a table at the end."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager

from rich.console import Console
from rich.markup import escape
from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    ProgressColumn,
    Task,
    TaskID,
    TextColumn,
    TimeRemainingColumn,
)
from rich.progress import Progress as Bars
from rich.table import Table
from rich.text import Text

from app.importers.folder import NOT_RECOGNISED, Watcher
from app.importers.records import Report
from app.importers.run import Progress

COLUMNS = ("file", "read", "new", "changed", "unchanged", "gone", "skipped", "problems", "rows/s")
_WIDEST_NAME = 44


class RowsPerSecond(ProgressColumn):
    """How many rows a second a file is read at."""

    def render(self, task: Task) -> Text:
        """Return the speed, or nothing before there is one."""
        seconds = task.finished_time or task.elapsed
        speed = f"{task.completed / seconds:,.0f} rows/s" if seconds else ""
        return Text(speed, style="progress.data.speed")


class _BarWatcher:
    """A bar a file, on a terminal."""

    def __init__(self, bars: Bars) -> None:
        self._bars = bars
        self._task: TaskID | None = None

    def begin(self, name: str) -> Progress:
        task = self._bars.add_task(escape(name[-_WIDEST_NAME:]), total=None)
        self._task = task

        def tell(rows: int, total: int | None) -> None:
            self._bars.update(
                task, completed=rows, total=None if total is None else max(rows, total)
            )

        return tell

    def end(self, report: Report) -> None:
        if self._task is not None:
            self._bars.update(self._task, completed=report.read, total=report.read)
            self._bars.stop_task(self._task)
        if report.status == "refused":
            self._bars.console.print(f"[red]Error:[/red] {escape(report.message)}")


class _LineWatcher:
    """A line a file, where nobody watches (a log, a pipe)."""

    def __init__(self, console: Console) -> None:
        self._console = console

    def begin(self, name: str) -> Progress:  # noqa: ARG002 - the line comes at the end
        return lambda rows, total: None  # noqa: ARG005

    def end(self, report: Report) -> None:
        line = f"{report.file_name}: {say(report)}"
        self._console.print(line, markup=False, highlight=False, soft_wrap=True)


@contextmanager
def watching(console: Console) -> Iterator[Watcher]:
    """Yield what shows each file on `console`: bars on a terminal, plain lines elsewhere."""
    if not console.is_terminal:
        yield _LineWatcher(console)
        return
    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        RowsPerSecond(),
        TimeRemainingColumn(),
    )
    with Bars(*columns, console=console) as bars:
        yield _BarWatcher(bars)


def say(report: Report, *, has_speed: bool = True) -> str:
    """Return what became of a file as one line; how fast it was is for a terminal only."""
    if report.status == "refused":
        return report.message
    if report.status == NOT_RECOGNISED:
        return "not recognised, so not loaded"
    if report.message:
        return report.message
    parts = [f"{report.read:,} {'row' if report.read == 1 else 'rows'} read"]
    counts = [(getattr(report, noun), noun) for noun in COLUMNS[2:-2]]
    parts += [f"{number:,} {noun}" for number, noun in counts if number]
    if report.problems:
        reasons = ", ".join(f"{what.replace('_', ' ')} {n:,}" for what, n in report.reasons.items())
        parts.append(f"{report.problems:,} to look at ({reasons})")
    speed = f"; {report.seconds:.1f} s, {_speed(report)} rows/s" if has_speed else "."
    return f"{', '.join(parts)}{speed}"


def print_reports(reports: Sequence[Report], *, console: Console) -> None:
    """Print what became of every row of every file as one table, and what was not loaded."""
    loaded = [r for r in reports if r.status not in {"refused", NOT_RECOGNISED}]
    rows = [_cells(report) for report in loaded]
    if len(rows) > 1:
        rows.append(_total(loaded))
    if console.is_terminal:
        table = Table(*COLUMNS)
        for column in table.columns[1:]:
            column.justify = "right"
        for row in rows:
            table.add_row(*map(escape, row))
        console.print(table)
    elif rows:
        _print_plainly([COLUMNS, *rows], console)
    for report in reports:
        if report.message or report.status == NOT_RECOGNISED:
            line = f"{report.file_name}: {say(report)}"
            console.print(line, markup=False, highlight=False, soft_wrap=True)
    if any(report.problems for report in loaded):
        console.print("Rows to look at: patchwork problems", markup=False, highlight=False)


def _print_plainly(rows: Sequence[Sequence[str]], console: Console) -> None:
    widths = [max(len(row[number]) for row in rows) for number in range(len(COLUMNS))]
    for row in rows:
        first, *others = (
            cell.rjust(width) if number else cell.ljust(width)
            for number, (cell, width) in enumerate(zip(row, widths, strict=True))
        )
        line = "  ".join([first, *others]).rstrip()
        console.print(line, markup=False, highlight=False, soft_wrap=True)


def _cells(report: Report) -> list[str]:
    counts = (report.read, report.new, report.changed, report.unchanged, report.gone,
              report.skipped, report.problems)  # fmt: skip
    return [report.file_name, *(f"{count:,}" for count in counts), _speed(report)]


def _total(reports: Sequence[Report]) -> list[str]:
    total = Report(f"{len(reports)} files", "", "")
    for name in ("read", "new", "changed", "unchanged", "gone", "skipped", "problems", "seconds"):
        setattr(total, name, sum(getattr(report, name) for report in reports))
    return _cells(total)


def _speed(report: Report) -> str:
    return f"{report.read / report.seconds:,.0f}" if report.seconds else ""
