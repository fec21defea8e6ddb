"""Findings about texts: duplicates, unsupported causes, languages, status updates."""

from dataclasses import replace

import pytest

from bot.domain.findings.rules.duplicates import check_duplicate_entries, check_duplicate_measures
from bot.domain.findings.rules.languages import check_language_missing, check_language_outdated
from bot.domain.findings.rules.late_status_update import check_late_status_update
from bot.domain.findings.similarity import content_stems, guess_language, stem_word, words_in
from bot.domain.record.model import Record, Statement, Update
from bot.domain.record.translations import Translation
from bot.domain.terms import Kind, SourceKind, UpdateState
from tests.support.records.builders import RecordBuilder
from tests.support.records.findings import codes, incident, published

GATEWAY = "It is connected to the payment gateway integration: reading its logs."


def twice(first: str, second: str, *, later: str = "16:40", between: int = 0, kind: Kind = Kind.NOTE) -> list[str]:
    builder = incident("16:11", "18:00")
    builder.entry("16:20", "engineer", first, kind)
    for number in range(between):
        builder.entry("16:30", "engineer", f"Step {number} of the long list", Kind.ACTION)
    builder.entry(later, "dba", second, kind)
    return codes(check_duplicate_entries, builder.record())


@pytest.mark.parametrize(
    ("second", "expected"),
    [
        (GATEWAY, True),
        (GATEWAY.upper(), True),
        ("It is connected to payment gateway integration - reading its logs", True),
        (GATEWAY.replace("gateway", "provider"), False),
        (GATEWAY.replace("reading", "read"), False),
        (f"{GATEWAY} Still.", False),
    ],
)
def test_the_same_in_other_words_is_not_the_same(second, expected):
    assert twice(GATEWAY, second) == (["repeated-entry"] if expected else [])


@pytest.mark.parametrize("text", ["done", "Still down", "On it!", "no change yet"])
def test_short_texts_may_be_said_again(text):
    assert twice(text, text) == []


def test_long_texts_are_the_same_in_another_order_of_words():
    first = (
        "Restored yesterday's snapshot of orders, invoices, customers, carts, coupons, stock and prices onto node seven"
    )
    second = (
        "Onto node seven restored yesterday's snapshot of customers, orders, invoices, carts, stock, coupons and prices"
    )

    assert twice(first, second) == ["repeated-entry"]
    assert twice(first, second.replace("seven", "eight")) == []


def test_what_is_far_apart_is_another_thing():
    assert twice(GATEWAY, GATEWAY, later="17:19") == ["repeated-entry"]
    assert twice(GATEWAY, GATEWAY, later="17:21") == []
    assert twice(GATEWAY, GATEWAY, between=19) == ["repeated-entry"]
    assert twice(GATEWAY, GATEWAY, between=20) == []


def test_several_repetitions_are_one_finding():
    builder = incident("16:11", "18:00")
    for at in ("16:20", "16:25", "16:30"):
        builder.entry(at, "engineer", GATEWAY, Kind.INVESTIGATION)

    (found,) = check_duplicate_entries(builder.record())
    assert (len(found.entries), found.values["number"]) == (3, 3)


def test_calls_public_words_and_the_bots_own_lines_may_repeat():
    builder = incident("16:11", "18:00")
    for target in ("development", "operations"):
        builder.escalated("16:20", "oncall", target, "The first investigation did not find the cause")
    for code in ("en", "fr"):
        builder.typed("16:42", "oncall", GATEWAY, Kind.COMMUNICATION, language=code, public=UpdateState.MONITORING)
    for at in ("16:50", "16:51"):
        builder.entry(at, None, "Alert FailedPayments fired once more", Kind.DETECTION, source=SourceKind.ALERT)
    for _ in range(2):
        builder.cause("16:55", "engineer", GATEWAY)
    builder.entry("16:56", "engineer", GATEWAY, Kind.CAUSE)

    assert codes(check_duplicate_entries, builder.record()) == []


def test_a_withdrawn_entry_repeats_nothing():
    builder = incident("16:11", "18:00")
    builder.entry("16:20", "engineer", GATEWAY, Kind.NOTE)
    builder.entry("16:25", "engineer", GATEWAY, Kind.NOTE, withdrawn_at=builder.at("16:30"))

    assert codes(check_duplicate_entries, builder.record()) == []


def measures(improvement: str, task: str) -> list[str]:
    builder = incident()
    builder.follow_ups("18:10", "oncall", [improvement], [task])
    return codes(check_duplicate_measures, builder.record())


