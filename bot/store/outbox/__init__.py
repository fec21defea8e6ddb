"""
The outbox: effects that have to reach Slack, queued in the transaction that decided them.

`models` describes rows, lanes and their states. `queue` puts rows into lanes, `leases` claims lanes, `finishing` writes
outcomes, `rate_limits` enforces Slack's limits, `recovery` releases rows after an outage of Slack, `maintenance` and
`inspection` are for operators.
"""

from bot.store.outbox.finishing import FinishResult, finish, finish_several
from bot.store.outbox.leases import ClaimResult, claim_lanes, find_next_due, release_leases, renew_lease, save_progress
from bot.store.outbox.maintenance import (
    Backlog,
    clear_payload,
    count_backlog,
    delete_finished,
    delete_unfinished,
    drop_row,
    failures_exist,
    find_failures,
    get,
    is_first_failure,
    is_view_rejected,
    release_waiting,
    retry_row,
)
from bot.store.outbox.models import (
    UNFINISHED,
    Claim,
    Done,
    Failure,
    Lane,
    Loaded,
    LostLease,
    OutboxRow,
    Outcome,
    Rate,
    RateLimit,
    RatesOf,
    Rejected,
    Retry,
    State,
)
from bot.store.outbox.queue import (
    Effect,
    batch,
    before_lanes,
    close_lanes,
    enqueue,
    enqueue_all,
    is_shown_elsewhere,
    mark_as_edit,
    move_waiting_views,
    open_lanes,
)
from bot.store.outbox.rate_limits import block_until
from bot.store.outbox.recovery import release_rows_waiting_for_slack

__all__ = [
    "UNFINISHED",
    "Backlog",
    "Claim",
    "ClaimResult",
    "Done",
    "Effect",
    "Failure",
    "FinishResult",
    "Lane",
    "Loaded",
    "LostLease",
    "OutboxRow",
    "Outcome",
    "Rate",
    "RateLimit",
    "RatesOf",
    "Rejected",
    "Retry",
    "State",
    "batch",
    "before_lanes",
    "block_until",
    "claim_lanes",
    "clear_payload",
    "close_lanes",
    "count_backlog",
    "delete_finished",
    "delete_unfinished",
    "drop_row",
    "enqueue",
    "enqueue_all",
    "failures_exist",
    "find_failures",
    "find_next_due",
    "finish",
    "finish_several",
    "get",
    "is_first_failure",
    "is_shown_elsewhere",
    "is_view_rejected",
    "mark_as_edit",
    "move_waiting_views",
    "open_lanes",
    "release_leases",
    "release_rows_waiting_for_slack",
    "release_waiting",
    "renew_lease",
    "retry_row",
    "save_progress",
]
