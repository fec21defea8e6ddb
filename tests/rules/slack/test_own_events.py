"""Events that the bot itself caused are left out; those of others about its messages are not all its own."""

from typing import Any

import pytest

from bot.slack.api.payloads import BotIdentity
from bot.slack.inbound.events.receiver import NO_IDENTITY, is_own

BOT = BotIdentity("U0DOGWATCH", "B0DOGWATCH")
OWN = {"user": "U0DOGWATCH", "bot_id": "B0DOGWATCH", "text": "declared"}
THEIRS = {"user": "U0ANA", "text": "seen"}


@pytest.mark.parametrize(
    ("event", "expected"),
    [
        ({"type": "message", **OWN}, True),
        ({"type": "message", "subtype": "bot_message", "bot_id": "B0DOGWATCH"}, True),
        ({"type": "message", "subtype": "message_changed", "message": OWN, "previous_message": OWN}, True),
        ({"type": "message", "subtype": "message_deleted", "previous_message": OWN}, True),
        ({"type": "reaction_added", "user": "U0DOGWATCH", "item_user": "U0ANA"}, True),
        ({"type": "user_change", "user": {"id": "U0DOGWATCH"}}, True),
        ({"type": "message", **THEIRS}, False),
        ({"type": "message", "subtype": "bot_message", "bot_id": "B0OTHER"}, False),
        ({"type": "message", "subtype": "message_changed", "message": THEIRS}, False),
        ({"type": "message", "subtype": "message_deleted", "previous_message": THEIRS}, False),
        ({"type": "reaction_added", "user": "U0ANA", "item_user": "U0DOGWATCH"}, False),
        ({"type": "channel_archive", "channel": "C1"}, False),
    ],
)
def test_is_own(event: dict[str, Any], expected: bool) -> None:
    assert is_own(event, BOT) is expected


def test_nothing_is_own_before_the_identity_is_known() -> None:
    assert not is_own({"type": "message", "user": "", "bot_id": ""}, NO_IDENTITY)
