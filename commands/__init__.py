"""What people type: one file a word, and the table of all of them in the order in which `help` shows them."""

from commands import (
    ack,
    card,
    cause,
    escalate,
    help,  # noqa: A004  the file is named by the word that is typed
    impact,
    improve,
    lead,
    note,
    postmortem,
    resolve,
    severity,
    start,
    status,
    task,
    timeline,
)

_WORDS = (
    start.COMMAND,
    card.COMMAND,
    note.COMMAND,
    timeline.COMMAND,
    status.COMMAND,
    severity.COMMAND,
    lead.COMMAND,
    escalate.COMMAND,
    ack.COMMAND,
    impact.COMMAND,
    cause.COMMAND,
    improve.COMMAND,
    task.COMMAND,
    resolve.COMMAND,
    postmortem.COMMAND,
)
COMMANDS = (*_WORDS, help.command(_WORDS))
