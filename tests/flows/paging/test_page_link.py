"""The page behind the link in a page."""

import pytest
from sqlmodel import Session

from bot.config.crypto import incident_page_link
from bot.store.shared.people import Person
from tests.support.worlds.contact_methods import MAIL, ContactMethodWorld, request

pytestmark = pytest.mark.world(kind=ContactMethodWorld, config="")


async def test_the_button_behind_the_link_acknowledges_once(world: ContactMethodWorld) -> None:
    await world.declares("checkout is down")
    await world.calls("email", address=MAIL)
    path = await world.link_in_mail()

    for method in ("HEAD", "GET", "GET"):  # a mail scanner, a preview, the person
        status, text, headers = await request(world, method, path)
        assert status == 200
    assert "Acknowledge as dba" in text
    assert headers["Cache-Control"] == "no-store"
    assert "form-action 'self'" in headers["Content-Security-Policy"]
    assert headers["Referrer-Policy"] == "no-referrer"
    assert await world.acknowledged_by() == [None]

    status, text, _ = await request(world, "POST", path)
    assert (status, "You acknowledged at" in text, "It is yours." in text, "<button" in text) == (
        200,
        True,
        True,
        False,
    )
    assert "oncall is notified" in text
    assert await world.acknowledged_by() == ["U0DBA"]
    before = await world.audited()

    status, text, _ = await request(world, "POST", path)
    assert (status, "You acknowledged at" in text) == (200, True)
    assert await world.audited() == before, "a second press is no second act"


async def test_a_second_acknowledgement_by_link_names_the_first(world: ContactMethodWorld) -> None:
    await world.declares()
    await world.calls("email", address=MAIL)
    path = await world.link_in_mail()
    await world.types("oncall", "/incident ack")

    for method in ("GET", "POST"):
        status, text, _ = await request(world, method, path)
        assert (status, "oncall acknowledged at" in text, "No action is needed." in text) == (200, True, True)
    assert await world.acknowledged_by() == ["U0ONCALL"]

    status, text, _ = await request(world, "POST", path, data={"answer": "take too"})

    assert (status, "You acknowledged at" in text, "<button" in text) == (200, True, False)
    assert await world.acknowledged_by() == ["U0ONCALL"], "the first goes on counting"
    assert "also acknowledged by <@U0DBA>" in "\n".join(world.texts())


async def test_the_page_takes_a_refusal(world: ContactMethodWorld) -> None:
    await world.declares()
    await world.calls("email", address=MAIL)
    path = await world.link_in_mail()

    status, text, _ = await request(world, "POST", path, data={"answer": "decline"})
    await world.finish()

    assert (status, "You declined. No further action is needed." in text, 'value="decline"' in text) == (
        200,
        True,
        False,
    )
    assert "cannot" in "\n".join(world.texts()).casefold()
    status, text, _ = await request(world, "POST", path, data={"answer": "acknowledge"})
    assert "It is yours." in text
    assert await world.acknowledged_by() == ["U0DBA"]


async def link_to_bridge(world: ContactMethodWorld) -> str:
    """Page a webhook, which nobody in Slack stands for; the path of its link."""
    await world.declares("checkout is down")
    await world.types("oncall", "/incident escalate @dba the pool is full")
    await world.pages_by("webhook:bridge", user="")
    [call] = world.receiver.took[-1]["calls"]
    return str(call["acknowledge_url"].removeprefix(world.bot.settings.base_url))


async def test_a_reader_who_is_unknown_in_slack_acknowledges_by_name(world: ContactMethodWorld) -> None:
    path = await link_to_bridge(world)
    before = await world.tables()
    assert "Your name" in (await request(world, "GET", path))[1]
    for name, problem in (
        ("", "Enter your name"),
        (" \u202e\n", "Enter your name"),
        ("x" * 81, "at most 80 characters"),
    ):
        status, text, _ = await request(world, "POST", path, data={"answer": "acknowledge", "name": name})
        assert (status, problem in text) == (400, True), name
    assert await world.tables() == before

    status, text, _ = await request(world, "POST", path, data={"answer": "acknowledge", "name": "Sam <Night>"})
    await world.finish()

    assert (status, "You acknowledged at" in text, "It is yours." in text) == (200, True, True)
    assert "oncall and dba are notified" in text
    assert "No action is needed" not in text
    assert "Sam &lt;Night&gt; acknowledged by this link at" in (await request(world, "GET", path))[1]
    said = "\n".join(world.texts())
    assert "acknowledged by Sam &lt;Night&gt;" in said
    assert "by link" in said
    assert "<@U0ONCALL> *Sam &lt;Night&gt;* is on it" in said
    record = await world.exported()
    [escalation] = record["escalations"]
    assert escalation["acknowledged_by"] == "Sam <Night>"
    assert escalation["answers"][0]["means"] == "link"
    _, incident_page, _ = await request(world, "GET", await incident_path(world))
    assert "acknowledged by Sam &lt;Night&gt; by link" in incident_page


