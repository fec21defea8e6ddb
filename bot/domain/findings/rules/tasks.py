"""Tasks without an owner or without a date."""

from collections.abc import Iterator, Sequence

from bot.domain.findings.finding import Finding
from bot.domain.record.action_item import names_owner
from bot.domain.record.model import Action, Record
from bot.domain.terms import ActionKind

OWNER = "task-without-owner"
DATE = "task-without-date"


def check_task_without_owner(record: Record) -> Iterator[Finding]:
    """
    Find open tasks without owner and date, and those without an owner, as one finding each.

    A user group or a team can own a task, also one that the text names as its owner: at its start, at its end, after
    "owner:", or as who takes care of it. Silent about improvements: a lesson has no owner.
    """
    unowned = [task for task in _open_tasks(record) if not _has_owner(task)]
    yield from _task_finding(OWNER, [task for task in unowned if not task.due], "nor_date")
    yield from _task_finding(OWNER, [task for task in unowned if task.due])


def check_task_without_date(record: Record) -> Iterator[Finding]:
    """Find open tasks with an owner and without a date, as one finding."""
    yield from _task_finding(DATE, [task for task in _open_tasks(record) if _has_owner(task) and not task.due])


def _has_owner(task: Action) -> bool:
    return bool(task.owner) or names_owner(task.text)


def _open_tasks(record: Record) -> list[Action]:
    return [action for action in record.actions if action.kind is ActionKind.TASK and not action.done]


def _task_finding(code: str, tasks: Sequence[Action], variant: str = "") -> Iterator[Finding]:
    if tasks:
        yield Finding(code, tuple(task.source.ref for task in tasks), {"count": len(tasks)}, variant)
