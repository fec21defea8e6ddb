"""Sample records of two incidents."""

from typing import Any

from bot.domain.record.model import Record
from bot.domain.terms import Kind, Severity, TargetKind
from tests.support.records.builders import RecordBuilder


def checkout_500s(**more: Any) -> Record:
    """The checkout page crashed for two hours, in Nairobi."""
    title = "CheckoutHTTP500Spike: Spike in 500 failures on the checkout page"
    told = RecordBuilder("2023-05-15", "Africa/Nairobi", title, "checkout", **more)
    told.declared_by_alert(
        "12:00", "CheckoutHTTP500Spike", "Spike in 500 failures on the checkout page", origin="alertmanager"
    )
    told.entry("12:05", "oncall", "Engineering alerted, looking into it.", Kind.NOTE)
    told.entry(
        "12:10",
        "engineer",
        "First analysis points at the website's database: reading database logs and running queries to pinpoint it.",
        Kind.MISLEADING_PATH,
    )
    gateway = "It is connected to the payment gateway integration: reading the gateway logs and code."
    told.entry("12:20", "engineer", gateway, Kind.INVESTIGATION)
    told.entry("12:40", "engineer", gateway, Kind.INVESTIGATION)
    told.escalated("13:00", "oncall", "senior-engineers", "Problem is in the payment gateway integration")
    told.escalated("13:00", "oncall", "payment-gateway", "Checkout crashes in your integration", kind=TargetKind.VENDOR)
    told.entry("13:30", "engineer", "Working with the gateway supplier on a fix and putting it in place.", Kind.ACTION)
    told.impact(
        "13:40", "oncall", "20% of users could not reach the checkout page; potential purchases were lost", percent=20.0
    )
    told.cause(
        "13:50",
        "engineer",
        "A flaw in the integration code for the payment gateway crashed the checkout page when customers used a "
        "specific credit card type; a recent update to the integration exposed it",
    )
    told.resolved(
        "14:00",
        "oncall",
        "The integration code was rewritten to handle the faulty credit card type correctly; users can reach the "
        "checkout page again",
    )
    told.follow_ups(
        "14:10",
        "oncall",
        [
            "Review each integration with a payment gateway in detail",
            "More stringent testing of website and integration changes",
            "Better monitoring and warning systems to spot comparable problems sooner",
            "Write and keep incident response guidelines",
        ],
        [
            "Review and update the payment gateway integration code",
            "Create new testing protocols for website integrations and upgrades",
            "Update monitoring to identify similar problems faster",
            "Create and maintain incident response guidelines",
        ],
    )
    return told.record()


def payment_outage(**more: Any) -> Record:
    """A payment outage in California of 105 minutes, with two escalations answered."""
    title = "Payment processing service complete outage"
    told = RecordBuilder("2023-11-07", "America/Los_Angeles", title, "payments", Severity.SEV1, **more)
    told.declared_by_alert("08:45", "FailedTransactionsSpike", "Sudden spike in failed transactions", origin="grafana")
    told.entry("08:52", "oncall", "Reading server logs, suspecting a server overload.", Kind.INVESTIGATION)
    told.entry("08:59", "oncall", "Assuming a database issue: checking for slow queries.", Kind.INVESTIGATION)
    told.entry("09:06", "oncall", "Exploring network issues, suspecting connectivity problems.", Kind.MISLEADING_PATH)
    for target in ("development", "operations"):
        told.escalated("09:15", "oncall", target, "Initial investigation did not find the cause")
    told.acknowledged("09:20", "developer", "development")
    told.acknowledged("09:27", "operator", "operations")
    told.entry("09:40", "developer", "Rolling back the recent payment gateway code deployment.", Kind.ROLLBACK)
    told.entry("09:55", "developer", "Previous version restored, transactions work again.", Kind.FIXED)
    told.impact(
        "10:05",
        "oncall",
        "Complete outage of the customer-facing payment processing service: users were unable to make purchases; 30% "
        "drop in completed transactions",
    )
    told.cause(
        "10:15",
        "developer",
        "The recent code deployment introduced a misconfiguration in the payment gateway integration, causing "
        "transaction failures",
    )
    told.resolved(
        "10:30",
        "oncall",
        "Rolled back to the previous version, eliminating the misconfiguration; added pre-deployment tests for payment "
        "gateway integrations",
    )
    told.follow_ups(
        "10:40",
        "oncall",
        [
            "Strengthen the pre-deployment testing process to catch integration issues early",
            "Enhance monitoring for real-time transaction success rates",
            "Improve communication channels between development and operations teams",
        ],
        [
            "Review the payment gateway integration code for potential vulnerabilities",
            "Implement a monitoring alert for rapid spikes in failed transactions",
            "Establish a post-deployment validation step for critical services",
            "Schedule regular audits of server logs",
            "Enhance documentation on the payment gateway integration process",
        ],
    )
    return told.record()
