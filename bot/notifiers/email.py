"""
A page as an e-mail, by the standard library's SMTP in a thread of its own.

Whoever reads it finds in it what is known and one button. The certificate of the server is checked, and nothing that
people wrote can add a header: line ends never reach one.
"""

import asyncio
import smtplib
import socket
import ssl
from collections.abc import Callable
from concurrent.futures import Executor
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime
from typing import Any

from bot.config import Settings
from bot.domain.paging.channels import mailbox_of
from bot.domain.text.normalize import one_line
from bot.notifiers import wording as words
from bot.notifiers.outcome import Away, Patience, Refused, Sent
from bot.services.paging.content import PageText
from bot.templating.render import render_template

LONGEST_SUBJECT = 150
TO = "The mail server"


@dataclass(slots=True)
class _Attempt:
    """How far it got. `hang_up` breaks the connection off from another thread."""

    step: float
    may_be_sent: bool = False
    client: smtplib.SMTP | None = None
    is_given_up: bool = field(default=False)

    def began(self, client: smtplib.SMTP) -> None:
        self.client = client

    def hang_up(self) -> None:
        self.is_given_up = True
        if (sock := getattr(self.client, "sock", None)) is not None:
            with suppress(OSError):
                sock.shutdown(socket.SHUT_RDWR)


async def send(
    page: PageText,
    address: str,
    settings: Settings,
    *,
    message_id: str,
    at: datetime,
    threads: Executor,
    patience: Patience,
) -> Sent:
    """Raises Refused and Away."""
    mail, attempt = compose(page, address, settings, message_id=message_id, at=at), _Attempt(patience.step)
    working = asyncio.get_running_loop().run_in_executor(threads, _deliver, mail, address, settings, attempt)
    try:
        async with asyncio.timeout(patience.whole):
            await asyncio.shield(working)
    except TimeoutError:
        raise Away(f"{TO} did not finish within {patience.whole:g} s.", maybe_done=attempt.may_be_sent) from None
    finally:
        if not working.done():
            working.add_done_callback(_seen)
            attempt.hang_up()
    return Sent(message_id)


def _seen(working: "asyncio.Future[None]") -> None:
    """What comes of an attempt that nobody waits for any more."""
    if not working.cancelled():
        working.exception()


def compose(page: PageText, address: str, settings: Settings, *, message_id: str, at: datetime) -> EmailMessage:
    """The mail, with its words as plain text and as HTML. Raises Refused without a sender."""
    mail = settings.paging.email
    if mail.host is None or mail.sender is None:
        raise Refused("E-mail is not set up: [paging.email] of dogwatch.toml has no host and sender.")
    name, sender = mailbox_of(mail.sender)
    user, _, domain = sender.partition("@")
    message = EmailMessage(policy=SMTP)
    message["From"] = Address(one_line(name, 100) or "Dogwatch", user, domain)
    message["To"] = Address("", *address.split("@", 1))
    message["Subject"] = words.headline(page, LONGEST_SUBJECT)
    message["Date"] = format_datetime(at)
    message["Message-ID"] = f"<{message_id}@{domain}>"
    message["References"] = f"<{page.key}@{domain}>"  # all pages of one call stand together
    message["Auto-Submitted"] = "auto-generated"
    message["X-Auto-Response-Suppress"] = "All"
    message["Importance"] = "high"
    message["X-Priority"] = "1"
    values = words.values_of(page)
    message.set_content(render_template("mail/page.txt.j2", values), cte="quoted-printable")
    message.add_alternative(render_template("mail/page.html.j2", values), subtype="html", cte="quoted-printable")
    return message


def context_of(settings: Settings) -> ssl.SSLContext:
    """By which the server's certificate is checked. Raises Refused for a file that cannot be used."""
    file = settings.mail_authorities
    try:
        return ssl.create_default_context(cafile=str(file) if file else None)
    except (OSError, ssl.SSLError):
        raise Refused(f"The file {file} of [paging.email] is no certificate that can be read.") from None