@pytest.mark.parametrize(
    ("improvement", "task", "expected"),
    [
        (
            "Automated tests of the payment gateway integration",
            "Implement automated testing for the payment gateway integration",
            True,
        ),
        ("Alert on missing database dumps", "Alert on missing database dumps", True),
        ("Write and keep incident response guidelines", "Create and maintain incident response guidelines", True),
        (
            "Training and documentation on payment gateway integration",
            "Train the relevant teams on payment gateway integration and troubleshooting",
            False,
        ),
        ("Alert on missing database dumps", "Set up an alarm for absent database backups", True),
        ("Monitor certificate expiry", "Add an alert for expiring certificates", True),
        ("Documentation of the failover procedure", "Write a runbook for the failover", True),
        ("Each change of the ingress is reviewed by two people", "Two people review each change of the ingress", True),
        (
            "Better monitoring and warning systems to spot comparable problems sooner",
            "Update monitoring to identify similar problems faster",
            True,
        ),
        ("Mettre en place une alerte sur l'espace disque", "Ajouter une alarme sur l'espace disque", True),
        ("Automatische Tests der Schnittstelle einführen", "Automatisierte Tests für die Schnittstelle", True),
        ("Añadir una alerta de espacio en disco", "Crear una alarma de espacio en disco", True),
        ("Add alert for checkout latency", "Add test for checkout latency", False),
        ("Add alerts for disk usage on web hosts", "Add alerts for disk usage on database hosts", False),
        ("Test backups of database a", "Test backups of database b", False),
        ("Alert at 80% of the disk", "Alert at 90% of the disk", False),
        ("Increase the timeout of the payment client", "Decrease the timeout of the payment client", False),
        ("Enable deletion protection on the database", "Disable deletion protection on the database", False),
        ("Replace the old load balancer", "Remove the old load balancer", False),
        ("Regular audits of gateway configurations", "Review and update gateway integration guidelines", False),
        ("Increase the connection pool", "Raise the size of the connection pool", True),
        ("Enlarge the disk of the primary", "Increase the disk space of the primary", True),
        ("Limit the number of retries of the client", "Cap the client's retries", True),
        ("Reduce the TTL of the DNS records", "Lower the DNS TTL", True),
        ("Publish the first update within 15 minutes", "Post the first status update within 15 minutes", True),
        ("Documenter la procédure de retour arrière", "Rédiger la procédure de rollback", True),
        ("Prévenir les clients plus tôt", "Informer les clients plus rapidement", True),
        ("Rückrollen dokumentieren", "Anleitung zum Zurückrollen schreiben", True),
        ("Verbindungspool vergrößern", "Den Verbindungspool erhöhen", True),
        ("Kunden früher informieren", "Kunden schneller benachrichtigen", True),
        ("Alerting when ports are nearly exhausted", "Alert on ephemeral port usage above 80%", True),
        (
            "Vérifier les index après une migration",
            "@dba-team Comparer les index avant et après chaque migration",
            True,
        ),
        (
            "Templates should be tested against the driver service before going live",
            "Test every template with the driver service before it goes live",
            True,
        ),
        ("Make callbacks idempotent", "Make the callback endpoint idempotent", True),
        ("Have a second provider", "Have a second payment provider", True),
        ("Shorten the DNS TTL", "Lower the TTL of DNS records", True),
        ("Vigilar el espacio en disco", "Añadir una alarma de espacio en disco", True),
        ("Test the backups of the database", "Test the backups of the database without downtime", False),
        ("Monitor the disk", "Monitor the disk latency", False),
        ("Raise the memory limit", "Lower the memory limit", False),
        ("Test the restores every week", "Test the restores every month", False),
        ("Alert on failover of the gateway", "Alert on failure of the gateway", False),
        (
            "Document the failover of the orders database to the replica in zone b",
            "Test the failover of the orders database to the replica in zone b",
            False,
        ),
        ("Better monitoring", "Better monitoring", True),  # short, and the very same
        ("Better monitoring", "Better alerts", False),
        (
            "Des tests automatisés de l'intégration de la passerelle",
            "Des tests automatisés pour l'intégration de la passerelle",
            True,
        ),
    ],
)
def test_measures_that_repeat_a_task(improvement, task, expected):
    assert measures(improvement, task) == (["measure-repeats-task"] if expected else [])


