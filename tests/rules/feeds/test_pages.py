"""Real pages of every kind: each is read soundly, or refused with a reason."""

import json
from contextlib import suppress
from pathlib import Path

import pytest

from bot.domain.vendor_status.look import Listing, Look
from bot.feeds import FeedError, parse_feed, recognize_kind, suggest_addresses
from tests.support.servers.requirements import conformance_data

AWS = "https://health.aws.amazon.com/public/currentevents"
UNRESOLVED = "https://status.example.test/api/v2/incidents/unresolved.json"
LIFE = (
    "01-calm 02-investigating 03-text-edited 04-identified-renamed 05-backdated 06-monitoring-unsorted"
    " 07-back-to-investigating 08-resolved-two-updates 10-only-present-state-changed 11-resolution-replaced"
    " 12-postmortem 13-gone-from-the-list"
)
PAGES = {
    # file: kind, listing, open incidents, all incidents with maintenances, components
    "adyen/incident-messages-active.json": ("adyen", "open", 1, 1, 0),
    "adyen/incident-messages-calm.json": ("adyen", "open", 0, 0, 0),
    "aws/all.rss": ("aws_feed", "recent", 0, 1, 0),
    "aws/currentevents-calm.utf16be.json": ("aws", "open", 0, 0, 0),
    "aws/currentevents.utf16be.json": ("aws", "open", 1, 1, 0),
    "aws/currentevents.utf8.json": ("aws", "open", 1, 1, 0),
    "azure/feed-active.xml": ("azure", "open", 1, 1, 0),
    "azure/feed-calm.xml": ("azure", "open", 0, 0, 0),
    "better-stack/real-huggingface-index.json": ("better_stack", "recent", 0, 2, 4),
    "cachet/components.json": ("cachet", "none", 0, 0, 1),
    "cachet/incidents.json": ("cachet", "recent", 0, 1, 0),
    "cachet/rss-1.xml": ("cachet_feed", "recent", 1, 1, 0),
    "cachet/rss-2-edited.xml": ("cachet_feed", "recent", 0, 1, 0),
    "checkly/real-mistral-incidents.json": ("checkly", "recent", 1, 1, 0),
    "google-cloud/incidents-active.json": ("google_cloud", "recent", 1, 1, 0),
    "google-cloud/incidents.json": ("google_cloud", "recent", 0, 1, 0),
    "incident-io/history-1-investigating.atom": ("incident_io_feed", "recent", 1, 1, 0),
    "incident-io/history-2-resolved.atom": ("incident_io_feed", "recent", 0, 1, 0),
    "incident-io/history.rss": ("incident_io_feed", "recent", 0, 1, 0),
    "incident-io/incidents.json": ("statuspage", "recent", 0, 1, 0),
    "incident-io/real-cohere-summary.json": ("statuspage", "open", 1, 1, 3),
    "instatus/components.json": ("instatus", "none", 0, 0, 2),
    "instatus/history.atom": ("instatus", "recent", 0, 2, 0),
    "instatus/real-perplexity-summary.json": ("instatus", "open", 1, 1, 0),
    "instatus/summary-calm.json": ("instatus", "open", 0, 0, 0),
    "instatus/summary-incident-and-maintenance.json": ("instatus", "open", 1, 2, 0),
    "openstatus/api-status-summary.json": ("openstatus", "open", 1, 2, 1),
    "openstatus/feed.json": ("openstatus", "recent", 1, 2, 1),
    "openstatus/feed.rss": ("openstatus_feed", "recent", 1, 2, 0),
    "paypal/events.json": ("paypal", "recent", 1, 2, 0),
    "slack/current-active.json": ("slack", "open", 1, 1, 0),
    "slack/current-calm.json": ("slack", "open", 0, 0, 0),
    "slack/history.json": ("slack", "recent", 1, 2, 0),
    "status-io/status.json": ("status_io", "open", 1, 3, 2),
    "statuspage/components.json": ("statuspage", "none", 0, 0, 5),
    "statuspage/history-1-identified.atom": ("statuspage_feed", "recent", 1, 2, 0),
    "statuspage/history-2-resolved.atom": ("statuspage_feed", "recent", 0, 2, 0),
    "statuspage/history-2-resolved.rss": ("statuspage_feed", "recent", 0, 2, 0),
    "statuspage/history-3-edited.atom": ("statuspage_feed", "recent", 0, 2, 0),
    "statuspage/incidents-unresolved.json": ("statuspage", "open", 1, 1, 0),
    "statuspage/incidents.json": ("statuspage", "recent", 1, 2, 0),
    "statuspage/real-circleci-postmortem.json": ("statuspage", "none", 0, 1, 0),
    "statuspage/real-codametrix-maintenance.json": ("statuspage", "none", 0, 1, 0),
    "statuspage/real-datadog-backdated.json": ("statuspage", "none", 0, 1, 0),
    "statuspage/real-github-edited.atom": ("statuspage_feed", "recent", 0, 1, 0),
    "statuspage/real-github-summary.json": ("statuspage", "open", 1, 1, 12),
    "statuspage/real-stripe-declines.json": ("statuspage", "none", 0, 1, 0),
    "statuspage/scheduled-maintenances.json": ("statuspage", "none", 0, 3, 0),
    "statuspage/status.json": ("statuspage", "none", 0, 0, 0),
    "statuspage/summary-calm-short.json": ("statuspage", "open", 0, 0, 1),
    "statuspage/summary.json": ("statuspage", "open", 1, 3, 5),
    "statuspage/tsr-1532-1-monitoring.json": ("statuspage", "recent", 1, 1, 0),
    "statuspage/tsr-1532-2-resolved.json": ("statuspage", "recent", 0, 1, 0),
    "statuspage/tsr-1532-3-postmortem.json": ("statuspage", "recent", 0, 1, 0),
    "upptime/issues.json": ("upptime", "recent", 0, 2, 0),
    "upptime/summary.json": ("upptime", "none", 0, 0, 2),
}
LIFE_PAGES = [f"statuspage/life-{name}.json" for name in LIFE.split()]
REFUSED = {
    "better-stack/webhook-incident.json": "webhook",
    "slack/feed.atom": "does not say what is over",
    "statuspage/life-09-cut-short.json": "line 75, column 22. It seems to be cut off.",
    "statuspage/webhook-component.json": "webhook",
    "statuspage/webhook-incident.json": "webhook",
}


