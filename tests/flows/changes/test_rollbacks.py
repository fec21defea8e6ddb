"""Changes during an incident: a rollback is matched, and marked services' changes are posted."""

from datetime import timedelta

import pytest

from tests.support.requests.changes import SERVICES, ChangeWorld
from tests.support.requests.notifications import a_notification, an_alert
from tests.support.requests.sent_notifications import messages_with
from tests.support.worlds.story import drafts

MARKED = SERVICES.replace("[services.ledger]", "[services.ledger]\ntell_changes = true")

pytestmark = pytest.mark.world(kind=ChangeWorld, config=MARKED)


async def fires(world: ChangeWorld) -> None:
    await world.posts("alertmanager", a_notification(an_alert("HighErrors", at=world.now, service="checkout")))
    await world.finish()


async def test_a_rollback_is_matched_to_its_change(world: ChangeWorld) -> None:
    await world.deploys(world.now - timedelta(minutes=12), ended="success")
    await fires(world)
    await world.types("dba", "/incident note kind:rollback rolled back the deployment")
    await world.types("dba", "/incident resolve works again")
    await world.finish()

    record = await world.exported()
    [entry] = [each for each in record["timeline"] if "rollback" in each["kinds"]]
    assert [each["rolled_back_by"] for each in record["changes"]] == [entry["ref"]]
    assert "rolled back at" in drafts(world)[-1]


async def test_changes_of_marked_services_are_posted_once(world: ChangeWorld) -> None:
    await world.deploys(world.now - timedelta(hours=5), name="ledger", number=1)
    await fires(world)

    await world.deploys(world.now, name="checkout", number=2)
    await world.deploys(world.now, name="ledger", number=3)
    await world.deploys(world.now, name="ledger", number=3, ended="success")
    await world.finish()

    (line,) = messages_with(world, ":package:")
    assert "Use the new connection pool" in line
    assert "ledger" in line
