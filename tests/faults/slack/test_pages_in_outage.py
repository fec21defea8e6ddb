"""Slack refuses everything for two hours: the incident goes on on the pages, and Slack is told afterwards."""

from collections.abc import AsyncIterator
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from sqlmodel import Session

from bot.services.paging.addresses import Address, store_address
from bot.store.escalation.contacts import Contact
from tests.flows.postmortem.test_drafts import runs
from tests.support.requests.notifications import a_notification, an_alert
from tests.support.worlds.contact_methods import MAIL, ContactMethodWorld
from tests.support.worlds.databases import BOTH_DATABASES
from tests.support.worlds.visitor import Answer, Visitor

PAGE = "/incidents/INC-2"


@pytest.fixture
async def world(world_url: str, tmp_path: Path) -> AsyncIterator[ContactMethodWorld]:
    async with ContactMethodWorld(world_url, tmp_path) as built:
        yield built


async def has_mail(world: ContactMethodWorld, user_id: str) -> None:
    settings, at = world.bot.settings, world.now

    def add(session: Session) -> None:
        contact = Contact(team_id="T0HARBOUR", user_id=user_id, position=1, method="email", created_at=at)
        store_address(settings, contact, Address(MAIL, "…"))
        session.add(contact)

    await world.bot.database.run(add)


async def acts(visitor: Visitor, name: str, **fields: str) -> Answer:
    page = await visitor.opens(PAGE)
    hidden = {each: page.field(each) for each in ("form_token", "submission")}
    sent = await visitor.sends(f"{PAGE}/actions/{name}", **hidden, **fields)
    assert sent.status == 303, sent.words
    return await visitor.opens(sent.location)


@pytest.mark.world(databases=BOTH_DATABASES)
@pytest.mark.parametrize(
    "outage",
    [("cut_before", {}), ("status", {"status": 503}), ("error", {"error": "internal_error"})],
    ids=["unreachable", "503", "refused"],
)
async def test_an_incident_on_the_pages_while_slack_is_away(world: ContactMethodWorld, outage) -> None:
    for user in ("engineer", "dba", "oncall"):
        await world.types(user, "/incident help", "ops")
    await has_mail(world, "U0DBA")
    fault, more = outage
    gone = world.sandbox.fault(fault, **more)
    began = world.now
    done_at: dict[str, datetime] = {}

    await world.posts("alertmanager", a_notification(an_alert("HighErrors", at=world.now)))
    async with Visitor(world) as ana, Visitor(world) as bo:
        await ana.sends(ana.link_for("U0ENGINEER"))
        form = await ana.opens("/declare")
        hidden = {each: form.field(each) for each in ("form_token", "submission")}
        declared = await ana.sends("/declare", **hidden, text="Nobody can pay", sev="SEV1")
        assert declared.location.startswith(PAGE), declared.words
        for who, name, fields in (
            (ana, "lead", {}),
            (ana, "note", {"text": "The cache is cold", "at": "2 min ago"}),
            (ana, "escalate", {"target": "U0DBA", "text": "The pool is full"}),
            (bo, "ack", {}),
            (bo, "note", {"text": "More connections for the pool"}),
            (ana, "escalate", {"target": "U0ONCALL", "text": "Please look at the queue"}),
            (ana, "update", {"state": "monitoring", "text": "Payments work again"}),
            (ana, "resolve", {"text": "It holds"}),
        ):
            if name == "ack":
                mails = [str(each.get_body(("plain",)).get_content()) for each in world.mail.took]
                assert "The pool is full" in mails[-1]
                await bo.sends(bo.link_for("U0DBA"))
            await acts(who, name, **fields)
            done_at.setdefault(name, world.now)
            await world.advance(minutes=4)
        page = await ana.opens(PAGE)
    code, draft, problem = await runs(world, "export", "INC-2", "--format", "markdown")
    assert code == 0, problem
    await world.advance_to(began + timedelta(hours=2))
    assert world.channels == []
    mails_sent = len(world.mail.took)

    world.sandbox.clear_fault(gone)
    world.sandbox.clear_calls()
    await world.advance(minutes=10)

    for words in ("The cache is cold", "The pool is full", "Payments work again", "It holds"):
        assert words in page.words
        assert words in draft
    texts = world.texts(next(each for each in world.channels if each.startswith("inc-2")))
    lines = [
        ("lead", "leads INC-2"),
        ("note", "The cache is cold"),
        ("escalate", "The pool is full"),
        ("ack", "is on it"),
        ("note", "More connections"),
        ("update", "Payments work again"),
        ("resolve", "It holds"),
    ]
    shown = [next(n for n, text in enumerate(texts) if words in text) for _, words in lines]
    assert shown == sorted(shown), texts
    for number, (name, words) in zip(shown, lines, strict=True):
        assert "From the page" in texts[number], words
        if name != "note":
            assert f"From the page · <!date^{int(done_at[name].timestamp())}^" in texts[number], words
    assert "acknowledged by <@U0DBA>" in texts[shown[2]]
    assert "from the page" in texts[shown[2]], "the acknowledgement"
    assert len(world.mail.took) == mails_sent, "nobody is paged for what is over"
    posts = [each["args"] for each in world.sandbox.calls("chat.postMessage")]
    direct = [str(each) for each in posts if each["channel"].startswith("D")]
    assert direct, "the briefing of the lead"
    assert not [each for each in direct if "escalation_" in each], "nobody is paged for what is over"
    entries = [(each["text"], each["happened_at"]) for each in await world.timeline("INC-2")]
    assert ("The cache is cold", (done_at["lead"] + timedelta(minutes=2)).isoformat()) in entries
