"""
Mail to subscribers, over the mail server of `[paging.email]`.

Each notice can be left with one click (RFC 8058) and says that it was sent by a program.
"""

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager, suppress
from datetime import datetime
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from bot.config import Settings
from bot.config.sections.status_page import StatusPageSection
from bot.domain.languages import get_language
from bot.domain.paging.contact_methods import split_mailbox
from bot.domain.text.normalize import to_one_line
from bot.lazy_dataclass import dataclass
from bot.lazy_loader import LazyModule
from bot.notifiers.email import MAX_SUBJECT, classify_failure, connect, drop_connection
from bot.notifiers.outcome import PermanentFailure, Timeouts
from bot.notifiers.subscribers.outcome import Result, read_refusal
from bot.services.status_page.notice_text import NoticeText
from bot.templating.render import render_template

if TYPE_CHECKING:
    import aiosmtplib
else:
    aiosmtplib = LazyModule("aiosmtplib")

UNQUOTED = "!#$%&'()*+,/:;=?@[]~"
"""Characters of a web address that stay as they are."""
NOT_SET_UP = "E-mail is not set up. Add host and from to [paging.email] in dogwatch.toml."


@dataclass(frozen=True, slots=True)
class MailFrame:
    """
    Headers of one mail.

    `thread` is shared by all mails of an incident. `leave_url` empty: it is not a notice.
    """

    address: str
    message_id: str
    at: datetime
    language: str
    thread: str = ""
    leave_url: str = ""


def compose_notice(settings: Settings, page: StatusPageSection, text: NoticeText, frame: MailFrame) -> EmailMessage:
    """The mail of a notice, in plain text and HTML. Raises PermanentFailure without a sender."""
    values = {"notice": text, "leave_url": frame.leave_url, "manage_url": f"{settings.status_url}/{frame.language}/"}
    return _compose(settings, page, f"[{page.title}] {text.headline}", "notice", values, frame)


def compose_sign_up(settings: Settings, page: StatusPageSection, url: str, frame: MailFrame) -> EmailMessage:
    """The mail with the link that confirms a sign-up. Raises PermanentFailure without a sender."""
    subject = get_language(frame.language).format_message("subscribe_mail_subject", title=page.title)
    return _compose(settings, page, subject, "sign_up", {"url": url}, frame)


def _compose(
    settings: Settings,
    page: StatusPageSection,
    subject: str,
    template: str,
    values: Mapping[str, Any],
    frame: MailFrame,
) -> EmailMessage:
    given = page.subscribers.sender or settings.paging.email.sender
    if settings.paging.email.host is None or given is None:
        raise PermanentFailure(NOT_SET_UP)
    name, sender = split_mailbox(given)
    user, _, domain = sender.partition("@")
    message = EmailMessage(policy=SMTP)
    message["From"] = Address(to_one_line(name or page.title, 100), user, domain)
    message["To"] = Address("", *frame.address.rsplit("@", 1))
    message["Subject"] = to_one_line(subject, MAX_SUBJECT)
    message["Date"] = format_datetime(frame.at)
    message["Message-ID"] = f"<{frame.message_id}@{domain}>"
    if frame.thread:
        message["References"] = f"<{frame.thread}@{domain}>"
    message["Auto-Submitted"] = "auto-generated"
    message["X-Dogwatch"] = "sent"
    message["X-Auto-Response-Suppress"] = "All"
    if frame.leave_url:
        message["List-Id"] = f"<status.{domain}>"
        message["List-Unsubscribe-Post"] = "List-Unsubscribe=One-Click"
        message["Precedence"] = "bulk"
    words = get_language(frame.language).words
    values = {**values, "t": words, "code": frame.language, "title": page.title, "subject": subject}
    text = render_template(f"mail/{template}.txt.j2", values)
    message.set_content(text, cte="quoted-printable")
    body = render_template(f"mail/{template}.html.j2", values)
    message.add_alternative(body, subtype="html", cte="quoted-printable")
    message["Content-Language"] = frame.language
    return message


def encode_mail(message: EmailMessage, frame: MailFrame) -> bytes:
    """
    The mail as it is sent.

    The link to leave stands in one line: folded, the library would encode it, and mail programs would not recognize it.
    """
    link = f"List-Unsubscribe: <{quote(frame.leave_url, safe=UNQUOTED)}>\r\n" if frame.leave_url else ""
    return link.encode() + message.as_bytes()


@asynccontextmanager
async def open_connection(settings: Settings, timeouts: Timeouts) -> AsyncIterator["aiosmtplib.SMTP"]:
    """
    A connection for several mails.

    Raises PermanentFailure, and TemporaryFailure while the server is away.
    """
    try:
        client = await connect(settings, timeouts.step)
    except (aiosmtplib.SMTPException, OSError) as problem:
        raise classify_failure(problem, timeouts, maybe_done=False) from None
    try:
        yield client
        with suppress(aiosmtplib.SMTPException, OSError):  # the server has the mails already
            await client.quit()
    finally:
        drop_connection(client)


async def send_mail(client: "aiosmtplib.SMTP", message: EmailMessage, frame: MailFrame, timeouts: Timeouts) -> Result:
    """
    Send one mail.

    Raises PermanentFailure if the server refuses the sender, and TemporaryFailure if the connection is lost.
    """
    try:
        sender = message["From"].addresses[0].addr_spec
        await client.sendmail(sender, [frame.address], encode_mail(message, frame), timeout=timeouts.step)
    except aiosmtplib.SMTPRecipientsRefused as problem:
        refused = problem.recipients[0]
        return read_refusal(refused.code, refused.message)
    except aiosmtplib.SMTPDataError as problem:
        return Result.AGAIN if problem.code < 500 else Result.FAILED
    except (aiosmtplib.SMTPException, OSError) as problem:
        raise classify_failure(problem, timeouts, maybe_done=True) from None
    return Result.SENT
