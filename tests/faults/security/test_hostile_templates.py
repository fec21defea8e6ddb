"""Templates that attack the bot or never end: refused with the line, within limits."""

import asyncio
import re
import time
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Any

import pytest

from bot.domain.postmortem import Draft, build_draft
from bot.domain.record.samples import full_record
from bot.templating.render import BrokenTemplate
from bot.templating.subprocess_render import CPU_SECONDS, render_in_subprocess
from tests.support.worlds.story import draft_files, sent
from tests.support.worlds.world import World

INSIDES = {
    "classes": "{{ ''.__class__.__mro__[1].__subclasses__() }}",
    "through a filter": "{{ ''|attr('__class__') }}",
    "through an index": "{{ ''['__class__'] }}",
    "through map": "{{ ['']|map(attribute='__class__')|join }}",
    "globals of a function": "{{ range.__globals__ }}",
    "globals of a macro": "{% macro m() %}{% endmacro %}{{ m.__globals__ }}",
    "globals of lipsum": "{{ lipsum.__globals__['os'] }}",
    "cycler": "{{ cycler.__init__.__globals__.os.popen('id').read() }}",
    "the loader": "{{ self.__init__ }}",
    "the environment": "{{ self._TemplateReference__context.environment }}",
    "format": "{{ '{0.__class__}'.format('') }}",
    "format_map": "{{ '{x.__class__}'.format_map({'x': ''}) }}",
    "a generator's frame": "{{ (sections.timeline|map('upper')).gi_frame }}",
    "a row": "{{ sections.timeline[0].__reduce__() }}",
    "a row's private part": "{{ sections.timeline._rows.left }}",
    "import": "{% import 'os' as os %}{{ os.environ }}",
    "a file": "{% include '/etc/passwd' %}",
    "a file outside": "{% include '../../../../etc/passwd' %}",
}
ENDLESS = {
    "macros that call themselves twice": (
        "{% macro f(n) %}{% if n %}{{ f(n - 1) }}{{ f(n - 1) }}{% endif %}{% endmacro %}\n{{ f(60) }}"
    ),
    "loops over long texts": "{% for a in 'x'.center(99999) %}{% for b in 'x'.center(99999) %}{% endfor %}{% endfor %}",
}
GREEDY = {
    "a text times a number": "{{ 'A' * 10**9 }}",
    "a list times a number": "{{ [0] * 10**9 }}",
    "a text that doubles": (
        "{% set ns = namespace(x='aaaaaaaaaa') %}\n"
        "{% for i in range(60) %}{% set ns.x = ns.x ~ ns.x %}{% endfor %}{{ ns.x }}"
    ),
    "a list that doubles": (
        "{% set ns = namespace(x=[0]) %}\n"
        "{% for i in range(60) %}{% set ns.x = ns.x + ns.x %}{% endfor %}{{ ns.x|length }}"
    ),
    "center": "{{ 'x'.center(2000000000) }}",
    "percent": "{{ '%2000000000d' % 1 }}",
    "the filter format": "{{ '%2000000000d'|format(1) }}",
    "a power": "{{ 9**9**9 }}",
    "a huge range": "{{ range(10**9)|list }}",
    "a recursion": "{% macro f() %}{{ f() }}{% endmacro %}{{ f() }}",
    "an include of itself": "{% include 'postmortem/own.md.j2' %}",
    "much output": "{% for i in range(90000) %}{{ 'x'.center(1000, 'y') }}{% endfor %}",
}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "own" / "postmortem").mkdir(parents=True)
    return tmp_path / "own"


@pytest.fixture(scope="module")
def draft() -> Draft:
    return build_draft(full_record(), languages=["en"])


def broken(draft: Draft, folder: Path, text: str, *, cpu: int = CPU_SECONDS) -> BrokenTemplate:
    (folder / "postmortem" / "own.md.j2").write_text(text)
    with pytest.raises(BrokenTemplate) as refusal:
        render_in_subprocess(draft, template="own", folders=[folder], cpu=cpu)
    return refusal.value


