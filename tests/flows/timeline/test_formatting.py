"""Code and other formatting of messages: the same in Slack, draft, canvas, export and page."""

import json
import re
from typing import Any

import pytest

from bot.cli.commands.export import ExportOptions, export_incident
from bot.config.crypto import incident_page_link
from tests.support.records import markup
from tests.support.worlds.story import draft_files
from tests.support.worlds.world import World, rendered

pytestmark = pytest.mark.world(config="[postmortem]\ncanvas = true\n")

LOG = "Log of `pg`, *all* of it:\n```\nFATAL: too many <clients>\n\n  state = 'idle'\n```\n_so it is the pool_"
SHOWN = "```\nFATAL: too many &lt;clients&gt;\n\n  state = 'idle'\n```"
FENCE = "  ```\n  FATAL: too many <clients>\n\n    state = 'idle'\n  ```\n"


def sections(message: dict[str, Any]) -> list[str]:
    blocks = message.get("blocks") or []
    return list(markup.markups({"blocks": json.loads(blocks) if isinstance(blocks, str) else blocks}))


async def draft_of(world: World) -> str:
    [file] = draft_files(world, world.channel)
    return str(world.sandbox.file_content(file["id"]).decode())


async def test_a_note_with_code_is_code_in_the_bot_s_line(world: World) -> None:
    await world.declares()

    await world.types("oncall", f"/incident note {LOG}")
    await world.finish()

    [line] = [each for each in world.sandbox.messages(world.channel) if "logged (note" in str(each.get("text"))]
    [text] = sections(line)
    assert text.endswith(f"\n>Log of `pg`, *all* of it:\n{SHOWN}\n>_so it is the pool_")
    assert markup.JOINER not in text
    assert markup.JOINER not in line["text"]
    assert [each["text"] for each in (await world.timeline())[1:]] == [LOG]


async def test_a_marked_message_is_code_in_draft_canvas_export_and_page(world: World) -> None:
    await world.declares("`payments` is down")
    ts = await world.says("dba", LOG)
    await world.reacts("oncall", ts, "mag")
    await world.types("oncall", "/incident cause `max_connections` was *too low*")
    await world.types("oncall", "/incident resolve raised it")
    await world.finish()

    draft = await draft_of(world)
    assert re.search(r"^# .*`payments` is down$", draft, re.MULTILINE)
    assert f"Log of `pg`, **all** of it:\n{FENCE}  _so it is the pool_ — dba [[" in draft
    assert "`max_connections` was **too low**" in draft
    assert "\\`" not in draft

    [canvas] = world.sandbox.canvases(world.channel)
    content = str(world.sandbox.canvas_content(canvas["id"]))
    assert "\n```\nFATAL: too many <clients>\n\n  state = 'idle'\n```\n" in content

    settings = world.bot.settings
    html = await export_incident(settings, "INC-1", ExportOptions("html", with_transcript=True))
    assert html.count("<pre><code>FATAL: too many &lt;clients&gt;\n\n  state = 'idle'\n</code></pre>") >= 2
    link = incident_page_link(settings, "INC-1")
    _, page = await world.gets(link[link.index("/incidents/") :])
    assert "<code>pg</code>, <strong>all</strong> of it:<pre><code>FATAL: too many &lt;clients&gt;" in page

    entry = next(each for each in (await world.timeline()) if "FATAL" in each["text"])
    assert entry["text"] == LOG, "the record has what was typed"


async def test_code_is_inline_where_an_entry_has_one_line(world: World) -> None:
    await world.declares()
    ts = await world.says("dba", LOG)
    await world.reacts("oncall", ts, "mag")

    for command in ("timeline", "catchup", "find FATAL"):
        answer = await world.sandbox.command("oncall", world.channel, f"/incident {command}")
        await world.settle()
        assert "`FATAL: too many &lt;clients&gt;" in rendered(answer.body), command
        assert markup.JOINER not in rendered(answer.body), command
