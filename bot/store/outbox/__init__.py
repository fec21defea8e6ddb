"""
What has to reach Slack, in the transaction that decided it. The rules stand in `rows`.

`queue` puts rows into lanes, `leases` takes lanes and carries rows out, `gates` keeps to the rates, `recovery` lets go
what an outage of Slack held up, `upkeep` shows and clears what is left.
"""

from bot.store.outbox.gates import block
from bot.store.outbox.leases import (
    Finished,
    Look,
    claim,
    finish,
    finish_several,
    next_due,
    release_all,
    renew,
    save_progress,
)
from bot.store.outbox.queue import Wanted, close_lanes_of, open_lanes_of, put, put_all, together, will_edit
from bot.store.outbox.recovery import slack_is_back, some_wait_for_slack
from bot.store.outbox.rows import (
    UNFINISHED,
    Again,
    Claim,
    Done,
    Failure,
    Gate,
    Lane,
    LostLease,
    OutboxRow,
    Outcome,
    Rate,
    RatesOf,
    Refused,
    State,
)
from bot.store.outbox.upkeep import (
    Backlog,
    backlog,
    drop,
    forget_done,
    get,
    is_news,
    is_refused,
    let_go,
    problems_of,
    retry,
)

__all__ = [
    "UNFINISHED",
    "Again",
    "Backlog",
    "Claim",
    "Done",
    "Failure",
    "Finished",
    "Gate",
    "Lane",
    "Look",
    "LostLease",
    "OutboxRow",
    "Outcome",
    "Rate",
    "RatesOf",
    "Refused",
    "State",
    "Wanted",
    "backlog",
    "block",
    "claim",
    "close_lanes_of",
    "drop",
    "finish",
    "finish_several",
    "forget_done",
    "get",
    "is_news",
    "is_refused",
    "let_go",
    "next_due",
    "open_lanes_of",
    "problems_of",
    "put",
    "put_all",
    "release_all",
    "renew",
    "retry",
    "save_progress",
    "slack_is_back",
    "some_wait_for_slack",
    "together",
    "will_edit",
]
