"""
An escalation goes on by its policy: a level is paged, the next is waited for, the end is reached.

Everything here is done under the lock of the escalation's row: a step and an acknowledgement never pass each other.
Escalations are locked before incidents. `state` reads what the row keeps, `calling` pages a level, `course` goes on.
"""

from bot.services.escalation.advance import begin, go_on, hold, resume, step, stop
from bot.services.escalation.state import (
    REMIND,
    STEP,
    answers_of,
    called_of,
    place_of,
    policy_of,
    record,
    standing,
    timer_key,
)

__all__ = [
    "REMIND",
    "STEP",
    "answers_of",
    "begin",
    "called_of",
    "go_on",
    "hold",
    "place_of",
    "policy_of",
    "record",
    "resume",
    "standing",
    "step",
    "stop",
    "timer_key",
]
