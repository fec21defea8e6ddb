"""Redacted text is in no table, message or draft; author, time and reason stay."""

import json
from typing import Any

import pytest
from sqlalchemy import text
from sqlalchemy.exc import IntegrityError

from bot.store.upkeep.text_locations import iter_values
from tests.flows.status_page.conftest import CONFIG
from tests.support.records.entries import acts
from tests.support.requests.notifications import a_notification, an_alert
from tests.support.worlds.databases import BOTH_DATABASES
from tests.support.worlds.story import draft_files
from tests.support.worlds.world import World, rendered

pytestmark = pytest.mark.world(databases=BOTH_DATABASES)

SECRET = "the password is hunter2 for everybody"
WHY = "it held a password"
APPROVALS = CONFIG.replace("[status]\n", "[status]\napproval = true\n")


async def remains(world: World, word: str = "hunter2") -> list[str]:
    """The tables that contain a text, plain or as JSON."""

    def read(session: Any) -> list[str]:
        written = (word, json.dumps(word)[1:-1])
        return [name for name, value in iter_values(session) if any(each in str(value) for each in written)]

    return await world.bot.database.read(read)


def link_of(world: World, ts: str) -> str:
    channel = world.sandbox.channel(world.channel)["id"]
    return f"https://harbour.slack.test/archives/{channel}/p{ts.replace('.', '')}"


async def marked(world: World, text: str = SECRET, emoji: str = "mag") -> str:
    ts = await world.says("engineer", text)
    await world.reacts("oncall", ts, emoji)
    await world.finish()
    return ts


async def redacts(world: World, what: str, user: str = "dba") -> str:
    answer = await world.types(user, f"/incident redact {what} {WHY}")
    await world.finish()
    return answer


async def entry(world: World) -> dict[str, Any]:
    return next(each for each in (await world.exported())["timeline"] if each["redacted_at"])


async def test_a_redacted_message_leaves_who_and_when_and_why(world: World) -> None:
    await world.declares()
    ts = await marked(world)
    assert set(await remains(world)) == {"message", "timeline_entry", "search_index"}, "the search finds what is there"

    answer = await redacts(world, link_of(world, ts))

    assert await remains(world) == []
    found = await entry(world)
    assert (found["text"], found["author_id"], found["kinds"]) == ("", "U0ENGINEER", ["investigation"])
    assert (found["redacted_by_id"], found["redacted_why"], found["deleted"]) == ("U0DBA", WHY, False)
    assert "stays in Slack" in answer
    assert ("U0DBA", "redacted") in await world.audited()


async def test_the_words_do_not_come_back(world: World) -> None:
    """Not by an edit, a reaction, reconciling, nor the shortcut."""
    await world.declares()
    ts = await marked(world)
    await redacts(world, link_of(world, ts))

    await world.edits("engineer", ts, f"{SECRET}, really")
    await world.reacts("support", ts, "dart")
    await world.restart()
    await world.advance(minutes=25)
    await world.sandbox.shortcut("support", world.channel, ts, "add_to_timeline")
    await world.submits("support", kind="cause")

    assert await remains(world) == []


async def test_a_message_on_no_timeline_is_redacted_too(world: World) -> None:
    await world.declares()
    ts = await world.says("engineer", SECRET)

    answer = await redacts(world, link_of(world, ts))
    await world.reacts("support", ts, "mag")
    await world.sandbox.shortcut("support", world.channel, ts, "add_to_timeline")
    refused = await world.submits("support", kind="cause")

    assert await remains(world) == []
    assert "the message" in answer
    assert "redacted" in refused.errors["kind"]


