"""Findings about causes: those that nothing supports, and those that the public was told otherwise."""

from dataclasses import replace

import pytest

from bot.domain.findings.rules.cause_unsupported import check_cause_unsupported, check_public_cause_conflict
from bot.domain.record.model import Update
from bot.domain.terms import Kind, UpdateState
from tests.support.records.findings import codes, incident, published


def supported(cause: str, *entries: str, kind: Kind = Kind.INVESTIGATION) -> list[str]:
    builder = incident("16:11", "18:00")
    for place, text in enumerate(entries):
        builder.entry(f"16:{20 + place}", "engineer", text, kind)
    builder.cause("17:00", "engineer", cause)
    return codes(check_cause_unsupported, builder.record())


DNS = (
    "The resolver in the second zone answers slowly",
    "Looking at the packets that are dropped there",
    "Traffic was moved to the other zone by hand",
    "It is better, and we keep watching",
)


def test_a_cause_that_nothing_speaks_of():
    assert supported("An expired certificate made the login of the customers fail", *DNS) == ["cause-unsupported"]


@pytest.mark.parametrize(
    "cause",
    [
        "The resolvers of one zone were overloaded by the deployment",
        "It dropped packets, because an interface was faulty",
        "Un certificat expiré a fait échouer la connexion des clients",  # in another language than the entries
        "Human error",
        "証明書の期限が切れていたため、ログインできませんでした",
    ],
)
def test_causes_that_may_stand(cause):
    assert supported(cause, *DNS) == []


WORKERS = (
    "The queue of the workers that push updates grows",
    "Looking at the logs of the workers, they are slow",
    "We restarted the workers, and it is better",
    "It is back, and we keep watching the queue",
)


@pytest.mark.parametrize(
    ("cause", "entries", "expected"),
    [
        ("An unplanned update of the virus scanner of our hoster throttled the machines", WORKERS, True),
        ("A cosmic ray flipped a bit in the memory of the payment host", DNS, True),
        ("A database migration locked the table of the customers for an hour", DNS, True),
        ("The autoscaler removed too many nodes at the end of the promotion", DNS, True),
        ("Our DNS provider had an outage in one region", DNS, False),
        (
            "Line 12 of values.yml says '/hotsname'; the key should be '/hostname'",
            (
                "A typo in a YAML. Fixed by hand",
                "We look at why the service does not start",
                "It is back and we watch it",
            ),
            False,
        ),
        (
            "The TLS certificate of the login had expired",
            (
                "Handshakes fail, and we look for the reason",
                "We renewed the cert, and it is back",
                "It is over until Monday",
            ),
            False,
        ),
        (
            "A deployment removed a column that the old version still reads",
            (
                "There are errors in the log of the orders",
                "We rolled back to v41",
                "It is better, and we are watching it",
            ),
            False,
        ),
    ],
)
def test_a_cause_takes_more_than_a_word_of_support(cause, entries, expected):
    assert supported(cause, *entries) == (["cause-unsupported"] if expected else [])


def test_a_word_of_the_title_supports_no_cause():
    entries = ("Payments fail for some customers", "We look at the payments of the day", "Payments are back for them")

    assert supported("Payments were double booked by a new partner of the bank", *entries) == ["cause-unsupported"]


def test_a_misleading_path_supports_no_cause():
    entries = ("A certificate has expired, and the login fails", *DNS[1:])
    cause = "An expired certificate made the login of the customers fail"

    assert supported(cause, *entries) == []
    assert supported(cause, entries[0], kind=Kind.MISLEADING_PATH) == []
    builder = incident("16:11", "18:00")
    builder.entry("16:20", "engineer", entries[0], Kind.MISLEADING_PATH)
    for text in DNS:
        builder.entry("16:25", "engineer", text, Kind.INVESTIGATION)
    builder.cause("17:00", "engineer", cause)
    assert codes(check_cause_unsupported, builder.record()) == ["cause-unsupported"]


def public_cause(text: str, *, cause: str, postmortem: bool = False) -> list[str]:
    builder = incident("16:11", "18:00")
    builder.cause("17:00", "engineer", cause)
    record = published(builder, "18:01", text)
    if postmortem:
        entry = builder.typed("19:00", "oncall", "", Kind.COMMUNICATION)
        last = Update(UpdateState.POSTMORTEM, builder.at("19:00"), {}, ("en",), (entry.source,))
        record = replace(record, updates=[*record.updates, last])
    return codes(check_public_cause_conflict, record)