async def incident_path(world: ContactMethodWorld) -> str:
    link = str(incident_page_link(world.bot.settings, "INC-1"))
    return link.removeprefix(world.bot.settings.base_url)


async def test_a_reader_who_comes_second_can_take_it_too(world: ContactMethodWorld) -> None:
    path = await link_to_bridge(world)
    await world.types("dba", "/incident ack")

    for answer in ("", "acknowledge"):
        form = {"answer": answer, "name": "Sam"} if answer else None
        _, text, _ = await request(world, "POST" if answer else "GET", path, data=form)
        assert "dba acknowledged at" in text
        assert "No action is needed." in text
        assert "Take it too" in text
    assert len((await world.exported())["escalations"][0]["answers"]) == 1

    _, text, _ = await request(world, "POST", path, data={"answer": "take too", "name": "Sam"})
    await world.finish()

    assert "It is yours." in text
    assert "also acknowledged by Sam" in "\n".join(world.texts())
    assert await world.acknowledged_by() == ["U0DBA"]
    assert [each["by"] for each in (await world.exported())["escalations"][0]["answers"]] == ["dba", "Sam"]


@pytest.mark.parametrize("body", [b"answer=resign", b"answer=%FF", b"\xff", b"&".join([b"a=1"] * 20)])
async def test_a_form_that_is_not_of_the_page_is_refused(world: ContactMethodWorld, body: bytes) -> None:
    path = await link_to_bridge(world)
    before = await world.tables()

    status, text, _ = await request(world, "POST", path, data=body)

    assert (status, "cannot be read" in text) == (400, True)
    assert await world.tables() == before


async def test_a_link_of_a_resolved_incident_is_refused(world: ContactMethodWorld) -> None:
    await world.declares()
    await world.calls("email", address=MAIL)
    path = await world.link_in_mail()
    await world.types("oncall", "/incident resolve")

    status, text, _ = await request(world, "POST", path)

    assert (status, "no action is needed" in text) == (200, True)
    assert await world.acknowledged_by() == [None]


async def test_the_link_of_a_closed_account_is_refused(world: ContactMethodWorld) -> None:
    await world.declares()
    await world.calls("email", address=MAIL)
    path = await world.link_in_mail()

    def leave(session: Session) -> None:
        session.get_one(Person, ("T0HARBOUR", "U0DBA")).is_deleted = True

    await world.bot.database.run(leave)

    for method in ("GET", "POST"):
        status, text, _ = await request(world, method, path)
        assert (status, "is closed" in text, "<button" in text) == (200, True, False)
    assert await world.acknowledged_by() == [None]


async def test_a_forged_or_old_link_changes_nothing(world: ContactMethodWorld) -> None:
    await world.declares()
    await world.calls("email", address=MAIL)
    path = await world.link_in_mail()
    page, until, _ = path.removeprefix("/ack/").split(".")
    before = await world.tables()

    forged = [
        path[:-1] + ("0" if path[-1] != "0" else "1"),
        path.replace(page, f"{page}1", 1),
        path.replace(until, f"{until}0", 1),
        "/ack/1.2.3",
        "/ack/x",
        f"/ack/{page}.{until}.%FF",
        f"/ack/{'9' * 400}.{'9' * 400}.a",
        "/ack/..x",
        f"/ack/{page}.{until}.",
    ]
    for each in forged:
        for method in ("GET", "POST"):
            status, text, _ = await request(world, method, each)
            assert status == 404, each
    assert "Nothing was acknowledged" in text
    assert await world.tables() == before

    status, _, _ = await request(world, "POST", path, data=b"x" * 3000)
    assert status == 400
    world.clock.move_to(world.now.replace(day=world.now.day + 1, minute=30))
    assert (await request(world, "POST", path))[0] == 404
