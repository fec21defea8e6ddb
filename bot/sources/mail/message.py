"""One mail as a mail service hands it on, and the alert that it is."""

from collections.abc import Iterable, Mapping
from dataclasses import field
from datetime import UTC, datetime
from email.utils import parseaddr, parsedate_to_datetime

from bot.domain.alerts.events import Batch
from bot.domain.alerts.mail import MailRules, read_subject
from bot.domain.terms import AlertStatus
from bot.domain.text.normalize import is_visible, make_storable, to_one_line
from bot.lazy_dataclass import dataclass
from bot.sources.json_reader import Malformed
from bot.sources.mail.html_text import extract_text
from bot.sources.report import Report, derive_fingerprint

MAX_TEXT = 8_000
"""Characters of a mail's text that are kept."""
MAX_LINE = 500
OWN_HEADER = "x-dogwatch"
"""Header of the mails that Dogwatch itself sends."""
REPLY = "Ignored: this mail is an automatic reply."
BOUNCE = "Ignored: this mail reports that another mail was not delivered."
BULK = "Ignored: this mail went to many recipients (Precedence) and is no notification of a program."
OWN = "Ignored: this mail is from Dogwatch."
FOREIGN = "Ignored: the sender is not among `senders` of [alerts.mail]."
NO_SUBJECT = "This is missing. A mail needs a subject, which becomes the title of the alert."
_BOUNCERS = frozenset({"mailer-daemon", "postmaster"})


@dataclass(frozen=True, slots=True)
class Mail:
    """
    `headers` by their names in lower case.

    `subject_field` is where the subject is in the body of the request. `sent_at` is aware and in UTC; None if the mail
    states no time. `signed_id`: see `Batch`.
    """

    sender: str
    recipients: tuple[str, ...]
    subject: str
    text: str
    sent_at: datetime | None = None
    headers: Mapping[str, str] = field(default_factory=dict)
    subject_field: str = "subject"
    signed_id: str | None = None


def read_alert(source: str, mail: Mail, rules: MailRules, received_at: datetime) -> Batch:
    """The alert of a mail, or the reason why it is none. Raises Malformed without a subject."""
    sender = make_storable(_read_address(mail.sender))
    note = _find_obstacle(mail, sender, rules)
    if note:
        return Batch(source, (), note=note)
    subject = make_storable(to_one_line(mail.subject, MAX_LINE))
    if not is_visible(subject):
        raise Malformed(mail.subject_field, NO_SUBJECT)
    read, service = read_subject(subject, rules), rules.find_service(mail.recipients, subject)
    is_firing, topic = read.status is AlertStatus.FIRING, read.topic or sender or subject
    report = Report(
        source=source,
        fingerprint=derive_fingerprint(topic.casefold(), (service or "").casefold()),
        status=read.status,
        title=subject,
        started_at=mail.sent_at if is_firing else None,
        ended_at=None if is_firing else mail.sent_at,
        stated_at=mail.sent_at,
        rule=topic,
        service=service,
        severity=read.severity if is_firing else None,
        labels={"from": sender},
        description=_shorten(make_storable(mail.text)),
        is_start_constant=False,
    )
    return Batch(source, (report.as_event(received_at),), signed_id=mail.signed_id)


def _read_address(sender: str) -> str:
    """The address of `Name <address>`; the whole line if it has none."""
    try:
        address = parseaddr(sender[:MAX_LINE])[1]
    except RecursionError:  # comments within comments
        address = ""
    return address or to_one_line(sender, MAX_LINE)


def choose_text(plain: str | None, stripped: str | None, html: str | None) -> str:
    """The text of a mail: as it was written, else without its quotes, else that of the HTML."""
    return next((each for each in (plain, stripped) if each and is_visible(each)), None) or extract_text(html or "")


def index_headers(pairs: Iterable[tuple[str, str]]) -> dict[str, str]:
    """Headers by their names in lower case: of several with one name, the first."""
    headers: dict[str, str] = {}
    for name, value in pairs:
        headers.setdefault(name.casefold(), value)
    return headers


def parse_date(text: str | None) -> datetime | None:
    """The time of a `Date` header, in UTC, its zone if it names none; None if it cannot be read."""
    try:
        moment = parsedate_to_datetime((text or "")[:MAX_LINE])
        return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).astimezone(UTC)
    except (ValueError, TypeError, IndexError, OverflowError):
        return None


def _find_obstacle(mail: Mail, sender: str, rules: MailRules) -> str:
    """
    The reason why a mail is no alert; empty if it may be one.

    Programs mark their notifications as `auto-generated`, and some, as cron, as bulk besides: these are read.
    """
    submitted, precedence = (_first_word(mail.headers.get(name)) for name in ("auto-submitted", "precedence"))
    if OWN_HEADER in mail.headers:
        return OWN
    if submitted == "auto-replied" or precedence == "auto_reply" or "x-autoreply" in mail.headers:
        return REPLY
    is_report = _first_word(mail.headers.get("content-type")) == "multipart/report"
    if is_report or sender.partition("@")[0].casefold() in _BOUNCERS:
        return BOUNCE
    if precedence in {"bulk", "junk"} and submitted != "auto-generated":
        return BULK
    return "" if rules.accepts_sender(sender) else FOREIGN


def _first_word(value: str | None) -> str:
    return (value or "").partition(";")[0].strip().casefold()


def _shorten(text: str) -> str:
    whole = text.replace("\r\n", "\n").strip()
    return whole if len(whole) <= MAX_TEXT else f"{whole[: MAX_TEXT - 1].rstrip()}…"
