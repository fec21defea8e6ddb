"""Impact, cause, improvements and tasks of an incident."""

import pytest

from tests.flows.incidents.test_lifecycle import incident
from tests.flows.postmortem.test_catchup import tells
from tests.support.records.entries import removes
from tests.support.worlds.story import drafts
from tests.support.worlds.world import World


async def test_impact_is_stated_with_its_figures_and_window(world: World) -> None:
    await world.declares()

    answer = await world.types("oncall", "/incident impact users:20% started:13:40 one in five payments failed")
    await world.finish()

    assert answer == "", "the channel says it"
    found = await incident(world)
    assert found["impact"]["percent_of_users"] == 20.0
    assert found["impact"]["text"] == "one in five payments failed"
    assert found["started_at"] == "2026-03-02T13:40:00+00:00"
    assert found["sources"]["started_at"]["because"] == "impact started:"
    assert any("(20% of users) · started" in text for text in world.texts())

    await world.types("oncall", "/incident impact users:25% one in four, in fact")
    found = await incident(world)
    assert found["impact"]["percent_of_users"] == 25.0
    assert found["started_at"] == "2026-03-02T13:40:00+00:00", "what is not said again stands"


async def test_a_number_of_users_is_a_count_unless_it_has_the_sign_of_a_share(world: World) -> None:
    await world.declares()

    await world.types("oncall", "/incident impact users:~1,200 Logins fail")
    await world.finish()

    impact = (await incident(world))["impact"]
    assert (impact["count_of_users"], impact["percent_of_users"], impact["users_are_approximate"]) == (1200, None, True)
    assert impact["users_ref"] == impact["ref"]
    assert any("(~1,200 users)" in text for text in world.texts())

    await world.types("oncall", "/incident impact users:12%")
    impact = (await incident(world))["impact"]
    assert (impact["count_of_users"], impact["percent_of_users"], impact["users_are_approximate"]) == (
        None,
        12.0,
        False,
    )
    assert impact["text"] == "Logins fail", "a figure alone replaces no words"
    assert impact["users_ref"] != impact["ref"]

    before = await world.tables()
    assert "Write `1200` for a count" in await world.types("oncall", "/incident impact users:1.200 Logins fail")
    assert await world.tables() == before


async def test_a_figure_alone_is_a_statement_until_there_are_words(world: World) -> None:
    await world.declares()
    await world.types("oncall", "/incident impact users:12%")
    assert (await incident(world))["impact"]["text"] == "12% of users affected"

    await world.types("oncall", "/incident impact Logins fail")
    impact = (await incident(world))["impact"]
    assert (impact["text"], impact["percent_of_users"]) == ("Logins fail", 12.0)


async def test_the_cause_is_replaced_by_saying_it_again(world: World) -> None:
    await world.declares()
    await world.types("oncall", "/incident cause the network")
    await world.types("oncall", "/incident cause the deploy halved the pool")
    await world.types("oncall", "/incident cause lang:fr le déploiement")

    found = await incident(world)

    texts = {each["language"]: each["text"] for each in found["cause"]["texts"]}
    assert texts == {None: "the deploy halved the pool", "fr": "le déploiement"}


async def test_improvements_and_tasks_stand_in_one_message(world: World) -> None:
    await world.declares()

    assert await world.types("oncall", "/incident improve alert on pool usage") == "Improvement 1 noted."
    answer = await world.types("oncall", '/incident task Raise the limit @dba due:friday symptom:"payments fail"')
    await world.types("oncall", "/incident todo owner:@engineer write it down")
    await world.finish()

    assert answer == "Task 2 noted."
    actions = (await world.exported())["actions"]
    assert [(each["kind"], each["text"], each["owner_id"]) for each in actions] == [
        ("improvement", "alert on pool usage", None),
        ("task", "Raise the limit", "U0DBA"),
        ("task", "write it down", "U0ENGINEER"),
    ]
    assert (actions[1]["due"], actions[1]["symptom"]) == ("2026-03-06", "payments fail")
    [listed] = [text for text in world.texts() if "*Improvements*" in text]
    for words in ("1. alert on pool usage", "2. Raise the limit · <@U0DBA> · due 2026-03-06", "3. write it down"):
        assert words in listed


