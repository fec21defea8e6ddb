"""Incidents in families: those of one family are twins, all others are not, however close their words are."""

from dataclasses import dataclass
from itertools import chain

from bot.domain.findings.incident_similarity import EarlierIncident, IncidentProfile


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
