"""An operator's postmortem template: chosen, broken, gone."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio
from structlog.testing import capture_logs

from tests.support.worlds.story import draft_files
from tests.support.worlds.world import World

CONFIG = '[postmortem]\ntemplates = "ours"\n[incidents]\ntemplate = "ours"\n'


@pytest.fixture
def form(tmp_path: Path) -> Path:
    path = tmp_path / "ours/postmortem/ours.md.j2"
    path.parent.mkdir(parents=True)
    path.write_text("# Ours: {{ reference }}\n\n{{ sections.timeline | bullets }}\n")
    return path


@pytest_asyncio.fixture
async def world(form: Path, tmp_path: Path, database_url: str) -> AsyncIterator[World]:
    async with World(database_url, tmp_path, config=CONFIG) as built:
        await built.declares("checkout is down sev:1")
        yield built


def posted(world: World) -> str:
    """The last draft in the channel."""
    return world.sandbox.file_content(draft_files(world, world.channel)[-1]["id"]).decode()


def comments(world: World) -> list[str]:
    """Messages beside the drafts in the channel."""
    return [each["text"] for each in world.sandbox.messages(world.channel) if each.get("files")]


async def resolves(world: World) -> None:
    await world.types("oncall", "/incident resolve rolled back")
    await world.finish()


async def test_the_form_that_is_configured_is_used(world: World) -> None:
    await resolves(world)

    assert posted(world).startswith("# Ours: INC-1\n\n- **")
    [told] = comments(world)
    assert "could not be used" not in told


async def test_with_a_broken_form_the_draft_comes_and_says_so(world: World, form: Path) -> None:
    form.write_text("one\n{{ sections.<b> }}\n")  # noqa: ASYNC240  small, and nothing else runs

    with capture_logs() as logs:
        await resolves(world)

    assert posted(world).startswith("# Postmortem: checkout is down")
    [told] = comments(world)
    assert "The template `ours` could not be used, so this is the built-in `classic`. ours.md.j2, line 2: " in told
    assert str(form.parent) not in told
    [logged] = [each for each in logs if each["event"] == "postmortem template unusable"]
    assert str(form) in logged["problem"]


async def test_a_form_that_is_gone_gives_way(world: World, form: Path) -> None:
    form.unlink()  # noqa: ASYNC240  as above

    await resolves(world)

    assert posted(world).startswith("# Postmortem: checkout is down")
    [told] = comments(world)
    assert "There is no postmortem template `ours`" in told


async def test_the_form_of_one_draft_and_of_one_incident_can_be_chosen(world: World) -> None:
    await resolves(world)

    await world.types("oncall", "/incident postmortem template:sre")
    await world.finish()
    once = posted(world)
    refusal = await world.types("oncall", "/incident postmortem template:our")
    await world.types("oncall", "/incident edit template:brief")
    await world.types("oncall", "/incident postmortem")
    await world.finish()

    assert "\n## Summary\n" in once
    assert "Did you mean `ours`?" in refusal
    assert posted(world).startswith("# checkout is down\n")
