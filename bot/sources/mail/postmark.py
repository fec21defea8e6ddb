"""
Postmark: the webhook of an inbound stream.

Format: "Inbound webhook" in Postmark's developer documentation. Postmark does not sign it.
"""

from collections.abc import Mapping
from datetime import datetime

from bot.domain.alerts.events import Batch, Credentials
from bot.domain.alerts.mail import MailRules
from bot.sources.authentication import check_token
from bot.sources.json_fields import Fields
from bot.sources.json_reader import Malformed
from bot.sources.mail.message import Mail, choose_text, index_headers, parse_date, read_alert

NAME = "postmark"


def verify(headers: Mapping[str, str], body: bytes, credentials: Credentials, *, now: datetime) -> int:  # noqa: ARG001  the signature of `Verify`
    """The token, as the password in the webhook's address. Raises Unauthorized."""
    return check_token(headers, credentials)


def parse(payload: object, received_at: datetime) -> Batch:
    """The alert of one mail, by the default words. Raises Malformed."""
    return parse_by_rules(payload, received_at, MailRules())


def parse_by_rules(payload: object, received_at: datetime, rules: MailRules) -> Batch:
    """The alert of one mail. Raises Malformed."""
    root = Fields.from_value(payload)
    if root.has("RecordType"):
        raise Malformed("RecordType", "This is an event of a sent mail. Set the webhook of the inbound stream.")
    headers = index_headers(
        (name, value)
        for each in root.parts("Headers")
        if (name := each.detail("Name")) and (value := each.detail("Value"))
    )
    listed = (each.detail("Email") for name in ("ToFull", "CcFull", "BccFull") for each in root.parts(name))
    mail = Mail(
        sender=root.part("FromFull").detail("Email") or root.detail("From") or "",
        recipients=tuple(filter(None, (root.detail("OriginalRecipient"), *listed, root.detail("To")))),
        subject=root.detail("Subject") or "",
        text=choose_text(root.detail("TextBody"), root.detail("StrippedTextReply"), root.detail("HtmlBody")),
        sent_at=parse_date(root.detail("Date")),
        headers=headers,
        subject_field="Subject",
    )
    return read_alert(NAME, mail, rules, received_at)
