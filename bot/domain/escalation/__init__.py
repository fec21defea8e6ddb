"""
Escalating by a policy: which level is paged when, and when it is enough.

A policy (`policy`) is a few levels, one after the other, and how often they are begun anew. `next_step` (`steps`) says
what to do at a moment; carrying it out is somebody else's. Each level has its wait: then the next is due, counted from
when this one was due and not from when somebody looked, so that it does not matter how often somebody looks. `course`
is what is kept of it.
"""

from bot.domain.escalation.policy import AtEnd, Level, Need, Policy, Target, target_of
from bot.domain.escalation.progress import REASONS, SILENT, Answer, Called, first_silence, is_answered, still_needed
from bot.domain.escalation.steps import (
    LATE,
    End,
    Nothing,
    PageLevel,
    Place,
    Progress,
    Step,
    Wait,
    following,
    next_due,
    next_step,
    wait_of,
)

__all__ = [
    "LATE",
    "REASONS",
    "SILENT",
    "Answer",
    "AtEnd",
    "Called",
    "End",
    "Level",
    "Need",
    "Nothing",
    "PageLevel",
    "Place",
    "Policy",
    "Progress",
    "Step",
    "Target",
    "Wait",
    "first_silence",
    "following",
    "is_answered",
    "next_due",
    "next_step",
    "still_needed",
    "target_of",
    "wait_of",
]