@pytest.mark.parametrize(("at", "expected"), [("16:42", ["public-word-late/after_end"]), ("16:28", []), ("16:15", [])])
def test_a_first_public_word_after_the_end(at, expected):
    assert codes(check_late_status_update, published(incident(), at, "Payments were down.")) == expected


@pytest.mark.parametrize(
    ("at", "text", "expected"),
    [
        ("16:21", "Status page communication", True),
        ("16:21", "Posted on the status page", True),
        ("16:21", "Page de statut mise à jour", True),
        ("16:21", "Statusseite aktualisiert", True),
        ("16:21", "Pagina di stato aggiornata", True),
        ("16:21", "Página de estado actualizada", True),
        ("16:38", "Status page communication", False),
        ("16:50", "Status page updated again", False),
        ("16:21", "Preparing a status page communication", False),
        ("16:21", "Should we have posted on the status page?", False),
        ("16:21", "Nothing published on the status page, no", False),
        ("16:21", "Customers were informed by telephone", False),
        ("16:21", "Please get the status page updated", False),
    ],
)
def test_claims_that_the_public_was_told_earlier(at, text, expected):
    builder = incident("16:11", "18:00")
    builder.typed(at, "oncall", text, Kind.NOTE)
    record = published(builder, "16:42", "Payments are down.", UpdateState.MONITORING)

    assert codes(check_late_status_update, record) == (["public-word-late"] if expected else [])
    assert codes(check_late_status_update, replace(record, updates=[])) == []


def updates_in(
    *updates: tuple[str, str, str], published_in: tuple[str, ...] = (), own: tuple[str, ...] = ("en",)
) -> Record:
    """A record of updates as (time, state, languages separated by blanks)."""
    builder = incident("16:11", "16:24")
    builder.languages = own
    made = []
    for at, state, languages in updates:
        each = tuple(languages.split())
        entries = [builder.typed(at, "oncall", f"In {code}", Kind.COMMUNICATION, language=code) for code in each]
        made.append(
            Update(
                UpdateState(state),
                builder.at(at),
                dict.fromkeys(each, "x"),
                each,
                tuple(entry.source for entry in entries),
            )
        )
    if published_in:
        entry = builder.typed("19:00", "oncall", "", Kind.COMMUNICATION)
        made.append(Update(UpdateState.POSTMORTEM, builder.at("19:00"), {}, published_in, (entry.source,)))
    return replace(builder.record(), updates=made)


@pytest.mark.parametrize(
    ("record", "expected"),
    [
        (updates_in(("16:42", "monitoring", "fr en it"), published_in=("fr", "en")), ["language-missing"]),
        (updates_in(("16:42", "monitoring", "fr en it"), published_in=("fr", "en", "it")), []),
        (updates_in(("16:42", "monitoring", "fr en it"), own=("fr", "en", "it")), []),
        (updates_in(("16:42", "monitoring", "fr"), own=("en",)), ["language-missing"]),
        (updates_in(("16:42", "monitoring", "pt-BR"), published_in=("pt",)), []),
        (
            updates_in(("16:42", "monitoring", "fr en"), ("18:00", "resolved", "en"), own=("en", "fr")),
            ["language-missing/update"],
        ),
        (updates_in(("16:42", "monitoring", "en"), ("18:00", "resolved", "en fr"), own=("en", "fr")), []),
        (updates_in(("16:42", "monitoring", "en"), ("18:00", "resolved", "")), []),
        (updates_in(), []),
    ],
)
def test_languages_in_which_something_is_missing(record, expected):
    assert codes(check_language_missing, record) == expected


def test_a_row_marked_as_the_cause_needs_every_language_too():
    """It is no statement of the cause, which is judged by itself."""
    builder = incident("16:11", "16:24")
    builder.languages = ("de", "fr")
    builder.entry("16:15", "dba", "Der Token-Dienst rechnet falsch.", Kind.CAUSE, language="de")

    assert codes(check_language_missing, builder.record()) == ["language-missing/entry"]


def test_the_missing_languages_are_named_once():
    (found,) = check_language_missing(updates_in(("16:42", "monitoring", "fr en it es"), published_in=("fr", "en")))

    assert [each.code for each in found.values["languages"]] == ["it", "es"]


def test_a_title_promises_a_postmortem_once_one_is_published():
    record = updates_in(published_in=("fr",))
    titled = replace(record, incident=replace(record.incident, titles={"fr": "Panne", "it": "Guasto"}))

    assert codes(check_language_missing, titled) == ["language-missing/title"], "the public was told nothing in it"
    assert codes(check_language_missing, replace(titled, updates=[])) == []


