"""Text that a database cannot store, from people and from alerts."""

import hashlib
import hmac
import json
import re
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any
from urllib.parse import quote, urlencode

import pytest
from structlog.typing import EventDict

from tests.faults.security.test_malformed import HALF, NUL, OTHER_HALF
from tests.support.requests.notifications import a_notification, an_alert
from tests.support.requests.strangers import FORM, channel_id, command, errors_of, interaction, raw, send, to_slack
from tests.support.worlds.databases import BOTH_DATABASES
from tests.support.worlds.visitor import Visitor
from tests.support.worlds.world import TOKEN, World

UNSTORABLE = f"before{NUL}between{HALF}and{OTHER_HALF}{HALF}after"
STORED = "before\ufffdbetween\ufffdand\ufffd\ufffdafter"


async def test_what_no_database_keeps_is_taken_out_of_what_people_write(either: World, logged: list[EventDict]) -> None:
    """NUL and lone surrogates in commands, forms, messages, reactions, edits and names."""
    world, team = either, either.sandbox.team_id
    typed = command(world, "start PLACE", trigger="5.1").replace(b"PLACE", b"before%00after")
    assert (await to_slack(world, typed, kind=FORM)).status == 200
    await world.finish()
    channel, user = channel_id(world), {"id": "U0DBA", "team_id": team}

    def event(number: int, **parts: Any) -> bytes:
        body = {"type": "event_callback", "team_id": team, "event_id": f"Ev{number}", "event": parts}
        return json.dumps(body).encode()

    said = {"type": "message", "channel": channel, "user": "U0DBA", "text": UNSTORABLE, "ts": "1772460000.000100"}
    edited = {**said, "text": f"edited {UNSTORABLE}", "edited": {"ts": "1772460000.000200"}}
    profile = {"id": "U0DBA", "team_id": team, "name": "dba", "profile": {"display_name": f"dba {NUL}{HALF}"}}
    values = {"text": {"text": {"type": "plain_text_input", "value": f"note {UNSTORABLE}"}}}
    view = {
        "id": "V1",
        "type": "modal",
        "callback_id": "note_modal",
        "private_metadata": '{"incident": 1}',
        "blocks": [],
        "state": {"values": values},
    }
    submission = {"type": "view_submission", "team": {"id": team}, "user": user, "view": view, "trigger_id": "5.2"}

    assert b"\\u0000" in event(1, **said)
    for number, parts in enumerate(
        (
            said,
            {
                "type": "message",
                "subtype": "message_changed",
                "channel": channel,
                "message": edited,
                "previous_message": said,
                "ts": "1772460000.000300",
            },
            {"type": "user_change", "user": profile},
        )
    ):
        assert (await to_slack(world, event(number, **parts))).status == 200, parts
    assert (await to_slack(world, interaction(submission), kind=FORM)).status == 200
    mark = {
        "type": "reaction_added",
        "user": "U0DBA",
        "reaction": "mag",
        "event_ts": "1772460000.000400",
        "item": {"type": "message", "channel": channel, "ts": "1772460000.000100"},
    }
    assert (await to_slack(world, event(9, **mark))).status == 200
    await world.finish()

    stored = await world.stored()
    assert "before\ufffdafter" in stored
    assert f"edited {STORED}" in stored
    assert f"note {STORED}" in stored
    assert "dba \ufffd\ufffd" in stored
    texts = [entry["text"] for entry in await world.timeline()]
    assert f"edited {STORED}" in texts
    assert errors_of(logged) == []


async def test_the_same_in_what_slack_tells_when_it_is_asked(either: World, logged: list[EventDict]) -> None:
    """A channel's history is read after a gap; what stands in it came past no check at our door."""
    world = either
    await world.declares()
    world.sandbox.delivery_fault("drop")
    world.sandbox.say("dba", world.channel, UNSTORABLE, raw=True)
    await world.settle()
    world.sandbox.clear_faults()
    await world.restart()
    await world.finish()

    assert STORED in await world.stored()
    assert errors_of(logged) == []