def path_of(name: str) -> Path:
    return conformance_data() / "vendor-status" / name


def read(name: str) -> Look:
    address = (
        AWS
        if name.startswith("aws/current")
        else UNRESOLVED
        if "unresolved" in name
        else "https://status.example.test/x"
    )
    return parse_feed(path_of(name).read_bytes(), None, address=address)


def test_every_file_is_here():
    folder = conformance_data() / "vendor-status"
    files = {each.relative_to(folder).as_posix() for each in folder.rglob("*") if each.is_file()}

    assert files - {"README.md", "sequences.json"} == {*PAGES, *LIFE_PAGES, *REFUSED}


@pytest.mark.parametrize("name", PAGES)
def test_a_page_is_read(name: str):
    kind, listing, opened, every, components = PAGES[name]

    look = read(name)

    assert (look.kind, look.listing.value) == (kind, listing)
    assert (len(look.open_incidents), len(look.incidents), len(look.components)) == (opened, every, components)
    assert all(each.title and each.key for each in (*look.incidents,))


@pytest.mark.parametrize("name", LIFE_PAGES)
def test_a_page_over_time_is_read(name: str):
    look = read(name)

    assert (look.kind, look.listing, look.remarks) == ("statuspage", Listing.RECENT, ())
    assert look.page.zone == "Europe/Paris"


@pytest.mark.parametrize("name", REFUSED)
def test_a_file_that_is_no_page_is_refused(name: str):
    with pytest.raises(FeedError) as refusal:
        read(name)

    assert REFUSED[name] in refusal.value.message


JSON_PAGES = [name for name in PAGES if name.endswith(".json") and "utf16" not in name]


def drop_each_key(value: object) -> list[object]:
    """The value without one key, for each key of each object in it."""
    if isinstance(value, list):
        return [
            [*value[:place], changed, *value[place + 1 :]]
            for place, each in enumerate(value[:3])
            for changed in drop_each_key(each)
        ]
    if not isinstance(value, dict):
        return []
    without = [{key: each for key, each in value.items() if key != dropped} for dropped in value]
    inner = [{**value, key: changed} for key, each in value.items() for changed in drop_each_key(each)]
    return without + inner