@pytest.mark.parametrize(
    "command",
    [
        f"/incident note {SECRET}",
        f"/incident note at:13:30 kind:cause {SECRET}",
        f"/incident cause {SECRET}",
        f"/incident impact users:20% {SECRET}",
        f"/incident status identified {SECRET}",
        f"/incident severity 1 {SECRET}",
        f"/incident escalate @support {SECRET}",
        f"/incident escalate vendor:gateway {SECRET}",
        f"/incident improve {SECRET}",
        f'/incident task review it symptom:"{SECRET}"',
        f"/incident update investigating lang:en {SECRET}",
        f"/incident edit category:{SECRET!r}".replace("'", '"'),
        f"/incident resolve {SECRET}",
    ],
)
async def test_what_was_typed_is_redacted_from_all_that_was_made_of_it(world: World, command: str) -> None:
    await world.declares()
    await world.types("oncall", command)
    await world.finish()
    typed = max(await world.timeline(), key=lambda each: int(each["ref"].removeprefix("entry-")))
    await world.types("oncall", "/incident postmortem")
    await world.finish()
    assert await remains(world), "it was somewhere"

    answer = await redacts(world, typed["ref"])
    await world.advance(minutes=12)

    assert await remains(world) == []
    shown = [rendered(each) for each in world.sandbox.messages(world.channel)]
    assert not any("hunter2" in each for each in shown), answer
    direct = [each for each in world.sandbox.messages(world.sandbox.open_dm("support")) if "hunter2" in rendered(each)]
    assert direct == []
    drafts = [world.sandbox.file_content(file["id"]).decode() for file in draft_files(world, world.channel)]
    assert drafts, "a draft without the words stands in the channel"
    assert not any("hunter2" in draft for draft in drafts)


@pytest.mark.parametrize("method", ["latency", "cut_after"])
@pytest.mark.parametrize(
    "command", [f"/incident note {SECRET}", f"/incident cause {SECRET}", f"/incident task {SECRET}"]
)
async def test_a_draft_on_its_way_keeps_nothing_of_what_is_redacted_meanwhile(
    world: World, command: str, method: str
) -> None:
    """Slack has the file already. `cut_after`: its answer is lost, and the upload is looked up later."""
    await world.declares()
    await world.types("oncall", command)
    await world.finish()
    typed = max(await world.timeline(), key=lambda each: int(each["ref"].removeprefix("entry-")))
    world.sandbox.fault("latency", "files.completeUploadExternal", seconds=1.0, times=1)
    if method == "cut_after":
        world.sandbox.fault(method, "files.completeUploadExternal", times=1)
    await world.sandbox.command("oncall", world.channel, "/incident postmortem")
    await world.sandbox.wait_until(lambda: any(file.content for file in world.sandbox.workspace.files.values()))
    assert world.sandbox.files() == [], "it is not complete"

    await world.sandbox.command("dba", world.channel, f"/incident redact {typed['ref']} {WHY}")
    await world.advance(minutes=12)

    assert await remains(world) == []
    drafts = [world.sandbox.file_content(file["id"]).decode() for file in draft_files(world, world.channel)]
    assert len(drafts) == 1
    assert "hunter2" not in drafts[0]


async def test_a_redacted_declaration_takes_the_title_with_it(world: World) -> None:
    await world.declares(SECRET)
    await world.types("oncall", "/incident resolve")
    await world.finish()
    declared = (await world.timeline())[0]

    answer = await redacts(world, declared["ref"])

    assert "channel's name" in answer
    assert "hunter2" not in world.card()
    assert "hunter2" not in world.sandbox.channel(world.channel)["topic"]["value"]
    assert await remains(world, SECRET) == []
    assert await remains(world, "hunter2") == [], "the channel's name was made from it"


async def test_an_alert_that_gave_the_title_takes_it_along(world: World) -> None:
    alert = an_alert(at=world.now) | {"annotations": {"summary": SECRET}}
    await world.posts("alertmanager", a_notification(alert))
    await world.finish()
    [detected] = [each["ref"] for each in await world.timeline() if "detection" in each["kinds"]]

    answer = await redacts(world, detected)

    assert "channel's name" in answer
    assert "hunter2" not in world.card()
    assert "hunter2" not in world.sandbox.channel(world.channel)["topic"]["value"]
    assert await remains(world) == []


async def test_pages_lose_a_redacted_title(world: World) -> None:
    await world.declares(SECRET)
    await world.types("oncall", "/incident escalate @dba the primary is full")
    await world.finish()
    page = world.sandbox.open_dm("dba")
    assert "hunter2" in str(world.texts(page))

    await redacts(world, (await world.timeline())[0]["ref"], user="oncall")

    assert "hunter2" not in str(world.texts(page)).replace(world.channel, "")
    assert "the primary is full" in str(world.texts(page))


