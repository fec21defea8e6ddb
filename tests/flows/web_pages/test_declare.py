"""Declare an incident on the page: as `/incident start`, and without Slack."""

import re

from tests.support.worlds.visitor import Visitor
from tests.support.worlds.world import World

FIELDS = {"text": "checkout is down", "sev": "SEV2", "service": "checkout, payments", "at": "10 min ago"}


async def test_an_incident_is_declared(world: World) -> None:
    async with Visitor(world) as ana:
        await ana.signs_in("engineer")
        form = await ana.opens("/declare")
        hidden = {each: form.field(each) for each in ("form_token", "submission")}
        sent = await ana.sends("/declare", **hidden, **FIELDS, seen_so_far="<b>502</b> everywhere", drill="yes")
        again = await ana.sends("/declare", **hidden, **FIELDS, seen_so_far="<b>502</b> everywhere", drill="yes")
        page = await ana.opens(sent.location)
        await world.finish()

    assert (sent.status, sent.location) == (303, again.location)
    assert "(SEV2). It is a public drill" in page.words
    assert "&lt;b&gt;502&lt;/b&gt; everywhere" in page.text
    incident = (await world.exported("DRILL-1"))["incident"]
    assert (incident["services"], incident["severity"]) == (["checkout", "payments"], "SEV2")
    assert incident["started_at"].startswith("2026-03-02T13:50")
    assert world.channels == ["drill-1-checkout-is-down"]
    assert "U0ENGINEER" in world.sandbox.members(world.channel)


async def test_a_refusal_keeps_what_was_entered(world: World) -> None:
    async with Visitor(world) as ana:
        await ana.signs_in("engineer")
        empty = await ana.opens("/declare")
        token = empty.field("form_token")
        refused = await ana.sends(
            "/declare", form_token=token, **{**FIELDS, "text": " ", "at": "26:10", "ref": '"><script>', "retro": "yes"}
        )
        forged = await ana.sends("/declare", **FIELDS)
        foreign = await ana.sends("/declare", form_token=token, origin="https://evil.example", **FIELDS)

    assert refused.status == 422
    assert "Describe the problem in a few words" in refused.words
    assert "`26:10`" in refused.words or "26:10 is not a time" in refused.words
    assert refused.field("service") == "checkout, payments"
    assert '<option value="SEV2" selected>' in refused.text
    assert re.search(r'name="retro"[^>]*checked', refused.text)
    assert "<script>" not in refused.text
    folded = [re.search(r"<details[^>]*>(?=<summary>More fields)", each.text) for each in (empty, refused)]
    assert ["open" in each[0] for each in folded if each] == [False, True]
    assert [forged.status, foreign.status] == [403, 403]
    assert world.channels == []


async def test_only_people_who_are_signed_in_declare(world: World) -> None:
    async with Visitor(world) as stranger:
        shown, sent = await stranger.opens("/declare"), await stranger.sends("/declare", **FIELDS)

    assert [shown.location, sent.location] == ["/sign-in?next=/declare"] * 2
    assert world.channels == []


async def test_a_private_incident_without_its_channel_is_seen_by_who_declared_it(world: World) -> None:
    async with Visitor(world) as ana, Visitor(world) as bo:
        await ana.signs_in("engineer")
        await bo.signs_in("dba")
        gone = world.sandbox.fault("cut_before")
        hidden = {each: (await ana.opens("/declare")).field(each) for each in ("form_token", "submission")}
        sent = await ana.sends("/declare", **hidden, **FIELDS, private="yes")
        own, other = await ana.opens(sent.location), await bo.opens(sent.location)
        world.sandbox.clear_fault(gone)
        await world.advance(minutes=5)
        later, other_later = await ana.opens("/incidents/INC-1"), await bo.opens("/incidents/INC-1")

    assert (own.status, "It is private" in own.words) == (200, True)
    assert (later.status, other.status, other_later.status) == (200, 404, 404)
    assert "in Slack" in later.words
