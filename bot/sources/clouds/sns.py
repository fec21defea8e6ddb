"""
Amazon SNS: alarms of CloudWatch, mails of Amazon SES, and any other text of a topic.

https://docs.aws.amazon.com/sns/latest/dg/http-notification-json.html
"""

from collections.abc import Mapping
from datetime import datetime
from urllib.parse import parse_qs, urlsplit

from bot.domain.alerts.events import Batch, Credentials
from bot.domain.alerts.mail import MailRules
from bot.domain.terms import AlertStatus
from bot.sources.clouds import ses
from bot.sources.clouds.sns_signature import (
    NOTIFICATION,
    SUBSCRIPTION,
    UNSUBSCRIPTION,
    check_message_signature,
    is_amazon_address,
)
from bot.sources.json_fields import Fields
from bot.sources.json_reader import Malformed, decode, quote_value
from bot.sources.mail.message import read_alert
from bot.sources.report import Report

NAME = "sns"
MAX_BYTES = 512 * 1024
"""Amazon sends up to 256 KB, which JSON in a text makes longer."""
STATES = {"alarm": AlertStatus.FIRING, "ok": AlertStatus.RESOLVED, "insufficient_data": None}


def verify(headers: Mapping[str, str], body: bytes, credentials: Credentials, *, now: datetime) -> int:  # noqa: ARG001  the signature of `Verify`
    """Amazon's signature, and a topic of the configuration. Raises Unauthorized."""
    check_message_signature(body, credentials, now)
    return 0


def parse(payload: object, received_at: datetime) -> Batch:
    """As `parse_by_rules`, with the default words for mails. Raises Malformed."""
    return parse_by_rules(payload, received_at, MailRules())


def parse_by_rules(payload: object, received_at: datetime, rules: MailRules) -> Batch:
    """The alarm, mail or text of a message, or a subscription's address. Raises Malformed."""
    root = Fields.from_value(payload)
    kind = root.required_text("Type", f"{NOTIFICATION}, with raw message delivery switched off")
    match kind:
        case "SubscriptionConfirmation":
            return Batch(NAME, (), note="Subscription confirmed.", confirmation=_subscribe_address(root))
        case "UnsubscribeConfirmation":
            return Batch(NAME, (), note="Unsubscribed.")
        case "Notification":
            return _notification(root, received_at, rules)
    known = f"{NOTIFICATION}, {SUBSCRIPTION}, {UNSUBSCRIPTION}"
    raise Malformed("Type", f"{quote_value(kind)} is not known. Amazon sends {known}.")


def _subscribe_address(root: Fields) -> str:
    """Amazon's own address for this topic, and nothing else."""
    address = root.required_text("SubscribeURL", "the address that confirms the subscription")
    query = parse_qs(urlsplit(address).query)
    is_own = query.get("Action") == ["ConfirmSubscription"] and query.get("TopicArn") == [root.text("TopicArn")]
    if not is_amazon_address(address) or not is_own:
        raise Malformed("SubscribeURL", "This is not an address of Amazon SNS that confirms this topic.")
    return address


def _notification(root: Fields, received_at: datetime, rules: MailRules) -> Batch:
    text = root.required_text("Message", "the message of the topic")
    content = _read_object(text)
    if content is not None and (mail := ses.find_mail(content)) is not None:
        return read_alert(NAME, mail, rules, received_at)
    if content is None or not (content.has("AlarmName") and content.has("NewStateValue")):
        return Batch(NAME, (_plain_text(root, text).as_event(received_at),))
    return _alarm(content, received_at)


def _alarm(alarm: Fields, received_at: datetime) -> Batch:
    status = alarm.choice("NewStateValue", STATES)
    if status is None:
        return Batch(NAME, (), note="Ignored: INSUFFICIENT_DATA is neither firing nor resolved.")
    name = alarm.required_text("AlarmName", "the alarm's name")
    changed_at, trigger = alarm.time("StateChangeTime"), alarm.part("Trigger")
    dimensions = {key: each.detail("value") for each in trigger.parts("Dimensions") if (key := each.detail("name"))}
    report = Report(
        source=NAME,
        fingerprint=alarm.detail("AlarmArn") or _fingerprint(alarm, name),
        status=status,
        title=alarm.detail("AlarmDescription") or name,
        started_at=changed_at if status is AlertStatus.FIRING else None,
        ended_at=changed_at if status is AlertStatus.RESOLVED else None,
        stated_at=changed_at,
        rule=name,
        labels={
            **dimensions,
            "account": alarm.detail("AWSAccountId"),
            "region": alarm.detail("Region"),
            "namespace": trigger.detail("Namespace"),
            "metric": trigger.detail("MetricName"),
        },
        description=alarm.detail("NewStateReason"),
    )
    return Batch(NAME, (report.as_event(received_at),))


def _read_object(text: str) -> Fields | None:
    """An alarm of CloudWatch and a mail of Amazon SES are JSON in the text."""
    if not text.lstrip().startswith("{"):
        return None
    try:
        value = decode(text.encode("utf-8", "surrogatepass"))
    except Malformed:
        return None
    return Fields(value, "Message") if isinstance(value, dict) else None


def _fingerprint(alarm: Fields, name: str) -> str:
    """A name is unique in one account and region."""
    return "/".join((alarm.detail("AWSAccountId") or "", alarm.detail("Region") or "", name))


def _plain_text(root: Fields, text: str) -> Report:
    """Any other message: each is an alert without an end."""
    topic, subject = root.detail("TopicArn") or "", root.detail("Subject")
    first_line = text.strip().partition("\n")[0]
    return Report(
        source=NAME,
        fingerprint=root.identity("MessageId", "the message's id"),
        status=AlertStatus.FIRING,
        title=subject or first_line,
        labels={"topic": topic.rpartition(":")[2]},
        description=text if subject or text.strip() != first_line else None,
    )
