"""Stages owns the progress that long work shows on stderr: a bar for people, lines for logs."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager

from rich.console import Console

Show = Callable[[str, float], None]
"""Is told the stage and how much of it is done, 0 to 1."""


@contextmanager
def showing_progress() -> Iterator[Show]:
    """Give a function that is told the stage and how much of it is done, 0 to 1."""
    console = Console(stderr=True)
    if console.is_terminal:
        with _bar(console) as show:
            yield show
    else:
        yield _lines(console)


@contextmanager
def _bar(console: Console) -> Iterator[Show]:
    from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn  # for a terminal only

    columns = (TextColumn("{task.description:<10}"), BarColumn(), TimeElapsedColumn())
    with Progress(*columns, console=console, transient=True) as bar:
        task = bar.add_task("", total=1.0)
        yield lambda stage, done: bar.update(task, description=stage, completed=done)


def _lines(console: Console) -> Show:
    seen: set[str] = set()

    def show(stage: str, done: float) -> None:
        if stage not in seen:
            seen.add(stage)
            console.print(f"{stage} ...", highlight=False)

    return show