CERTIFICATE = "The certificate of the ingress had expired"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("The incident was caused by a fault of our database.", ["public-cause-conflict"]),
        ("La panne est due à une surcharge de la base de données.", ["public-cause-conflict"]),
        ("Zahlungen fielen wegen eines vollen Festplattenspeichers aus.", ["public-cause-conflict"]),
        ("Wegen eines Fehlers der Datenbank fielen Zahlungen aus.", ["public-cause-conflict"]),
        ("I pagamenti sono mancati a causa del database.", ["public-cause-conflict"]),
        ("Los pagos fallaron debido a un fallo de la base de datos.", ["public-cause-conflict"]),
        ("Os pagamentos falharam devido a um erro do banco de dados.", ["public-cause-conflict"]),
        ("The incident was caused by an expired TLS certificate.", []),
        ("The incident was due to a problem of our network.", []),  # the ingress is a part of it
        ("The incident was due to a technical problem.", []),
        ("This was not caused by an attack.", []),
        ("The cause is still unknown.", ["public-cause-conflict/unknown"]),
        ("We are investigating the root cause.", ["public-cause-conflict/unknown"]),
        ("La cause est encore inconnue.", ["public-cause-conflict/unknown"]),
        ("Die Ursache ist noch unbekannt.", ["public-cause-conflict/unknown"]),
        ("Die Ursache wird noch untersucht.", ["public-cause-conflict/unknown"]),
        ("La causa è ancora sconosciuta.", ["public-cause-conflict/unknown"]),
        ("La causa sigue siendo desconocida.", ["public-cause-conflict/unknown"]),
        ("A causa ainda é desconhecida.", ["public-cause-conflict/unknown"]),
        ("The cause has been found. All is well.", []),
        ("The outage was caused by an attack on our site.", ["public-cause-conflict"]),
        ("The reason was a power failure.", ["public-cause-conflict"]),
        ("It was triggered by a full disk.", ["public-cause-conflict"]),
        ("A fault of our database led to the outage.", ["public-cause-conflict"]),
        ("The rollback of the configuration caused a restart.", []),
        ("La panne est liée à une panne électrique.", ["public-cause-conflict"]),
        ("La cause était un disque plein.", ["public-cause-conflict"]),
        ("Das lag an einer vollen Festplatte.", ["public-cause-conflict"]),
        ("Grund dafür war ein Stromausfall.", ["public-cause-conflict"]),
        ("Il problema è stato provocato da un attacco informatico.", ["public-cause-conflict"]),
        ("Se debió a un disco lleno.", ["public-cause-conflict"]),
        ("Se debió a un certificado caducado.", []),
        ("A causa foi uma falha de energia.", ["public-cause-conflict"]),
        ("Deveu-se a um certificado expirado.", []),
        ("Nous ne connaissons pas encore la cause.", ["public-cause-conflict/unknown"]),
        ("Wir kennen die Ursache noch nicht.", ["public-cause-conflict/unknown"]),
        ("Non conosciamo ancora la causa.", ["public-cause-conflict/unknown"]),
        ("Todavía desconocemos la causa.", ["public-cause-conflict/unknown"]),
        ("A causa ainda está sendo investigada.", ["public-cause-conflict/unknown"]),
    ],
)
def test_public_words_against_the_cause(text, expected):
    assert public_cause(text, cause=CERTIFICATE) == expected


def test_the_place_of_a_cause_does_not_make_two_the_same():
    """A network can be a provider's; an attack on one is something else."""
    cause = "An expired certificate of our provider"

    assert public_cause("It was caused by an attack on our network.", cause=cause) == ["public-cause-conflict"]
    assert public_cause("It was caused by a fault of the network.", cause=cause) == []


def test_a_published_postmortem_tells_the_cause():
    assert public_cause("The cause is still unknown.", cause=CERTIFICATE, postmortem=True) == []


