"""A vendor's page with a certificate that cannot be trusted: said once as what it is, and nothing else is touched."""

import ssl
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Self

import pytest
from structlog.testing import capture_logs

from bot.engine.fetch.address_guard import AddressRules
from bot.engine.fetch.http_fetch import FetchError, fetch_body
from bot.engine.vendors.pages import LIMITS
from bot.store import vendors
from tests.support.servers.paging_servers import certificate
from tests.support.servers.vendor_page import CONFIG, VendorPage, VendorWorld, vendor_file

MORNING = datetime(2025, 3, 27, 15, 40, tzinfo=UTC)
FIRST = "statuspage/tsr-1532-1-monitoring.json"
ALLOWED = replace(LIMITS, rules=AddressRules(allows_private=True))
EXPIRED = timedelta(days=-2)
OTHER = """
[vendors.acquirer]
name = "Acquirer"
feed = "{secure}"
allow_private = true
"""


class SecureWorld(VendorWorld):
    """Watches a second vendor, over HTTPS. Its certificate has expired."""

    secure: VendorPage

    async def __aenter__(self) -> Self:
        self.tls_file, self.tls = certificate(self.folder, "localhost", valid_for=EXPIRED)
        self.secure = VendorPage(self.tls)
        await self.secure.start()
        self._config = CONFIG + OTHER.replace("{secure}", self.secure.url)
        return await super().__aenter__()

    async def __aexit__(self, *problem: object) -> None:
        await super().__aexit__(*problem)
        await self.secure.stop()


@pytest.fixture
def machine(monkeypatch: pytest.MonkeyPatch) -> ssl.SSLContext:
    """The authorities that this machine trusts; aiohttp reads them once, when it is imported."""
    found = ssl.create_default_context()
    monkeypatch.setattr("aiohttp.connector._SSL_CONTEXT_VERIFIED", found)
    return found


@pytest.fixture
async def page(tmp_path: Path, request: pytest.FixtureRequest) -> AsyncIterator[tuple[VendorPage, Path]]:
    name, length = request.param
    path, tls = certificate(tmp_path, name, valid_for=length)
    found = VendorPage(tls)
    await found.start()
    found.shows(vendor_file(FIRST))
    yield found, path
    await found.stop()


@pytest.mark.parametrize(
    ("page", "is_trusted", "message"),
    [
        (("localhost", EXPIRED), True, r"certificate is not valid \(certificate has expired\)"),
        (("localhost", -EXPIRED), False, r"certificate is not valid \(self-signed certificate\)"),
        (("other.test", -EXPIRED), True, r"certificate is not valid \(Hostname mismatch"),
    ],
    ids=["expired", "self-signed", "another name"],
    indirect=["page"],
)
async def test_a_certificate_that_is_not_valid_is_named(
    page: tuple[VendorPage, Path], is_trusted: bool, message: str, machine: ssl.SSLContext
):
    server, path = page
    if is_trusted:
        machine.load_verify_locations(path)

    with pytest.raises(FetchError, match=message):
        await fetch_body(server.url, {}, ALLOWED)

    assert server.requests == []


@pytest.mark.world(kind=SecureWorld, start=MORNING)
async def test_an_expired_certificate_is_said_once_until_it_is_renewed(
    world: SecureWorld, machine: ssl.SSLContext
) -> None:
    machine.load_verify_locations(world.tls_file)
    world.secure.shows(vendor_file(FIRST))
    world.page.shows_file(FIRST)

    with capture_logs() as logs:
        for _ in range(3):
            await world.advance(hours=2)
            await world.looks()
        failed = await world.bot.database.read(vendors.get_feed, "T0HARBOUR", "acquirer")
        home = await world.home("oncall")
        renewed_file, _ = certificate(world.folder, "localhost", valid_for=timedelta(days=90))
        world.tls.load_cert_chain(renewed_file, renewed_file.with_suffix(".key"))
        machine.load_verify_locations(renewed_file)
        await world.advance(hours=2)
        await world.looks()

    [said] = [each for each in logs if each["event"] == "vendor's page cannot be read"]
    assert (said["vendor"], "certificate has expired" in said["problem"]) == ("acquirer", True)
    assert failed is not None
    assert failed.failures == 3
    assert "Acquirer" in home
    assert len(world.told()) == 1, "the other page was read all the time"
    assert [each["vendor"] for each in logs if each["event"] == "vendor's page can be read again"] == ["acquirer"]
    assert [text for text in world.texts("incidents") if "Acquirer" in text]
