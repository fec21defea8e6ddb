"""What people type: one file a word, and the table of all of them in the order in which `help` shows them."""

from commands import (
    ack,
    cancel,
    card,
    catchup,
    cause,
    edit,
    escalate,
    help,  # noqa: A004  the file is named by the word that is typed
    impact,
    improve,
    lead,
    list,  # noqa: A004  the same
    note,
    postmortem,
    redact,
    reopen,
    resolve,
    severity,
    start,
    status,
    task,
    timeline,
    update,
)

_WORDS = (
    start.COMMAND,
    card.COMMAND,
    list.COMMAND,
    note.COMMAND,
    timeline.COMMAND,
    redact.COMMAND,
    catchup.COMMAND,
    status.COMMAND,
    severity.COMMAND,
    lead.COMMAND,
    edit.COMMAND,
    escalate.COMMAND,
    ack.COMMAND,
    impact.COMMAND,
    cause.COMMAND,
    improve.COMMAND,
    task.COMMAND,
    update.COMMAND,
    resolve.COMMAND,
    cancel.COMMAND,
    reopen.COMMAND,
    postmortem.COMMAND,
)
COMMANDS = (*_WORDS, help.command(_WORDS))