@pytest.mark.parametrize("text", INSIDES.values(), ids=INSIDES)
def test_nothing_of_the_bot_can_be_reached(draft: Draft, folder: Path, text: str) -> None:
    refusal = broken(draft, folder, f"\n{text}\n")

    assert refusal.file.endswith("own.md.j2")
    assert refusal.line in {2, None}
    assert "root:" not in refusal.message


@pytest.mark.parametrize("text", ENDLESS.values(), ids=ENDLESS)
def test_one_that_never_ends_is_ended(draft: Draft, folder: Path, text: str) -> None:
    """CPU time counts, so that a busy machine does not end a valid template."""
    refusal = broken(draft, folder, text, cpu=1)

    assert "too much time" in refusal.reason
    assert refusal.line in {1, 2}


@pytest.mark.parametrize("text", GREEDY.values(), ids=GREEDY)
def test_one_that_takes_everything_is_refused(draft: Draft, folder: Path, text: str) -> None:
    refusal = broken(draft, folder, text)

    assert re.search(
        r"too much (time|memory)|takes numbers only|too large|too big|recursion|(more|longer) than [\d,]+",
        refusal.reason,
    )


async def test_its_process_has_no_environment_and_writes_no_file(draft: Draft, folder: Path) -> None:
    """Should the sandbox have a hole: there is nothing beside it but the draft."""
    (folder / "postmortem" / "own.md.j2").write_text(ENDLESS["macros that call themselves twice"])
    rendering = asyncio.create_task(
        asyncio.to_thread(render_in_subprocess, draft, template="own", folders=[folder], cpu=2)
    )
    process = await limited_child()

    assert (process / "environ").read_bytes() == b""
    limits = (process / "limits").read_text()
    assert re.search(r"Max file size +0 +0 ", limits)
    assert re.search(r"Max address space +1073741824 +1073741824 ", limits)
    assert re.search(r"Max cpu time +\d ", limits)
    with pytest.raises(BrokenTemplate, match="too much time"):
        await rendering
    assert not process.exists()


async def limited_child() -> Path:
    """The process that renders, once it has taken its limits."""
    async with asyncio.timeout(20):
        while not (found := list(limited_children())):
            await asyncio.sleep(0.01)
    return found[0]


def limited_children() -> Iterator[Path]:
    for children in Path("/proc/self/task").glob("*/children"):
        for number in children.read_text().split():
            process = Path("/proc", number)
            if process.exists() and "1073741824" in (process / "limits").read_text():
                yield process


@pytest.fixture
async def world(tmp_path: Path, folder: Path) -> AsyncIterator[World]:
    config = f'[incidents]\ntemplate = "own"\n\n[postmortem]\ntemplates = "{folder}"\n'
    (folder / "postmortem" / "own.md.j2").write_text(ENDLESS["macros that call themselves twice"])
    async with World(f"sqlite:///{tmp_path / 'dogwatch.db'}", tmp_path, config=config) as built:
        yield built


async def test_the_bot_answers_while_a_template_never_ends_and_the_draft_comes(world: World) -> None:
    await world.declares()
    await world.sandbox.command("oncall", world.channel, "/incident resolve rolled back")

    slowest = 0.0
    drafts: list[dict[str, Any]] = []
    async with asyncio.timeout(60):
        while not drafts:
            began = time.perf_counter()
            answer = await world.sandbox.command("engineer", world.channel, "/incident help")
            slowest = max(slowest, time.perf_counter() - began)
            assert answer.ok
            if await world.bot.is_settled():
                await world.finish()
            drafts = draft_files(world)
            await asyncio.sleep(0.05)

    assert slowest < CPU_SECONDS, "nobody waited for the template"
    text = world.sandbox.file_content(drafts[0]["id"]).decode()
    assert "# Postmortem" in text
    (said,) = [each["initial_comment"] for each in sent(world, "files.completeUploadExternal")]
    assert "The template `own` could not be used" in said
    assert "it takes too much time" in said or "It runs longer than" in said
    assert str(world.folder) not in said, "people in the channel are not told the operator's folders"