def test_the_last_public_word_of_the_cause_counts():
    builder = incident("16:11", "18:00")
    builder.cause("17:00", "engineer", CERTIFICATE)
    first, last = (
        published(builder, at, text).updates[0]
        for at, text in (
            ("16:30", "The cause is unknown."),
            ("18:01", "A certificate: it was due to its expired date."),
        )
    )

    assert codes(check_public_cause_conflict, replace(builder.record(), updates=[first, last])) == []
    assert codes(check_public_cause_conflict, replace(builder.record(), updates=[first])) == [
        "public-cause-conflict/unknown"
    ]


@pytest.mark.parametrize(("known", "expected"), [("16:15", ["public-cause-conflict/unknown"]), ("16:25", [])])
def test_the_public_is_told_that_a_cause_is_unknown_which_was_marked(known, expected):
    """Before it was stated. A text can be some minutes behind."""
    builder = incident("16:11", "18:00")
    marked = builder.entry(known, "engineer", CERTIFICATE, Kind.CAUSE)
    builder.cause("17:00", "engineer", CERTIFICATE)
    builder.sets("identified", marked, "first cause")
    texts = (("16:30", "The cause is not yet known."), ("18:01", "All is well."))
    updates = [published(builder, at, text).updates[0] for at, text in texts]

    assert codes(check_public_cause_conflict, replace(builder.record(), updates=updates)) == expected


def test_a_cause_that_nobody_stated_is_rightly_unknown():
    assert codes(check_public_cause_conflict, published(incident(), "16:42", "The cause is unknown.")) == []


def test_two_entries_are_too_few_to_say():
    assert supported("An expired certificate made the login of the customers fail", *DNS[:2]) == []


def test_one_of_several_causes_that_is_supported_is_enough():
    builder = incident("16:11", "18:00")
    for text in DNS:
        builder.entry("16:20", "engineer", text, Kind.INVESTIGATION)
    builder.cause("17:00", "engineer", "An expired certificate made the login of the customers fail")
    builder.cause("17:01", "engineer", "The resolvers were overloaded")

    assert codes(check_cause_unsupported, builder.record()) == []


SUPPORTED = (
    (
        "Many sites answer 502",
        "A regular expression in a new firewall rule backtracked and used all CPU of the edge",
        "Sites answer with 502 all over the world",
        "CPU is at 100% on every machine of the edge",
        "The WAF rules are switched off globally",
        "Traffic is normal again",
    ),
    (
        "Storage errors",
        "A typo in a command took more servers of the index subsystem away than was meant",
        "Error rates of the object store rise in the region",
        "An engineer ran the playbook to remove some billing servers",
        "The index subsystem has to be restarted in full",
        "The placement subsystem works again",
    ),
    (
        "Backbone down",
        "A change of the backbone routers withdrew the routes to our DNS servers",
        "Nobody reaches the site, not even we",
        "DNS names of ours do not resolve anywhere",
        "People are on the way to the data centre to reset the routers",
        "The backbone is up again, and the traffic comes back",
    ),
    (
        "Database deleted",
        "An engineer deleted the data directory on the primary instead of the secondary",
        "The site is down, the database does not answer",
        "I removed the directory on db1 and stopped it, it should have been db2",
        "Restoring the copy of the staging",
        "The restore is done",
    ),
    (
        "Logins fail",
        "A quota for the identity service was set to zero by the old quota system",
        "Users cannot log in to any product",
        "The user ID service rejects all writes",
        "Quota enforcement was turned off",
        "Errors are gone",
    ),
    (
        "Game servers down",
        "Contention in the streaming feature of the service discovery slowed each service that relies on it",
        "Players cannot connect",
        "Consul leader is slow and its KV writes take seconds",
        "We disabled streaming in Consul and CPU fell",
        "Players come back step by step",
    ),
    (
        "Checkout errors",
        "The memory limit of the checkout pods was halved in the last chart",
        "Checkout returns 500 for many carts",
        "Pods are OOMKilled every few minutes",
        "Raised the memory of the pods",
        "No more restarts, and it is stable",
    ),
    (
        "Mail is late",
        "The disk of the mail relay was full of debug logs",
        "Mail arrives an hour late",
        "No space left on device on relay-2",
        "Logs deleted and logrotate fixed",
        "The mail queue is empty again",
    ),
    (
        "API slow",
        "A missing index on the events table made each request scan it",
        "Latency of the API is ten times as high",
        "EXPLAIN shows a seq scan on events",
        "CREATE INDEX CONCURRENTLY on events is running",
        "p99 is back to 120 ms",
    ),
    (
        "Payments fail",
        "The secret of the payment partner was rotated without us",
        "Payments answer 401 since noon",
        "Our API key is rejected by the partner",
        "New key put into the vault",
        "Payments go through again",
    ),
    (
        "Website down",
        "The domain was not renewed in time",
        "The website cannot be reached by anybody",
        "whois says that the registration has lapsed",
        "Paid the registrar",
        "It is back in most places",
    ),
    (
        "Power loss",
        "A fault of the UPS cut the power of one row of racks",
        "Forty hosts went dark at once",
        "The row has no power, the facility is on it",
        "Moved workloads to the other row",
        "The hosts are up again",
    ),
    (
        "Jobs are stuck",
        "A poison message blocked the consumer of the queue",
        "Nothing is processed since 3 in the morning",
        "The worker crashes on the same message each time",
        "Moved the message to the dead letter queue",
        "The backlog is being worked off",
    ),
    (
        "Site slow",
        "A crawler requested every page at once",
        "The site takes ten seconds to answer",
        "One address range makes 80% of requests, looks like a bot",
        "Blocked the range at the edge",
        "Load is normal",
    ),
)
"""Title, cause and what was recorded, often in other words."""

