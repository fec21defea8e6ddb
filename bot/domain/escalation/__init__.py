"""
Escalation by a policy: which level is paged when, and when acknowledgements suffice.

`policy` has the levels and the number of rounds. `next_step` (`steps`) decides what is due at a point in time; the
service carries it out. The wait of a level counts from its due time, not from the check that found it due, so the
result does not depend on how often it is checked. `progress` has the paged levels and acknowledgements as stored.
"""

from bot.domain.escalation.policy import AtEnd, Level, Need, Policy, Target, parse_target
from bot.domain.escalation.progress import (
    ACK_TIMED_OUT,
    PAGE_REASONS,
    Acknowledgement,
    PagedLevel,
    first_timed_out_ack,
    is_acknowledged,
    level_paged_instead,
    people_still_needed,
)
from bot.domain.escalation.steps import (
    LATE_AFTER,
    Exhausted,
    PageLevel,
    Position,
    Progress,
    Step,
    Stop,
    Wait,
    level_wait,
    next_due_at,
    next_position,
    next_step,
)

__all__ = [
    "ACK_TIMED_OUT",
    "LATE_AFTER",
    "PAGE_REASONS",
    "Acknowledgement",
    "AtEnd",
    "Exhausted",
    "Level",
    "Need",
    "PageLevel",
    "PagedLevel",
    "Policy",
    "Position",
    "Progress",
    "Step",
    "Stop",
    "Target",
    "Wait",
    "first_timed_out_ack",
    "is_acknowledged",
    "level_paged_instead",
    "level_wait",
    "next_due_at",
    "next_position",
    "next_step",
    "parse_target",
    "people_still_needed",
]