def stated(*causes: tuple[str, str | None, str], own: tuple[str, ...]) -> Record:
    """Causes as (time, language, text); the last of each language stands."""
    builder = incident("16:11", "16:24")
    builder.languages = own
    latest: dict[str | None, Statement] = {}
    for at, code, text in causes:
        entry = builder.typed(at, "oncall", text, Kind.CAUSE, language=code)
        latest[code] = Statement(text, code, entry.source, builder.at(at), "UONCALL")
    return replace(builder.record(), causes=tuple(latest.values()))


@pytest.mark.parametrize(
    ("record", "expected"),
    [
        (stated(("17:00", "fr", "La panne"), own=("fr", "en")), ["language-missing/cause"]),
        (stated(("17:00", "fr", "La panne"), ("17:01", "en", "The fault"), own=("fr", "en")), []),
        (stated(("17:00", None, "The fault"), own=("fr", "en")), []),
        (stated(("17:00", "fr", "La panne"), ("17:01", None, "The fault"), own=("fr", "en")), []),
        (stated(("17:00", "de", "Der Fehler"), own=("fr", "en")), []),
        (stated(("17:00", "fr", "La panne"), own=("fr",)), []),
    ],
)
def test_causes_in_one_language_of_the_document_only(record, expected):
    assert codes(check_language_missing, record) == expected


def translated(language: str | None, *translations: str, own: tuple[str, ...] = ("fr", "en")) -> Record:
    """An entry in a language, with words in others."""
    builder = incident("16:11", "16:24")
    builder.languages = own
    entry = builder.typed("16:20", "oncall", "Words", Kind.NOTE, language=language)
    words = tuple(Translation(code, "Words", entry.recorded_at, "UONCALL", SourceKind.COMMAND) for code in translations)
    record = builder.record()
    entries = [replace(each, translations=words) if each.source == entry.source else each for each in record.entries]
    return replace(record, entries=entries)


@pytest.mark.parametrize(
    ("record", "expected"),
    [
        (translated("fr"), ["language-missing/entry"]),
        (translated("fr", "en"), []),
        (translated("de", "en"), ["language-missing/entry"]),
        (translated("fr", own=("fr",)), []),
        (translated(None), []),
    ],
)
def test_entries_without_words_in_a_language_of_the_document(record, expected):
    assert codes(check_language_missing, record) == expected


@pytest.mark.parametrize(
    ("causes", "expected"),
    [
        ([("17:00", "en", "A"), ("17:01", "fr", "A"), ("18:00", "en", "B")], ["language-outdated/cause"]),
        ([("17:00", "en", "A"), ("17:01", "fr", "A"), ("18:00", "en", "B"), ("18:03", "fr", "B")], []),
        ([("17:00", "en", "A"), ("17:01", "fr", "A"), ("17:05", "en", "B")], []),
        ([("17:00", "en", "A"), ("18:00", "fr", "A")], []),  # the second language simply came later
        ([("17:00", None, "A"), ("17:01", "fr", "A"), ("18:00", None, "B")], []),
        ([("17:00", "en", "A"), ("18:00", "en", "B")], []),
    ],
)
def test_causes_stated_anew_in_one_language_only(causes, expected):
    assert codes(check_language_outdated, stated(*causes, own=("en", "fr"))) == expected


@pytest.mark.parametrize(
    ("words", "code"),
    [
        ("the database is down and it was slow", "en"),
        ("la base de données est dans un état que nous avons vu", "fr"),
        ("der Speicher ist voll und wir haben keinen Platz", "de"),
        ("database gateway timeout", None),
    ],
)
def test_the_language_of_a_text_by_its_little_words(words, code):
    assert guess_language(words_in(words)) == code


def test_stems():
    assert {stem_word(word) for word in ("test", "tests", "tested", "testing")} == {"test"}
    assert stem_word("404") == "404"
    assert content_stems("The tests of the payment gateway") == ["test", "payment", "gateway"]


def test_a_long_list_of_measures_is_compared_in_passing():
    builder = RecordBuilder("2025-03-27", "UTC", "Payments are down", "payments")
    first = builder.typed("16:11", "oncall", builder.title, Kind.DECLARED)
    for name in ("declared", "started", "detected"):
        builder.sets(name, first, "declared")
    texts = [f"Replace certificate number {number} of customer {number * 3}" for number in range(300)]
    builder.follow_ups("18:10", "oncall", texts, texts[::-1])

    assert len(codes(check_duplicate_measures, builder.record())) == 300
