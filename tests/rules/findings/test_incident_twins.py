"""Suggestions of a similar incident: right where something is said, and silent in doubt."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import chain
from typing import Any

import pytest
import yaml

from bot.domain.findings.incident_similarity import EarlierIncident, IncidentProfile, find_best_match, is_possible_match


@dataclass(frozen=True, slots=True)
class GeneratedIncident:
    """`family` is empty for an incident without a twin."""

    family: str
    services: tuple[str, ...]
    title: str
    cause: str = ""

    def as_earlier(self, incident_id: int) -> EarlierIncident:
        return EarlierIncident(
            incident_id, self.title, IncidentProfile.from_texts(self.services, self.title, [self.cause])
        )


FAMILIES: dict[str, tuple[tuple[str, ...], tuple[tuple[str, str], ...]]] = {
    "pool": (
        ("checkout",),
        (
            ("checkout answers 503, connection pool exhausted", "pool_size too small after the release"),
            ("Connection pool of checkout is exhausted again", "a slow query held the connections"),
            ("payments fail: no free connection in the pool", "pool exhausted by the nightly export"),
        ),
    ),
    "certificate": (
        ("gateway",),
        (
            ("TLS certificate of the gateway expired", "the renewal job had no permission"),
            ("Gateway refuses connections, expired certificate", "certificate was not renewed"),
            ("certificate expired on gateway, apps cannot connect", ""),
        ),
    ),
    "disk": (
        ("search",),
        (
            ("search index is read-only, disk full on node 3", "segments were not merged"),
            ("Disk full on search nodes, indexing blocked", "old segments filled the disk"),
            ("indexing blocked, search disk is full", ""),
        ),
    ),
    "queue": (
        ("mailer",),
        (
            ("Mails are late: backlog in the RabbitMQ queue", "a poison message blocked the consumer"),
            ("RabbitMQ backlog, mails delayed", "consumer crashed on a poison message"),
            ("mailer backlog grows, RabbitMQ consumer stuck", ""),
        ),
    ),
    "cache": (
        ("catalog",),
        (
            ("Redis evicts product keys, catalog slow", "maxmemory was too low"),
            ("catalog: Redis eviction, product pages time out", "Redis maxmemory reached"),
            ("product pages empty after Redis eviction", ""),
        ),
    ),
    "dns": (
        ("edge",),
        (
            ("DNS resolution of api.example fails in eu-west", "wrong zone file"),
            ("api.example has no DNS resolution", "the zone file lost a record"),
            ("DNS: resolution of api.example broken", ""),
        ),
    ),
    "login": (
        ("login",),
        (
            ("SSO loops after the OAuth secret was rotated", "the old secret was still deployed"),
            ("Login fails: rotated OAuth secret not deployed", ""),
            ("OAuth secret rotated, SSO broken", "the secret was not deployed everywhere"),
        ),
    ),
    "replica": (
        ("orders",),
        (
            ("orders show old data, replica lags 20 minutes", "a long vacuum on the primary"),
            ("Replica lag on orders database", "vacuum blocked replication"),
            ("order history is stale, replica lag", ""),
        ),
    ),
    "deadlock": (
        ("billing",),
        (
            ("invoices fail with deadlock in ledger table", "two jobs lock rows in another order"),
            ("Deadlocks on the ledger table stop invoices", "lock order of two jobs"),
            ("ledger deadlock: no invoices since 9:00", ""),
        ),
    ),
    "memory": (
        ("reports",),
        (
            ("report workers killed, out of memory on PDF export", "images are kept in memory"),
            ("PDF export kills workers (OOM)", "memory of the PDF renderer"),
            ("PDF export fails, workers OOM-killed", ""),
        ),
    ),
    "carrier": (
        ("sms",),
        (
            ("SMS to Orange numbers are not delivered", "the carrier's gateway was down"),
            ("Orange SMS delayed by the carrier", "carrier gateway overloaded"),
            ("no SMS delivered to Orange numbers", ""),
        ),
    ),
    "clock": (
        ("auth",),
        (
            ("tokens rejected, NTP drift on auth-2", "chrony was stopped"),
            ("NTP drift: auth rejects tokens", "chrony not running"),
            ("auth-2 clock drift, tokens rejected", ""),
        ),
    ),
    "paiement": (
        ("paiement",),
        (
            ("Paiements refusés par Carte Bleue depuis la mise à jour du 3DS", "mauvais paramètre 3DS"),
            ("3DS : paiements Carte Bleue refusés", "paramètre 3DS"),
            ("Carte Bleue refusée, 3DS en cause", ""),
        ),
    ),
    "zertifikat": (
        ("kasse",),
        (
            ("Kasse druckt keine Bons, Druckertreiber nach Update defekt", "Treiber 4.2"),
            ("Druckertreiber defekt, keine Bons an der Kasse", "Treiber 4.2 zurückgerollt"),
            ("Bons werden nicht gedruckt, Druckertreiber", ""),
        ),
    ),
}
"""By name: services, and title and cause of each twin."""

LONERS: tuple[tuple[str, str, str], ...] = (
    ("checkout", "checkout is down", ""),
    ("checkout", "checkout is slow", "traffic of a sale"),
    ("checkout", "Vouchers are counted twice", "a retry without a key"),
    ("checkout", "checkout shows prices without tax", "wrong country table"),
    ("gateway", "gateway is slow", "a neighbour on the same host"),
    ("gateway", "Gateway returns 431 for long cookies", "limit of header size"),
    ("gateway", "websocket connections drop every minute", "idle limit of the balancer"),
    ("search", "search is slow", "a heavy synonym list"),
    ("search", "search finds no umlauts", "analyzer changed"),
    ("mailer", "mails go to spam", "DKIM key missing"),
    ("mailer", "Newsletter was sent twice", "two schedulers"),
    ("catalog", "catalog is down", ""),
    ("catalog", "Wrong pictures in the catalog", "bucket copied over"),
    ("edge", "edge nodes unreachable from Brazil", "fibre cut"),
    ("edge", "HTTP/3 handshakes fail on phones", "MTU"),
    ("login", "login is slow", "bcrypt cost raised"),
    ("login", "Password reset mails have a dead link", "path changed"),
    ("orders", "orders are down", ""),
    ("orders", "Order export has empty columns", "a renamed field"),
    ("billing", "invoices have the wrong VAT", "rates of last year"),
    ("billing", "billing is down", ""),
    ("reports", "reports are empty on Mondays", "week starts on Sunday"),
    ("reports", "Report mails lack their attachment", "size limit of the relay"),
    ("sms", "sms is down", ""),
    ("sms", "SMS sender name is wrong", "template"),
    ("auth", "auth is down", ""),
    ("auth", "auth refuses new devices", "device limit counted twice"),
    ("", "Office network is down", "a loop in the switch"),
    ("", "VPN is slow", ""),
    ("", "something is wrong", ""),
)
"""Service, title and cause of incidents without a twin."""


def generate_incidents() -> list[GeneratedIncident]:
    """First twins, those without, second twins, and so on: the twins are far from each other."""
    loners = [GeneratedIncident("", (service,) if service else (), title, cause) for service, title, cause in LONERS]
    twins = [
        [GeneratedIncident(name, services, *told[number]) for name, (services, told) in FAMILIES.items()]
        for number in range(3)
    ]
    return list(chain(twins[0], loners[::2], twins[1], loners[1::2], twins[2]))


LEAST_PRECISION, LEAST_RECALL = 0.97, 0.7
EARLIER = (
    GeneratedIncident("", ("checkout",), "Connection pool exhausted", "the pool was too small"),
    GeneratedIncident("", ("gateway",), "Certificate expired"),
    GeneratedIncident("", ("search",), "Node out of disk, index read-only"),
)


def suggested(one: GeneratedIncident, earlier: Sequence[EarlierIncident]) -> EarlierIncident | None:
    """`earlier` comes oldest first. The cause of a new incident is not known."""
    profile = IncidentProfile.from_texts(one.services, one.title, [])
    return find_best_match(one.title, profile, earlier[::-1])


def test_generated_twins_are_found_with_precision():
    """Each incident is compared with those before it, as at its declaration."""
    incidents = generate_incidents()
    assert sum(bool(each.family) for each in incidents) >= 40
    right = wrong = missed = 0
    for number, each in enumerate(incidents):
        earlier = [other.as_earlier(place) for place, other in enumerate(incidents[:number])]
        found = suggested(each, earlier)
        has_twin = bool(each.family) and any(other.family == each.family for other in incidents[:number])
        if found is None:
            missed += has_twin
        elif has_twin and incidents[found.incident_id].family == each.family:
            right += 1
        else:
            wrong += 1

    assert right / (right + wrong) >= LEAST_PRECISION
    assert right / (right + missed) >= LEAST_RECALL


def services_of(scenario: dict[str, Any]) -> tuple[str, ...]:
    named = scenario.get("service", ())
    return (named,) if isinstance(named, str) else tuple(named)


def title_of(title: str | dict[str, str]) -> str:
    return title if isinstance(title, str) else next(iter(title.values()))


def test_none_of_the_shared_examples_looks_like_another(conformance):
    read = [yaml.safe_load(path.read_text()) for path in sorted((conformance / "scenarios").glob("*.yaml"))]
    told = [GeneratedIncident("", services_of(each), title_of(each["title"])) for each in read]
    assert len(told) >= 4

    for one in told:
        assert suggested(one, [each.as_earlier(0) for each in told if each is not one]) is None


@pytest.mark.parametrize(
    ("services", "title", "expected"),
    [
        (("checkout",), "Pool exhausted again", 0),
        (("checkout",), "connection pool exhausted", 0),
        (("checkout",), "checkout is down", None),
        (("checkout",), "Certificate expired", None),
        ((), "connection pool exhausted", 0),
        ((), "pool exhausted", None),
        (("search", "gateway"), "expired certificate", 1),
        (("search",), "disk", None),
        (("search",), "", None),
    ],
)
def test_a_suggestion_needs_a_service_and_telling_words(services, title, expected):
    found = suggested(GeneratedIncident("", services, title), [each.as_earlier(n) for n, each in enumerate(EARLIER)])

    assert (found and found.incident_id) == expected


def test_a_word_of_many_titles_is_not_telling():
    often = [GeneratedIncident("", ("shop",), f"import broken {name}").as_earlier(n) for n, name in enumerate("abcde")]

    assert suggested(GeneratedIncident("", ("shop",), "broken import of customers"), often) is None
    assert suggested(GeneratedIncident("", ("shop",), "broken import of customers"), often[:2]) is not None


def test_of_equal_matches_the_newest_is_named():
    twice = [EARLIER[0].as_earlier(1), EARLIER[0].as_earlier(2)]

    found = suggested(GeneratedIncident("", ("checkout",), "pool exhausted"), twice)

    assert found is not None
    assert found.incident_id == 2


@pytest.mark.parametrize(
    ("title", "services", "others", "expected"),
    [
        ("pool exhausted", ("checkout",), ("checkout",), True),
        ("pool exhausted", ("checkout",), ("search",), False),
        ("pool exhausted", ("checkout",), (), False),
        ("connection pool exhausted", (), ("checkout",), True),
        ("pool exhausted", (), (), False),
        ("checkout is down", ("checkout",), ("checkout",), False),
    ],
)
def test_incidents_are_only_read_where_one_can_match(title, services, others, expected):
    profile = IncidentProfile.from_texts(services, title, [])
    assert is_possible_match(profile, frozenset(others)) is expected


def test_no_suggestion_is_lost_by_what_is_not_read():
    incidents = generate_incidents()
    for number, each in enumerate(incidents):
        found = suggested(each, [other.as_earlier(place) for place, other in enumerate(incidents[:number])])
        profile = IncidentProfile.from_texts(each.services, each.title, [])
        assert found is None or is_possible_match(profile, found.profile.services)