async def test_an_alert_says_what_it_means_to_both_databases(either: World) -> None:
    """Valid text is stored as it is: controls, directions, astral characters."""
    odd = "tab\t bell\x07 escape\x1b[31m \u202e \u200b \ufeff \uffff 🔥 \U0010ffff \u0301"
    alert = an_alert(at=either.now, odd=odd)

    assert (await either.posts("alertmanager", a_notification(alert)))[0] == 200
    await either.finish()

    (alert_kept,) = (await either.exported())["alerts"]
    assert alert_kept["labels"]["odd"] == odd


PLACE = re.compile(r"\{[^}]*\}")
NAMES = """
    action after answer before block changed code done error format key kind lang lead like month next number page
    person service since source state status team template text until v vendor
"""


@pytest.mark.world(config='[pages]\nadmins = ["U0ENGINEER"]\n', databases=BOTH_DATABASES)
async def test_an_address_with_it_is_no_internal_error(world: World, logged: list[EventDict]) -> None:
    """All pages and forms, with NUL in each place and parameter, and a receiver that reads its path."""
    await world.declares("checkout is down")
    query = "?" + "&".join(f"{name}=%00" for name in NAMES.split())
    answers: dict[str, int] = {}
    async with Visitor(world) as admin:
        await admin.signs_in("engineer")
        token = (await admin.opens("/incidents/INC-1")).field("form_token")
        for method, path in sorted(addresses(world)):
            found = admin.opens(path + query) if method == "GET" else admin.sends(path + query, form_token=token)
            answers[f"{method} {path}"] = (await found).status

    close = "POST /alerts/opsgenie/v2/alerts/%00/close?identifierType=alias"
    head = f"Host: dogwatch\nAuthorization: GenieKey {TOKEN}\nContent-Length: 0\nConnection: close\n\n"
    closed = await raw(world, f"{close} HTTP/1.1\n{head}", [])

    assert len(answers) > 80
    assert closed.startswith(b"HTTP/1.1 202 ")
    assert {path: status for path, status in answers.items() if status >= 500} == {}
    assert errors_of(logged) == []


def addresses(world: World) -> set[tuple[str, str]]:
    """Methods and addresses, with NUL for each place, except that of a stream, which does not end."""
    routes = [route for resource in world.bot._listener.site.router.resources() for route in resource]
    known = [(route.method, route.resource.canonical) for route in routes if route.resource is not None]
    places = [(method, path.replace("{reference}", "INC-1")) for method, path in known] + known
    return {
        (method, PLACE.sub("%00", path))
        for method, path in places
        if method in ("GET", "POST") and not path.endswith(("/live", "/sign-out", "/slack/events"))
    }


MAILGUN_KEY = "mailgun-signing-key"


class MailWorld(World):
    def environment(self) -> dict[str, str]:
        return super().environment() | {"DOGWATCH_ALERT_SECRET_MAILGUN": MAILGUN_KEY}


@pytest.fixture
async def mail_world(database_url: str, tmp_path: Path) -> AsyncIterator[MailWorld]:
    async with MailWorld(database_url, tmp_path) as built:
        yield built


async def test_a_mail_with_it_is_an_alert(mail_world: MailWorld, logged: list[EventDict]) -> None:
    """In the sender, from which the alert is identified, in the subject, and in what the signature covers."""
    world, at = mail_world, str(int(mail_world.clock.real_now().timestamp()))
    token = f"token{NUL}"
    cleaned = token.replace(NUL, "\ufffd")
    signature = hmac.new(MAILGUN_KEY.encode(), f"{at}{cleaned}".encode(), hashlib.sha256).hexdigest()
    form = {"from": f"{NUL}<m{NUL}on@example.com>", "subject": f"Disk {NUL} full", "body-plain": NUL, "timestamp": at}
    by_mailgun = urlencode({**form, "token": token, "signature": signature}).encode()
    by_postmark = {"From": "=?utf-8?q?=00?=", "Subject": "Down", "TextBody": "Down", "To": "a@example.com"}

    answers = [
        await send(world, "/alerts/mailgun", by_mailgun, [("Content-Type", FORM)]),
        await send(world, f"/alerts/postmark?token={quote(TOKEN)}", json.dumps(by_postmark).encode(), []),
    ]

    assert [(each.status, each.json_body.get("recorded")) for each in answers] == [(200, 1), (200, 1)]
    assert "m\ufffdon@example.com" in await world.stored()
    assert errors_of(logged) == []
