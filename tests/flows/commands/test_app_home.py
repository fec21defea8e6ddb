"""App Home shows open incidents, pages and tasks, and follows changes."""

from datetime import timedelta

import pytest

from bot.services.outbox import HOME_OPEN
from bot.services.workspace.access import REFUSAL
from bot.store.outbox.inspection import find_failed_ids
from tests.support.worlds.world import World, action_ids, rendered


async def home(world: World, user: str = "oncall") -> dict:
    """Open App Home; returns what it shows."""
    await world.sandbox.open_home(user)
    await world.finish()
    return home_view(world, user)


def home_view(world: World, user: str = "oncall") -> dict:
    shown = world.sandbox.home(user)
    assert shown is not None
    return shown


async def press(world: World, action_id: str, user: str = "oncall") -> None:
    answer = await world.sandbox.click_view(user, home_view(world, user)["id"], action_id)
    assert answer.ok, answer
    await world.finish()


async def test_whoever_opens_it_sees_what_is_open_and_can_declare(world: World) -> None:
    assert "No incident is open" in rendered(await home(world))
    await press(world, "home_declare")
    form = world.sandbox.views("oncall")[-1]
    await world.sandbox.submit_view("oncall", form["id"], {"title": "Checkout is down", "severity": "SEV1"})
    await world.finish()

    assert "Declared *INC-1* (SEV1). It is *public*." in rendered(world.sandbox.views("oncall")[-1])
    words = rendered(home_view(world))
    assert "*INC-1* Checkout is down" in words
    assert "SEV1 · investigating" in words
    assert "nobody leads" in words
    assert f"<#{world.sandbox.channel(world.channel)['id']}>" in words


async def test_it_follows_what_changes_for_those_who_look_and_for_nobody_else(world: World) -> None:
    await home(world, "oncall")
    await world.declares()
    world.sandbox.clear_calls()

    await world.types("engineer", "/incident lead")
    await world.types("engineer", "/incident severity 1 worse")
    await world.finish()

    assert "led by <@U0ENGINEER>" in rendered(home_view(world))
    published = [call["args"]["user_id"] for call in world.sandbox.calls("views.publish")]
    assert set(published) == {"U0ONCALL"}

    await world.advance_to(world.now + HOME_OPEN + timedelta(minutes=1))
    world.sandbox.clear_calls()
    await world.types("engineer", "/incident resolve")
    await world.finish()
    assert world.sandbox.calls("views.publish") == [], "nobody is taken to look any more"
    assert "No incident is open" in rendered(await home(world))


async def test_a_page_is_acknowledged_there(world: World) -> None:
    await world.declares()
    await world.types("oncall", "/incident escalate @dba the pool is exhausted")
    await world.finish()

    assert "Waiting for your answer" not in rendered(await home(world, "engineer"))
    assert "the pool is exhausted" in rendered(await home(world, "dba"))
    await press(world, "escalation_acknowledge", "dba")

    assert "Waiting for your answer" not in rendered(home_view(world, "dba"))
    assert (await world.exported())["escalations"][0]["acknowledged_by"] == "dba"


async def test_tasks_are_there_until_they_are_done(world: World) -> None:
    await world.declares()
    await world.types("oncall", "/incident task Add an alert @dba due:2026-03-06")
    await world.types("oncall", "/incident improve Test the gateway @engineer")
    await world.types("oncall", "/incident resolve")
    await world.finish()

    words = rendered(await home(world, "dba"))
    assert "Add an alert" in words
    assert "due 2026-03-06" in words
    assert "Test the gateway" not in words
    await world.advance(days=5)
    assert "was due 2026-03-06" in rendered(await home(world, "dba"))

    await press(world, "home_done", "dba")
    assert "Your tasks" not in rendered(home_view(world, "dba"))
    done = {each["text"]: each["done"] for each in (await world.exported())["actions"]}
    assert done == {"Add an alert": True, "Test the gateway": False}