async def test_a_task_gets_an_owner_and_a_day_and_is_done(world: World) -> None:
    await world.declares()
    await world.types("oncall", "/incident task Raise the limit")
    await world.types("oncall", "/incident resolve rolled back")

    assert (
        await world.types("oncall", "/incident task #1 @dba due:friday")
        == "Task 1 is owned by <@U0DBA>, due 2026-03-06 now."
    )
    assert await world.types("dba", "/incident task 1 done") == "Task 1 is done, owned by <@U0DBA>, due 2026-03-06 now."
    await world.finish()

    [task] = (await world.exported())["actions"]
    assert (task["owner_id"], task["due"], task["done"]) == ("U0DBA", "2026-03-06", True)
    [listed] = [text for text in world.texts() if "*Tasks*" in text]
    assert "1. :white_check_mark: Raise the limit · <@U0DBA> · due 2026-03-06" in listed


async def test_a_user_group_owns_a_task_by_name_and_is_not_notified(world: World) -> None:
    await world.declares()

    await world.types("oncall", "/incident task Renew certificate @database due:2026-12-04")
    await world.types("oncall", "/incident task Raise the limit @dba")
    answer = await world.types("oncall", "/incident task #2 @database due:friday")
    await world.types("oncall", "/incident resolve renewed by hand")
    await world.finish()

    assert answer == "Task 2 is owned by @database, due 2026-03-06 now."
    exported = await world.exported()
    owners = [(each["text"], each["owner"], each["owner_id"]) for each in exported["actions"]]
    assert owners == [("Renew certificate", "database", "S0DATABASE"), ("Raise the limit", "database", "S0DATABASE")]
    assert not [each for each in exported["findings"] if each["code"] == "task-without-owner"]
    [listed] = [text for text in world.texts() if "*Tasks*" in text]
    assert "1. Renew certificate · @database · due 2026-12-04" in listed
    assert "@database" in await tells(world)
    assert not [text for text in world.texts() if "<!subteam" in text]
    assert "owner: database" in drafts(world)[-1]

    await world.types("oncall", "/incident task #2 @dba")
    assert (await world.exported())["actions"][1]["owner"] == "dba"


@pytest.mark.parametrize(
    ("line", "says"),
    [
        ("task #2 done", "INC-1 has no improvement or task 2."),
        ("task #1", "Name the change: `#1 done`"),
        ("task #1 open", "Task 1 is open already. Nothing was changed."),
        ("task #1 finished", "#1 exists, and this is not a change of it."),
        ("improve #1 undone", "`#1 open`"),
    ],
)
async def test_a_change_of_a_task_that_changes_nothing(world: World, line: str, says: str) -> None:
    await world.declares()
    await world.types("oncall", "/incident task Raise the limit")
    before = await world.exported()

    assert says in await world.types("oncall", f"/incident {line}")

    assert await world.exported() == before


async def test_a_task_that_is_removed_leaves_its_list(world: World) -> None:
    await world.declares()
    await world.types("oncall", "/incident task one")
    await world.types("oncall", "/incident task two")
    await world.types("oncall", "/incident timeline")

    await removes(world, "oncall", " one")
    await world.finish()

    assert [each["text"] for each in (await world.exported())["actions"]] == ["two"]
    [shown] = [text for text in world.texts() if "*Tasks*" in text]
    assert "1. one" not in shown
    assert "2. two" in shown, "numbers stay: people may have written them down"


async def test_a_task_without_owner_and_date_says_so(world: World) -> None:
    await world.declares()

    bare = await world.types("oncall", "/incident task renew the certificate")
    owned = await world.types("oncall", "/incident task write it down @dba")

    assert bare == "Task 1 noted. It has no owner and date: `/incident task #1 @owner due:friday`."
    assert owned == "Task 2 noted. It has no date: `/incident task #2 due:friday`."
