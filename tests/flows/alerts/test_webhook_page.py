"""The how-to for custom senders, line by line: its commands work as documented."""

import asyncio
import json
import re
from pathlib import Path

from tests.support.servers.requirements import program
from tests.support.worlds.world import TOKEN, World

PAGE = Path(__file__).parents[3] / "docs" / "alerts" / "webhook.md"


def typed_and_answered() -> list[tuple[str, str]]:
    blocks = re.findall(r"^```console\n(.*?)^```", PAGE.read_text(), re.MULTILINE | re.DOTALL)
    return [
        (command, answer)
        for block in blocks
        for command, answer in re.findall(r"^\$ ((?:.+\\\n)*.+)\n(\{.+\})$", block, re.MULTILINE)
    ]


async def bash(line: str) -> str:
    process = await asyncio.create_subprocess_exec(
        "bash", "-c", line, env={"PATH": "/usr/bin:/bin", "DOGWATCH_ALERT_TOKEN": TOKEN}, stdout=asyncio.subprocess.PIPE
    )
    told, _ = await process.communicate()
    assert process.returncode == 0, line
    return told.decode()


async def test_what_the_page_says_is_answered_as_it_says(world: World) -> None:
    program("curl", package="curl")
    steps = typed_and_answered()
    assert len(steps) == 2

    for command, answer in steps:
        assert json.loads(await bash(command.replace("http://localhost:3000", world.url))) == json.loads(answer)
    await world.finish()

    assert world.channel == "inc-1-nightly-backup-failed"
    assert any("alert has ended" in text for text in world.texts())


async def test_the_script_that_tries_again_sends(world: World) -> None:
    program("curl", package="curl")
    scripts = re.findall(r"^```bash\n(.*?)^```", PAGE.read_text(), re.MULTILINE | re.DOTALL)
    (script,) = [each for each in scripts if "--retry" in each]

    told = await bash(script.replace("http://localhost:3000", world.url))

    assert json.loads(told)["incidents"] == ["INC-1"]