UNANSWERED = """
[severities.SEV1]
policy = "pay"
[policies.pay]
at_end = { announce = true }
[[policies.pay.levels]]
targets = ["U0DBA"]
wait = 5
"""


@pytest.mark.world(config=UNANSWERED)
async def test_no_line_outside_the_channel_keeps_a_redacted_title(world: World) -> None:
    await world.declares(f"{SECRET} sev:1")
    await world.advance(minutes=10)
    assert any("nobody acknowledged" in line for line in world.texts("incidents"))

    await redacts(world, (await world.timeline())[0]["ref"])

    assert "hunter2" not in " ".join(world.texts("incidents")).replace(world.channel, "")


async def test_the_name_of_a_channel_whose_title_is_redacted_is_shown_again_once_it_is_renamed(world: World) -> None:
    channel = await world.declares(SECRET)
    await world.types("oncall", "/incident resolve")
    await world.finish()

    await redacts(world, (await world.timeline())[0]["ref"])
    await world.advance(minutes=30)

    [draft] = [world.sandbox.file_content(file["id"]).decode() for file in draft_files(world, channel)]
    assert "hunter2" not in draft
    assert (await world.exported())["incident"]["channel"] is None

    world.sandbox.rename("oncall", channel, "inc-1-leak")
    await world.settle()
    assert (await world.exported())["incident"]["channel"] == "inc-1-leak"


async def test_a_title_that_was_edited_goes_from_the_topic_too(world: World) -> None:
    await world.declares("checkout is down")
    await world.types("oncall", '/incident edit title:"Quokka leak"')
    await world.finish()
    assert "Quokka" in world.sandbox.channel(world.channel)["topic"]["value"]
    [edited] = [each["ref"] for each in (await world.exported())["timeline"] if each["kinds"] == ["details"]]

    await redacts(world, edited)

    assert "Quokka" not in world.sandbox.channel(world.channel)["topic"]["value"]
    assert await remains(world, "Quokka") == []


async def test_the_answer_names_whoever_read_the_words_in_a_direct_message(world: World) -> None:
    await world.declares()
    await world.types("oncall", "/incident role scribe @manager")
    await world.advance(minutes=1)
    await world.types("oncall", f"/incident cause {SECRET}")
    await world.types("oncall", "/incident role communication @support")
    await world.finish()
    [cause] = [each["ref"] for each in (await world.exported())["timeline"] if each["kinds"] == ["cause"]]

    answer = await redacts(world, cause)

    direct = world.sandbox.messages(world.sandbox.open_dm("support"))
    assert any("hunter2" in rendered(each) for each in direct)
    assert "Role briefings of <@U0SUPPORT> may quote the words." in answer


@pytest.mark.world(databases=BOTH_DATABASES, config=APPROVALS)
async def test_the_answer_names_requests_for_approval_that_keep_a_title(world: World) -> None:
    await world.declares(f"{SECRET} sev:1 service:checkout")
    await world.types("oncall", "/incident update investigating lang:en affects:online=major We see failed payments.")
    await world.finish()
    assert any("prepared a public update" in line for line in world.texts(world.channel))

    answer = await redacts(world, (await world.timeline())[0]["ref"])

    assert "Requests to approve a public update keep the title. Delete these messages in Slack." in answer


async def test_each_redaction_names_only_what_is_left_to_do(world: World) -> None:
    await world.declares()
    for word in ("one", "two", "three"):
        await world.types("oncall", f"/incident note the password is {word}, of all words")
    for kind in ("improve", "task"):
        await world.types("oncall", f"/incident {kind} Rotate the keys of the vault")
    await world.types("oncall", "/incident resolve rolled back")
    await world.finish()
    refs = [each["ref"] for each in (await world.exported())["timeline"] if "of all words" in each["text"]]

    answers = [await redacts(world, ref) for ref in refs]

    assert not any("Draft" in answer for answer in answers), answers
    assert len(draft_files(world, world.channel)) == 1, "the newest draft alone"
    for action in ("improvement", "task"):
        [ref] = [each["ref"] for each in (await world.exported())["timeline"] if each["kinds"] == [action]]
        await redacts(world, ref)
    assert "measure-repeats-task" not in [found["code"] for found in (await world.exported())["findings"]]