def _deliver(message: EmailMessage, address: str, settings: Settings, attempt: _Attempt) -> None:
    """In a thread: it blocks. Raises Refused and Away."""
    client: smtplib.SMTP | None = None
    try:
        client = connected(settings, attempt.began, attempt.step)
        if attempt.is_given_up:
            return
        attempt.may_be_sent = True
        client.send_message(message, to_addrs=[address])
        with suppress(smtplib.SMTPException, OSError):  # it has the mail: a farewell that fails does not matter
            client.quit()
    except smtplib.SMTPRecipientsRefused as problem:
        code = next(iter(problem.recipients.values()), (550, b""))[0]
        raise _judged(code, "does not take mail for that address") from None
    except smtplib.SMTPSenderRefused as problem:
        raise _judged(problem.smtp_code, "does not take mail from the sender in [paging.email]") from None
    except smtplib.SMTPResponseException as problem:
        raise _judged(problem.smtp_code, "refuses the mail") from None
    except (smtplib.SMTPException, OSError) as problem:
        raise Away(_told(problem, attempt.step), maybe_done=attempt.may_be_sent) from None
    finally:
        if client is not None:
            client.close()


Begun = Callable[[smtplib.SMTP], None]


class _Plain(smtplib.SMTP):
    """Tells of itself before it connects: whoever waits in vain can break it off from then on."""

    def __init__(self, begun: Begun, host: str, port: int, step: float) -> None:
        self._begun = begun
        super().__init__(host, port, timeout=step)

    def connect(self, host: str = "localhost", port: int = 0, source_address: Any = None) -> tuple[int, bytes]:
        self._begun(self)
        return super().connect(host, port, source_address)


class _Tls(smtplib.SMTP_SSL):
    """The same, secured from the first byte on."""

    def __init__(self, begun: Begun, host: str, port: int, step: float, context: ssl.SSLContext) -> None:
        self._begun = begun
        super().__init__(host, port, timeout=step, context=context)

    def connect(self, host: str = "localhost", port: int = 0, source_address: Any = None) -> tuple[int, bytes]:
        self._begun(self)
        return super().connect(host, port, source_address)


def connected(settings: Settings, begun: Begun, step: float) -> smtplib.SMTP:
    """
    A client that is connected, secured and signed in as the settings say. `begun` is called as soon as there is one.

    Raises Refused for what an operator has to mend; else smtplib's own errors, and OSError.
    """
    mail, context = settings.paging.email, context_of(settings)
    host = mail.host or ""
    try:
        if mail.security == "tls":
            client: smtplib.SMTP = _Tls(begun, host, mail.port, step, context)
        else:
            client = _Plain(begun, host, mail.port, step)
        try:
            _sign_in(client, settings, context)
        except BaseException:
            client.close()
            raise
    except ssl.SSLCertVerificationError:
        raise Refused(f"{TO}'s certificate is not valid for {host}.") from None
    except smtplib.SMTPNotSupportedError as problem:
        what = "STARTTLS" if "STARTTLS" in str(problem) else "signing in"
        raise Refused(f"{TO} does not offer {what}. Look at security and user in [paging.email].") from None
    except smtplib.SMTPAuthenticationError as problem:
        raise _judged(problem.smtp_code, "does not accept user and DOGWATCH_SMTP_PASSWORD") from None
    return client


def _sign_in(client: smtplib.SMTP, settings: Settings, context: ssl.SSLContext) -> None:
    mail = settings.paging.email
    if mail.security == "starttls":
        client.starttls(context=context)
    if mail.user is not None and settings.smtp_password is not None:
        client.login(mail.user, settings.smtp_password.get_secret_value())


def _judged(code: int, what: str) -> Refused | Away:
    """By the first digit of SMTP's codes: 4 passes, 5 does not."""
    if 500 <= code < 600:
        return Refused(f"{TO} {what} ({code}).")
    return Away(f"{TO} {what} for the moment ({code}).", maybe_done=False)


def _told(problem: Exception, step: float) -> str:
    if isinstance(problem, TimeoutError) or "timed out" in str(problem):  # smtplib makes a disconnection of it
        return f"{TO} did not answer within {step:g} s."
    if isinstance(problem, smtplib.SMTPServerDisconnected):
        return f"The connection to {TO.lower()} broke."
    return f"{TO} cannot be reached."