UNSUPPORTED = (
    (
        "Many sites answer 502",
        "An expired root certificate on the origin servers",
        "Sites answer with 502 all over the world",
        "CPU is at 100% on every machine of the edge",
        "The WAF rules are switched off globally",
        "Traffic is normal again",
    ),
    (
        "Database deleted",
        "A ransomware attack encrypted the files of the billing department",
        "The site is down, the database does not answer",
        "I removed the directory on db1 and stopped it, it should have been db2",
        "Restoring the copy of the staging",
        "The restore is done",
    ),
    (
        "Checkout errors",
        "The DNS zone of the payment partner was misconfigured",
        "Checkout returns 500 for many carts",
        "Pods are OOMKilled every few minutes",
        "Raised the memory of the pods",
        "No more restarts, and it is stable",
    ),
    (
        "API slow",
        "The cooling of the data centre failed, and the hosts throttled themselves",
        "Latency of the API is ten times as high",
        "EXPLAIN shows a seq scan on events",
        "CREATE INDEX CONCURRENTLY on events is running",
        "p99 is back to 120 ms",
    ),
    (
        "Jobs are stuck",
        "A routing change at our network provider dropped packets between two regions",
        "Nothing is processed since 3 in the morning",
        "The worker crashes on the same message each time",
        "Moved the message to the dead letter queue",
        "The backlog is being worked off",
    ),
    (
        "Mail is late",
        "An attacker guessed the password of an administrator and sent spam",
        "Mail arrives an hour late",
        "No space left on device on relay-2",
        "Logs deleted and logrotate fixed",
        "The mail queue is empty again",
    ),
    (
        "Site slow",
        "A database migration locked the customers table for an hour",
        "The site takes ten seconds to answer",
        "One address range makes 80% of requests, looks like a bot",
        "Blocked the range at the edge",
        "Load is normal",
    ),
)
"""The same with a cause of another incident."""


def check_cause(title: str, cause: str, entries: tuple[str, ...]) -> list[str]:
    builder = incident("16:11", "18:00")
    builder.title = title
    for place, (text, kind) in enumerate(
        zip(entries, (Kind.DETECTION, Kind.INVESTIGATION, Kind.ACTION, Kind.FIXED), strict=True)
    ):
        builder.entry(f"16:{20 + place}", "engineer", text, kind)
    builder.cause("17:00", "engineer", cause)
    return codes(check_cause_unsupported, builder.record())


@pytest.mark.parametrize(("title", "cause", "entries"), [(each[0], each[1], each[2:]) for each in SUPPORTED])
def test_causes_that_the_record_supports(title, cause, entries):
    assert check_cause(title, cause, entries) == []


@pytest.mark.parametrize(("title", "cause", "entries"), [(each[0], each[1], each[2:]) for each in UNSUPPORTED])
def test_causes_of_another_incident(title, cause, entries):
    assert check_cause(title, cause, entries) == ["cause-unsupported"]
