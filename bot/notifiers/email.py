"""
Pages as e-mail, over SMTP.

The server's certificate is always checked. Text that people wrote cannot add a header: line ends are removed.
"""

import asyncio
import socket
import ssl
from contextlib import suppress
from datetime import datetime
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime
from typing import TYPE_CHECKING

from bot.config import Settings
from bot.domain.paging.contact_methods import split_mailbox
from bot.domain.text.normalize import to_one_line
from bot.lazy_loader import LazyModule
from bot.notifiers.outcome import PermanentFailure, Sent, TemporaryFailure, Timeouts
from bot.notifiers.wording import headline, template_values
from bot.services.paging.content import PageText
from bot.templating.render import render_template

if TYPE_CHECKING:
    import aiosmtplib
else:
    aiosmtplib = LazyModule("aiosmtplib")

MAX_SUBJECT = 150
"""Characters."""
SERVER = "The mail server"


async def send(
    page: PageText, address: str, settings: Settings, *, message_id: str, at: datetime, timeouts: Timeouts
) -> Sent:
    """Send one page. Raises PermanentFailure and TemporaryFailure."""
    message = compose(page, address, settings, message_id=message_id, at=at)
    client: aiosmtplib.SMTP | None = None
    try:
        async with asyncio.timeout(timeouts.total):
            client = await connect(settings, timeouts.step)
            await client.send_message(message, recipients=[address])
        with suppress(aiosmtplib.SMTPException, OSError):  # the server has the mail already
            await client.quit()
    except (aiosmtplib.SMTPException, OSError) as problem:  # a TimeoutError is an OSError
        raise classify_failure(problem, timeouts, maybe_done=client is not None) from None
    finally:
        if client is not None:
            drop_connection(client)
    return Sent(message_id)


def compose(page: PageText, address: str, settings: Settings, *, message_id: str, at: datetime) -> EmailMessage:
    """The mail in plain text and HTML. Raises PermanentFailure if no sender is configured."""
    mail = settings.paging.email
    if mail.host is None or mail.sender is None:
        raise PermanentFailure("E-mail is not set up. Add host and sender to [paging.email] in dogwatch.toml.")
    name, sender = split_mailbox(mail.sender)
    user, _, domain = sender.partition("@")
    message = EmailMessage(policy=SMTP)
    message["From"] = Address(to_one_line(name, 100) or "Dogwatch", user, domain)
    message["To"] = Address("", *address.split("@", 1))
    message["Subject"] = headline(page, MAX_SUBJECT)
    message["Date"] = format_datetime(at)
    message["Message-ID"] = f"<{message_id}@{domain}>"
    message["References"] = f"<{page.key}@{domain}>"  # one thread for all pages of an escalation
    message["Auto-Submitted"] = "auto-generated"
    message["X-Dogwatch"] = "sent"
    message["X-Auto-Response-Suppress"] = "All"
    message["Importance"] = "high"
    message["X-Priority"] = "1"
    values = template_values(page)
    message.set_content(render_template("mail/page.txt.j2", values), cte="quoted-printable")
    message.add_alternative(render_template("mail/page.html.j2", values), subtype="html", cte="quoted-printable")
    return message


async def connect(settings: Settings, step: float) -> "aiosmtplib.SMTP":
    """
    Connect, secure and log in as configured. `step`: seconds for each command.

    Raises PermanentFailure for a mistake in the configuration; else aiosmtplib's errors and OSError.
    """
    mail, password = settings.paging.email, settings.smtp_password
    client = aiosmtplib.SMTP(
        hostname=mail.host or "",
        port=mail.port,
        local_hostname=await asyncio.to_thread(_local_hostname),
        timeout=step,
        use_tls=mail.security == "tls",
        start_tls=mail.security == "starttls",
        tls_context=await asyncio.to_thread(_create_tls_context, settings),
        username=mail.user if password is not None else None,
        password=password.get_secret_value() if password is not None else None,
    )
    try:
        await client.connect()
    except aiosmtplib.SMTPAuthenticationError as problem:
        raise _failure_by_code(problem.code, "does not accept user and DOGWATCH_SMTP_PASSWORD") from None
    except (aiosmtplib.SMTPException, ssl.SSLCertVerificationError) as problem:
        if isinstance(problem, ssl.SSLError) or isinstance(problem.__cause__, ssl.SSLCertVerificationError):
            raise PermanentFailure(f"{SERVER}'s certificate is not valid for {mail.host}.") from None
        if type(problem) is aiosmtplib.SMTPException and "extension" in problem.message:  # it has no separate type
            missing = "STARTTLS" if "STARTTLS" in problem.message else "login"
            raise PermanentFailure(
                f"{SERVER} does not offer {missing}. Check security and user in [paging.email]."
            ) from None
        raise
    return client


def _create_tls_context(settings: Settings) -> ssl.SSLContext:
    """
    Blocking: reads certificates.

    Raises PermanentFailure if the configured file cannot be used.
    """
    file = settings.smtp_ca_file
    try:
        return ssl.create_default_context(cafile=str(file) if file else None)
    except (OSError, ssl.SSLError):
        raise PermanentFailure(f"The file {file} in [paging.email] is not a readable certificate.") from None


def _local_hostname() -> str:
    """
    Name for EHLO.

    An address literal without a full name: many servers refuse a container's short one. Blocking.
    """
    name = socket.getfqdn()
    if "." in name:
        return name
    try:
        return f"[{socket.gethostbyname(socket.gethostname())}]"
    except OSError:
        return "[127.0.0.1]"


def drop_connection(client: "aiosmtplib.SMTP") -> None:
    """
    Drop a connection that is still open.

    A plain close would wait to flush the rest of the mail.
    """
    if isinstance(client.transport, asyncio.WriteTransport):
        client.transport.abort()
    client.close()


def classify_failure(
    problem: Exception, timeouts: Timeouts, *, maybe_done: bool
) -> PermanentFailure | TemporaryFailure:
    match problem:
        case aiosmtplib.SMTPRecipientsRefused():
            return _failure_by_code(problem.recipients[0].code, "does not accept mail for this address")
        case aiosmtplib.SMTPSenderRefused():
            return _failure_by_code(problem.code, "does not accept mail from the sender in [paging.email]")
        case aiosmtplib.SMTPResponseException():
            return _failure_by_code(problem.code, "refuses the mail")
        case aiosmtplib.SMTPTimeoutError():
            text = f"{SERVER} did not answer within {timeouts.step:g} s."
        case TimeoutError():
            text = f"{SERVER} did not finish within {timeouts.total:g} s."
        case _ if aiosmtplib.SMTPServerDisconnected in {type(problem), type(problem.__cause__)}:
            text = f"The connection to {SERVER.lower()} broke."
        case _:
            text = f"{SERVER} cannot be reached."
    return TemporaryFailure(text, maybe_done=maybe_done)


def _failure_by_code(code: int, text: str) -> PermanentFailure | TemporaryFailure:
    """Classify an SMTP reply: 5xx is permanent, all else temporary."""
    if 500 <= code < 600:
        return PermanentFailure(f"{SERVER} {text} ({code}).")
    return TemporaryFailure(f"{SERVER} {text} temporarily ({code}).", maybe_done=False)