async def test_what_an_alert_says_is_redacted_and_not_told_again(world: World) -> None:
    payload = {
        "title": "Checkout fails",
        "service": "checkout",
        "status": "firing",
        "summary": SECRET,
        "labels": {"note": SECRET},
        "starts_at": "2026-03-02T13:55:00Z",
    }
    status, _ = await world.posts("generic", payload)
    assert status == 200
    await world.finish()
    detection = next(each for each in await world.timeline() if each["kinds"] == ["detection"])

    await redacts(world, detection["ref"])
    await world.posts("generic", payload)
    await world.posts("generic", {**payload, "status": "resolved"})
    await world.finish()

    whole = await world.exported()
    assert [alert["annotations"] for alert in whole["alerts"]] == [{}]
    assert "hunter2" not in " ".join(world.texts())


async def test_an_amended_merged_and_removed_entry_is_redacted_whole(world: World) -> None:
    await world.declares()
    await marked(world)
    await marked(world, "the pool is full")
    ref = next(each["ref"] for each in await world.timeline() if "hunter2" in each["text"])
    await acts(world, "dba", "hunter2", "amend", text="hunter2 is the word, they say")
    await acts(world, "dba", "the pool", "merge", other=ref.removeprefix("entry-"), texts="both")
    await acts(world, "dba", "the pool", "remove", act="take off", text="hunter2 again")
    kept = next(each["ref"] for each in (await world.exported())["timeline"] if "pool" in each["text"])

    await redacts(world, ref)

    assert [name for name in await remains(world) if name != "timeline_entry"] == ["audit"], "the reason quotes it"
    await redacts(world, kept)
    assert await remains(world, "hunter2 is the word") == []


async def test_an_entry_is_redacted_from_the_timeline_s_menu(world: World) -> None:
    await world.declares()
    await marked(world)
    await world.says("dba", "I am here")

    silent = await acts(world, "dba", "hunter2", "remove", act="redact")
    assert "Enter a reason." in silent.errors["text"]
    await world.submits("dba", act="redact", text=WHY)
    await world.finish()

    assert await remains(world) == []
    assert any("stays in Slack" in each["text"] for each in world.sandbox.ephemerals("dba", world.channel))
    await world.types("support", "/incident timeline")
    shown = rendered([each for each in world.sandbox.ephemerals("support", world.channel) if each.get("blocks")][-1])
    assert f"Redacted by dba: {WHY}" in shown


async def test_the_words_of_what_is_redacted_cannot_be_amended(world: World) -> None:
    await world.declares()
    ts = await marked(world)
    await redacts(world, link_of(world, ts))

    await world.sandbox.shortcut("support", world.channel, ts, "amend_entry")

    fields = {block.get("block_id") for block in world.sandbox.views("support")[-1]["blocks"]}
    assert "text" not in fields
    assert "at" in fields


@pytest.mark.parametrize(
    "what", ["entry-999", "nothing", "https://harbour.slack.test/archives/C0GENERAL/p1700000000000100"]
)
async def test_what_is_not_of_this_incident_is_not_redacted(world: World, what: str) -> None:
    await world.declares()
    before = await world.tables()

    answer = await world.types("dba", f"/incident redact {what} {WHY}")

    assert ":warning:" in answer
    after = await world.tables()
    assert {name for name in after if after[name] != before[name]} <= {"person", "outbox", "lane"}


async def test_it_is_redacted_once(world: World) -> None:
    await world.declares()
    ts = await marked(world)
    await redacts(world, link_of(world, ts))

    again = await redacts(world, link_of(world, ts))

    assert "redacted already" in again


async def test_errors_tell_nothing_of_the_record_s_words(world: World) -> None:
    """Errors are logged."""

    def breaks(session: Any) -> None:
        twice = text("INSERT INTO counter (team_id, series, value) VALUES (:word, :word, 1), (:word, :word, 2)")
        session.execute(twice, {"word": SECRET})

    with pytest.raises(IntegrityError) as caught:
        await world.bot.database.run(breaks)

    assert "hunter2" not in str(caught.value).partition("DETAIL")[0]
