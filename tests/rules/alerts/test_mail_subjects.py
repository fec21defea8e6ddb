"""Subjects of mails, read by the operator's words."""

import tomllib

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from bot.config.sections.alerts import AlertsSection
from bot.domain.alerts.mail import MailRules, SubjectReading, read_subject
from bot.domain.terms import AlertStatus

FIRING, RESOLVED = AlertStatus.FIRING, AlertStatus.RESOLVED
OWN_WORDS = MailRules(("UP", "ALL CLEAR"), ("DOWN",), {"KO": "SEV1", "hoch": "SEV2"})


@pytest.mark.parametrize(
    ("subject", "topic", "status", "severity"),
    [
        ("Disk full on db1", "Disk full on db1", FIRING, None),
        ("Re: AW: Disk full on db1", "Disk full on db1", FIRING, None),
        ("Fwd: [RESOLVED] Disk full on db1", "Disk full on db1", RESOLVED, None),
        ("[FIRING:1] Disk full (db1 ext4)", "Disk full (db1 ext4)", FIRING, None),
        ("[RESOLVED] Disk full (db1 ext4)", "Disk full (db1 ext4)", RESOLVED, None),
        ("[FIRING:1, RESOLVED:2] Disk full", "Disk full", FIRING, None),
        ("[Resolved][critical] Disk full", "Disk full", RESOLVED, "critical"),
        ("[RESOLVED] ALERT: Disk full", "Disk full", RESOLVED, None),
        ("[team OK] Disk full", "[team OK] Disk full", FIRING, None),
        ("** PROBLEM Service Alert: web1/HTTP is CRITICAL **", "Service Alert: web1/HTTP is", FIRING, "critical"),
        ("** RECOVERY Service Alert: web1/HTTP is OK **", "Service Alert: web1/HTTP is", RESOLVED, None),
        ("Problem: High load on db1", "High load on db1", FIRING, None),
        ("Resolved: High load on db1", "High load on db1", RESOLVED, None),
        ('ALARM: "cpu" in EU (Ireland)', '"cpu" in EU (Ireland)', FIRING, None),
        ('OK: "cpu" in EU (Ireland)', '"cpu" in EU (Ireland)', RESOLVED, None),
        ("db1 is NOT OK", "db1 is NOT OK", FIRING, None),
        ("Is it ok to stop db1", "Is it ok to stop db1", FIRING, None),
        ("The OK button does nothing", "The OK button does nothing", FIRING, None),
        ("P1 | Disk full", "Disk full", FIRING, "p1"),
        ("CRITICAL", "", FIRING, "critical"),
        ("[[[((( : : :", "[[[(((", FIRING, None),
    ],
)
def test_a_subject_says_topic_state_and_severity(
    subject: str, topic: str, status: AlertStatus, severity: str | None
) -> None:
    assert read_subject(subject, MailRules()) == SubjectReading(topic, status, severity)


@pytest.mark.parametrize(
    ("subject", "topic", "status", "severity"),
    [
        ("Monitor is DOWN: shop", "Monitor is: shop", FIRING, None),
        ("Monitor is UP: shop", "Monitor is: shop", RESOLVED, None),
        ("all clear - shop", "shop", RESOLVED, None),
        ("KO shop", "shop", FIRING, "SEV1"),
        ("[HOCH] shop", "shop", FIRING, "SEV2"),
        ("[RESOLVED] shop", "[RESOLVED] shop", FIRING, None),
    ],
)
def test_the_operator_chooses_the_words(subject: str, topic: str, status: AlertStatus, severity: str | None) -> None:
    assert read_subject(subject, OWN_WORDS) == SubjectReading(topic, status, severity)


@given(st.text() | st.text(alphabet="[]():|-* ROKaé1"), st.lists(st.text(min_size=1, max_size=5), max_size=3))
def test_any_subject_with_any_words_is_read(subject: str, words: list[str]) -> None:
    read = read_subject(subject, MailRules(tuple(words)))

    assert len(read.topic) <= len(subject)


@pytest.mark.parametrize(
    ("recipients", "subject", "service"),
    [
        (("alerts+checkout@example.com",), "Disk full", "checkout"),
        (("ops@example.com", "Alerts <alerts+check-out.eu@example.com>"), "Disk full", "check-out.eu"),
        (("alerts@example.com",), "db1: Disk full", "database"),
        (("alerts+@example.com",), "Disk full on db11", None),
        ((), "Disk full", None),
    ],
)
def test_the_service_is_in_the_address_or_the_subject(
    recipients: tuple[str, ...], subject: str, service: str | None
) -> None:
    assert MailRules(services={"DB1": "database"}).find_service(recipients, subject) == service


@pytest.mark.parametrize(
    ("line", "says"),
    [
        ('mail.severities = { "ok" = "SEV1" }', '"ok" is in `resolved` and in `severities`'),
        ('mail.resolved = [" ", "OK"]', "without a letter or digit"),
    ],
)
def test_words_that_cannot_be_meant_are_mistakes(line: str, says: str) -> None:
    with pytest.raises(ValidationError, match=says):
        AlertsSection.model_validate(tomllib.loads(line))
