"""One vendor whose page has an address for each language."""

import json
from datetime import UTC, datetime
from typing import Any, Self

import pytest

from tests.support.servers.vendor_page import CONFIG, VendorPage, VendorWorld, vendor_file
from tests.support.worlds.world import rendered

MORNING = datetime(2025, 3, 27, 15, 40, tzinfo=UTC)
FRENCH, ENGLISH = "Des paiements échouent.", "Some payments fail."


class BilingualWorld(VendorWorld):
    """`page` is in French, `english` beside it."""

    english: VendorPage

    async def __aenter__(self) -> Self:
        self.english = VendorPage()
        await self.english.start()
        self._config = CONFIG.replace('"{address}"', f'{{fr = "{{address}}", en = "{self.english.url}"}}')
        return await super().__aenter__()

    async def __aexit__(self, *problem: object) -> None:
        await super().__aexit__(*problem)
        await self.english.stop()

    def shows(self, page: VendorPage, file: str, title: str, text: str) -> None:
        """The reference incident in the words of one language, with its digest as validator."""
        document: dict[str, Any] = json.loads(vendor_file(f"statuspage/{file}"))
        [one] = document["incidents"]
        one["name"] = title
        for each in one["incident_updates"]:
            each["body"] = f"{text} ({each['status']})"
        page.shows(document, {"ETag": f'W/"{hash(json.dumps(document))}"'})

    def replies(self) -> list[str]:
        """Replies in the thread of the vendor's message."""
        found = self.sandbox.messages("incidents")
        return [rendered(each) for each in found if each.get("thread_ts") not in {None, each["ts"]}]


pytestmark = pytest.mark.world(kind=BilingualWorld, config=CONFIG, start=MORNING)


async def test_an_incident_is_one_message_in_both_languages(world: BilingualWorld) -> None:
    world.shows(world.page, "tsr-1532-1-monitoring.json", "Paiements", FRENCH)
    world.shows(world.english, "tsr-1532-1-monitoring.json", "Payments", ENGLISH)
    await world.looks()
    [told] = world.told()
    assert all(each in told for each in ("Paiements / Payments", f"FR: {FRENCH}", f"EN: {ENGLISH}"))

    await world.advance(minutes=6)
    await world.looks()
    assert [each.headers.get("If-None-Match") is not None for each in world.english.requests] == [False, True]
    assert len(world.told()) == 1

    world.shows(world.page, "tsr-1532-2-resolved.json", "Paiements", FRENCH)
    world.shows(world.english, "tsr-1532-2-resolved.json", "Payments", ENGLISH)
    await world.advance(minutes=6)
    await world.looks()
    [reply] = world.replies()
    assert all(each in reply for each in ("Resolved", f"FR: {FRENCH} (resolved)", f"EN: {ENGLISH} (resolved)"))
    assert len(world.told()) == 1


async def test_a_language_that_fails_is_said_once_and_its_words_are_told_later(world: BilingualWorld) -> None:
    world.shows(world.page, "tsr-1532-1-monitoring.json", "Paiements", FRENCH)
    world.english.shows(b"", status=503)
    for _ in range(3):
        await world.looks()
        await world.advance(minutes=6)
    [told] = world.told()
    assert FRENCH in told
    assert "EN:" not in told
    assert "en: the server answered 503" in await world.home("oncall")
    assert len(world.page.requests) == 3

    world.shows(world.english, "tsr-1532-1-monitoring.json", "Payments", ENGLISH)
    await world.looks()
    [reply] = world.replies()
    assert "New words in another language" in reply
    assert f"EN: {ENGLISH}" in reply
    assert FRENCH not in reply
    assert "503" not in await world.home("oncall")
    [told] = world.told()
    assert f"EN: {ENGLISH}" in told
