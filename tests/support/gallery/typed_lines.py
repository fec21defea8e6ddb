"""Examples of refused lines."""

from collections.abc import Iterator

from bot.slack.blocks.message import Message
from bot.slack.blocks.typed_line import MAX_OFFERS, offer_label, refusal_message

NOT_A_TIME = ":warning: `26:10` is no clock time: hours go from 0 to 23, as in `14:05`, or `2pm`."
NOT_A_COMMAND = ":warning: `reslove` is not a command. Did you mean `resolve`? `/incident help` lists them all."
NOTE = "/incident note at:26:10 The pool was full\n• first db-1\n• then db-2 & db-3 (`max_connections` <100)"
OVER = ":warning: INC-7 is resolved already, so nothing was changed."


def refused_lines() -> Iterator[tuple[str, Message]]:
    yield "refused line: a time", refusal_message(NOT_A_TIME, NOTE, mistake="at:26:10")
    meant = "/incident resolve rolled back"
    offers = [(offer_label(meant), "{}")]
    yield (
        "refused line: a command",
        refusal_message(NOT_A_COMMAND, "/incident reslove rolled back", mistake="reslove", offers=offers),
    )
    yield "refused line: not now", refusal_message(OVER, "/incident resolve rolled back")
    longest = refusal_message(NOT_A_TIME, "/incident note " + "all of it. " * 2_000, offers=offers * MAX_OFFERS)
    yield "refused line: the longest", longest