async def test_the_draft_of_an_incident_that_somebody_led_is_asked_for_until_it_is_published(world: World) -> None:
    await world.declares()
    await world.types("engineer", "/incident lead")
    await world.types("oncall", "/incident resolve")
    await world.finish()

    assert "Postmortems of incidents that you led" not in rendered(await home(world, "oncall"))
    assert "Postmortems of incidents that you led" in rendered(await home(world, "engineer"))
    await world.types("engineer", "/incident update postmortem lang:en")
    await world.finish()
    assert "Postmortems" not in rendered(await home(world, "engineer"))


async def test_a_private_incident_is_shown_to_those_in_its_channel_only(world: World) -> None:
    await world.declares("salaries leaked private:yes")
    await world.types("oncall", "/incident task Call the lawyers @dba")
    await world.finish()

    for stranger in ("dba", "engineer"):
        shown = str(await home(world, stranger))
        assert "salaries" not in shown
        assert "lawyers" not in shown
    assert "salaries leaked" in rendered(await home(world, "oncall"))

    world.sandbox.invite("oncall", world.channel, ["dba"])
    await world.settle()
    words = rendered(await home(world, "dba"))
    assert ":lock:" in words
    assert "Call the lawyers" in words
    world.sandbox.kick("oncall", world.channel, "dba")
    await world.settle()
    assert "salaries" not in str(await home(world, "dba"))


async def test_a_guest_gets_an_explanation_and_nothing_else(world: World) -> None:
    await world.declares()

    shown = await home(world, "guest")

    assert REFUSAL in rendered(shown)
    assert action_ids(shown) == set()
    assert "checkout" not in str(shown)


async def test_everything_about_an_incident_can_be_done_from_there(world: World) -> None:
    await world.declares()
    await home(world)
    await press(world, "incident_more")
    menu = world.sandbox.views("oncall")[-1]
    await world.sandbox.click_view("oncall", menu["id"], "do_cause")
    await world.settle()
    form = world.sandbox.views("oncall")[-1]

    answer = await world.sandbox.submit_view("oncall", form["id"], {"text": "A flaw in the cache"})
    await world.finish()

    assert answer.ok, answer
    assert "Cause recorded" in rendered(world.sandbox.views("oncall")[-1]), "there is no channel to answer in"
    assert "A flaw in the cache" in str((await world.exported())["incident"])


async def test_incidents_are_found_there(world: World) -> None:
    await world.declares("payments are down")
    await home(world)
    await press(world, "do_find")
    form = world.sandbox.views("oncall")[-1]

    await world.sandbox.submit_view("oncall", form["id"], {"text": "payments"})

    assert "INC-1" in rendered(world.sandbox.views("oncall")[-1])


async def test_a_workspace_without_the_home_tab_holds_nothing_up(world: World) -> None:
    world.sandbox.fault("error", method="views.publish", error="not_enabled")
    await world.sandbox.open_home("oncall")
    await world.declares()

    await world.types("oncall", "/incident severity 1 worse")
    await world.finish()

    assert "SEV1" in world.card()


@pytest.mark.parametrize("word", ["unknown_method", "not_enabled"])
async def test_a_slack_without_app_home_is_asked_once_for_each_time_that_it_is_opened(world: World, word: str) -> None:
    world.sandbox.fault("error", "views.publish", error=word)
    await world.sandbox.open_home("oncall")
    await world.finish()
    await world.declares()
    await world.types("engineer", "/incident lead")
    await world.types("engineer", "/incident severity 1 worse")
    await world.finish()

    assert len(world.sandbox.calls("views.publish")) == 1
    assert await world.bot.database.read(find_failed_ids) == []


async def test_it_is_updated_every_few_seconds_while_much_changes(world: World) -> None:
    await world.declares()
    await home(world)
    world.sandbox.clear_calls()

    for number in range(12):
        await world.types("engineer", f"/incident severity {number % 2 + 1} because")
        await world.advance(seconds=0.5)
    await world.finish()

    assert 3 <= len(world.sandbox.calls("views.publish")) <= 5, "two at once, then one in three seconds"
    assert "SEV2" in rendered(home_view(world))
