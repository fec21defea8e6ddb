"""Tasks that nobody owns, or that are due on no day."""

from collections.abc import Iterator, Sequence

from bot.domain.findings.finding import Finding
from bot.domain.record.model import Action, Record
from bot.domain.terms import ActionKind

OWNER = "task-without-owner"
DATE = "task-without-date"


def task_without_owner(record: Record) -> Iterator[Finding]:
    """
    One finding for the tasks that lack both an owner and a date, and one for those that lack an owner only.

    Silent about tasks that are done, and about improvements: a lesson has no owner.
    """
    unowned = [task for task in _open(record) if not task.owner]
    yield from _one(OWNER, [task for task in unowned if not task.due], "nor_date")
    yield from _one(OWNER, [task for task in unowned if task.due])


def task_without_date(record: Record) -> Iterator[Finding]:
    """One finding for the tasks that have an owner and no date. Silent about those that `task-without-owner` names."""
    yield from _one(DATE, [task for task in _open(record) if task.owner and not task.due])


def _open(record: Record) -> list[Action]:
    return [action for action in record.actions if action.kind is ActionKind.TASK and not action.done]


def _one(code: str, tasks: Sequence[Action], variant: str = "") -> Iterator[Finding]:
    if tasks:
        yield Finding(code, tuple(task.source.ref for task in tasks), {"count": len(tasks)}, variant)