def replace_each_value(value: dict | list, other: object) -> list[object]:
    """The value with another one in place of each field of its first objects."""
    first = value[0] if isinstance(value, list) else value
    changed = [{**first, key: other} for key in first]
    return [[each] for each in changed] if isinstance(value, list) else changed


@pytest.mark.parametrize("name", JSON_PAGES)
def test_a_page_without_one_of_its_keys_is_read_or_refused(name: str):
    value = json.loads(path_of(name).read_bytes())

    variants = drop_each_key(value) + [
        each for other in (None, [], {}, "x", 7) for each in replace_each_value(value, other)
    ]
    for variant in variants:
        with suppress(FeedError):
            assert parse_feed(json.dumps(variant).encode(), None, address=AWS).kind


@pytest.mark.parametrize(
    ("address", "kind"),
    [
        ("https://status.payplug.com/api/v2/summary.json", "statuspage"),
        ("https://www.githubstatus.com/history.atom", "statuspage_feed"),
        ("https://status.cloud.google.com/incidents.json", "google_cloud"),
        (AWS, "aws"),
        ("https://status.aws.amazon.com/rss/all.rss", "aws_feed"),
        ("https://rssfeed.azure.status.microsoft/en-us/status/feed/", "azure"),
        ("https://slack-status.com/api/v2.0.0/current", "slack"),
        ("https://status-api.hostedstatus.com/1.0/status/abc", "status_io"),
        ("https://status.adyen.com/api/incident-messages/active", "adyen"),
        ("https://raw.githubusercontent.com/acme/status/master/history/summary.json", "upptime"),
        ("https://status.example.test/index.json", "better_stack"),
        ("https://status.example.test/summary.json", "instatus"),
        ("https://status.example.test/feed/json", "openstatus"),
        ("https://status.example.test/", None),
        ("https://status.example.test/rss", None),
    ],
)
def test_the_kind_of_an_address(address: str, kind: str | None):
    assert recognize_kind(address) == kind
    assert recognize_kind(address, b"<html><body>Sorry</body></html>") == kind
    assert suggest_addresses(address)[0] == (
        address if kind or address.endswith("rss") else f"{address}api/v2/summary.json"
    )


def test_a_page_below_a_path_has_its_feeds_there():
    address = "https://www.example.test/status/fr/"
    summary = "https://www.example.test/status/fr/api/v2/summary.json"
    body = path_of("statuspage/summary.json").read_bytes()

    assert suggest_addresses(address)[:2] == (address, summary)
    read = parse_feed(body, "application/json", address=summary)
    assert read.history_address == "https://www.example.test/status/fr/api/v2/incidents.json"


def test_the_answer_decides_over_the_address():
    body = path_of("instatus/history.atom").read_bytes()

    assert recognize_kind("https://status.example.test/history.atom", body) == "instatus"


def test_words_states_times_and_languages_of_a_page():
    """The record of a payment provider, in three languages; the postmortem came in two."""
    incident = read("statuspage/tsr-1532-3-postmortem.json").incidents[0]
    monitoring, resolved, postmortem = incident.updates

    assert [each.state.value for each in incident.updates] == ["monitoring", "resolved", "postmortem"]
    assert [[*each.texts] for each in incident.updates] == [["fr", "en", "it"], ["fr", "en", "it"], ["fr", "en"]]
    assert incident.titles["it"] == "INCIDENT PROCESSING | Perturbazioni della piattaforma di pagamento"
    assert monitoring.texts["en"].startswith("TSR-1532\n- Début / Start : 27/03/2025 16h11 CET")
    assert monitoring.texts["en"].endswith("We are continuing to monitor the service.")
    assert "L'incidente è stato risolto" not in resolved.texts["fr"]
    assert postmortem.said_at is None
    assert (incident.ended_at - incident.started_at).total_seconds() == 78 * 60
    assert [each.told_at.isoformat() for each in incident.updates] == [
        "2025-03-27T16:42:00+01:00",
        "2025-03-27T18:00:00+01:00",
        "2025-03-31T09:43:00+02:00",
    ]


def test_backdated_by_the_vendor():
    first = read("statuspage/real-datadog-backdated.json").incidents[0].updates[0]

    assert round(first.backdated_by.total_seconds() / 60) == 48


def test_components_have_their_group():
    look = read("statuspage/summary.json")

    assert [(each.name, each.group) for each in look.components][-1] == ("Bancontact", "Payment methods")
