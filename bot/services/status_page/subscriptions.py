"""
Subscribe to the status page, and leave.

Nothing is stored before the address is confirmed: its wishes are in the link, encrypted. The answer to a sign-up is the
same for every address, so that it tells nobody who is subscribed.
"""

import json
import secrets
from collections import Counter
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from sqlmodel import Session

from bot.config import Settings
from bot.config.crypto import CannotDecrypt, address_key, decrypt_text, encrypt_text, subscriber_webhook_secret
from bot.domain.languages import get_language
from bot.domain.paging.contact_methods import is_mail_address
from bot.domain.status_page.subscribers import SignUpProblem, SignUpRefused, SubscriberKind, check_webhook
from bot.lazy_dataclass import dataclass
from bot.services.outbox import notice_lanes, queue_sign_up_mail, sign_up_lane
from bot.store import outbox, subscribers
from bot.store.incidents import installations
from bot.store.outbox import Rate
from bot.store.outbox.inspection import find_oldest_queued
from bot.store.outbox.rate_limits import RateLimiter
from bot.store.subscribers import Subscriber

LINK_LIFETIME = timedelta(days=2)
SIGN_UP = "sign-up for the status page"
"""Purpose of the encrypted link."""
PER_ADDRESS = (timedelta(hours=8), 3)
"""Mails to one address: so many at once, then one an interval."""
PER_NETWORK = (timedelta(minutes=3), 20)
BY_KIND = {SubscriberKind.EMAIL: "by e-mail", SubscriberKind.WEBHOOK: "by webhook"}
BEHIND_AFTER = timedelta(minutes=10)
"""Notices that wait for longer are late: 10,000 mails take some minutes."""
OVERALL = (timedelta(seconds=3), 600)
"""All sign-ups together: nobody can send mail through the form to the whole world."""


@dataclass(frozen=True, slots=True)
class SignUp:
    """A sign-up as typed. `mailbox` confirms it; `address` is the same, or a webhook."""

    kind: SubscriberKind
    address: str
    mailbox: str
    language: str
    components: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Confirmation:
    """A subscription for the page that confirms it. `secret`: that of a webhook, else empty."""

    kind: SubscriberKind
    leave_key: str
    language: str
    secret: str = ""


@dataclass(frozen=True, slots=True)
class Audience:
    """Readers who are told. `waiting_since`: since when notices are late; None: they are not."""

    subscribers: int
    channels: int
    waiting_since: datetime | None = None


def check_sign_up(
    settings: Settings, *, mailbox: str, webhook: str, language: str, components: Sequence[str]
) -> SignUp:
    """
    Check the fields of the form.

    Without a choice of components, or with all of them, it is about all, also those that come later.

    Raises SignUpRefused.
    """
    page = settings.status
    typed = mailbox.strip()
    if page is None or not is_mail_address(typed):
        raise SignUpRefused(SignUpProblem.NO_ADDRESS)
    known = [each for each in page.components if each in components]
    chosen = () if len(known) == len(page.components) else tuple(known)
    code = language if language in page.languages else page.default_language
    if webhook.strip() and page.subscribers.webhooks:
        address = check_webhook(webhook, page.subscribers.private_hosts)
        return SignUp(SubscriberKind.WEBHOOK, address, typed, code, chosen)
    return SignUp(SubscriberKind.EMAIL, typed, typed, code, chosen)


def sign_up(session: Session, settings: Settings, wanted: SignUp, network: str, at: datetime) -> None:
    """
    Queue the mail with the link that confirms; nothing for an address that had several today.

    Raises SignUpRefused for a network, and for everybody, with too many sign-ups.
    """
    mailbox_key = _key_of(settings, SubscriberKind.EMAIL, wanted.mailbox)
    address = _rate(f"sign-up to {mailbox_key}", PER_ADDRESS)
    sender = _rate(f"sign-up from {address_key(settings, network)}", PER_NETWORK)
    overall = _rate("sign-up", OVERALL)
    limiter = RateLimiter(session, {each.key for each in (address, sender, overall)}, at)
    if limiter.ready_at([sender, overall], at) > at:
        raise SignUpRefused(SignUpProblem.TOO_MANY)
    if limiter.ready_at([address], at) <= at:
        installation = installations.find_installation(session)
        token = write_token(settings, wanted, at + LINK_LIFETIME)
        queue_sign_up_mail(session, installation.team_id if installation else "", at, mailbox_key, token)
    limiter.save()


def _rate(key: str, given: tuple[timedelta, int]) -> Rate:
    interval, burst = given
    return Rate(key, interval, burst)


def _key_of(settings: Settings, kind: SubscriberKind, address: str) -> str:
    """The key of an address. Capital letters of a mailbox make no difference."""
    return address_key(settings, f"{kind} {address.casefold() if kind is SubscriberKind.EMAIL else address}")


def write_token(settings: Settings, wanted: SignUp, until: datetime) -> str:
    """The encrypted sign-up as part of an address."""
    fields = {
        "kind": wanted.kind.value,
        "address": wanted.address,
        "mailbox": "" if wanted.mailbox == wanted.address else wanted.mailbox,
        "language": wanted.language,
        "components": list(wanted.components),
        "until": int(until.timestamp()),
    }
    return encrypt_text(settings, json.dumps(fields, separators=(",", ":")), about=SIGN_UP).rstrip("=")


def read_token(settings: Settings, token: str, now: datetime) -> SignUp | None:
    """The sign-up of an untrusted token; None if it is forged or too old."""
    try:
        fields: Mapping[str, Any] = json.loads(decrypt_text(settings, f"{token}==", about=SIGN_UP))
    except CannotDecrypt:
        return None
    if now.timestamp() > fields["until"]:
        return None
    address = str(fields["address"])
    return SignUp(
        SubscriberKind(fields["kind"]),
        address,
        fields["mailbox"] or address,
        str(fields["language"]),
        tuple(fields["components"]),
    )


def confirm_sign_up(session: Session, settings: Settings, token: str, at: datetime) -> Confirmation | None:
    """
    Store the subscription of a link, or the new wishes of one that exists.

    None if the link is not valid.
    """
    wanted = read_token(settings, token, at)
    if wanted is None:
        return None
    key = _key_of(settings, wanted.kind, wanted.address)
    row = Subscriber(
        kind=wanted.kind.value,
        address_key=key,
        address_encrypted=encrypt_text(settings, wanted.address, about=_about(key)),
        leave_key=secrets.token_hex(16),
        language=wanted.language,
        components=list(wanted.components),
        confirmed_at=at,
    )
    saved = subscribers.save(session, row)
    is_webhook = wanted.kind is SubscriberKind.WEBHOOK
    secret = subscriber_webhook_secret(settings, saved.leave_key) if is_webhook else ""
    return Confirmation(wanted.kind, saved.leave_key, saved.language, secret)


def _about(key: str) -> str:
    return f"subscriber {key}"


def read_address(settings: Settings, subscriber: Subscriber) -> str:
    """Raises CannotDecrypt after a change of the secret key."""
    return decrypt_text(settings, subscriber.address_encrypted, about=_about(subscriber.address_key))


def leave(session: Session, leave_key: str) -> None:
    """End a subscription and delete its address. Nothing for a link that was used before."""
    subscribers.delete_by_leave_key(session, leave_key)


def erase_address(session: Session, settings: Settings, address: str) -> tuple[int, int]:
    """
    Delete an address everywhere.

    Returns the numbers of subscriptions, and of mails that were not sent yet.
    """
    mailbox_key = _key_of(settings, SubscriberKind.EMAIL, address)
    keys = [mailbox_key, _key_of(settings, SubscriberKind.WEBHOOK, address)]
    unsent = outbox.delete_unfinished(session, sign_up_lane(mailbox_key))
    return subscribers.delete_by_address_keys(session, keys), unsent


def describe_counts(session: Session) -> list[tuple[SubscriberKind, str, int]]:
    """Kind, name of the language in English, and number of subscribers."""
    english = get_language("en")
    return [
        (SubscriberKind(kind), english.language_name(code), count)
        for kind, code, count in subscribers.count_all(session)
    ]


def describe_readers(session: Session, settings: Settings) -> str:
    """
    Count the readers who are told of a publication, by way and language.

    `1,204 by e-mail in English`. Empty if nobody can subscribe.
    """
    page = settings.status
    if page is None or not page.subscribers.are_possible:
        return ""
    english = get_language("en")
    parts = [f"{count:,} {BY_KIND[kind]} in {language}" for kind, language, count in describe_counts(session)]
    channels = Counter(each.language or page.default_language for each in page.subscribers.channels.values())
    parts += [
        f"{count:,} Slack channel{'s' if count > 1 else ''} in {english.language_name(code)}"
        for code, count in channels.items()
    ]
    return ", ".join(parts) or "none"


def load_audience(session: Session, settings: Settings, at: datetime) -> Audience | None:
    """Count those who are told, and see whether they wait. None if nobody can subscribe."""
    page = settings.status
    if page is None or not page.subscribers.are_possible:
        return None
    channels = page.subscribers.channels
    queued_at = find_oldest_queued(session, notice_lanes(SubscriberKind, channels))
    count = sum(number for *_, number in subscribers.count_all(session))
    is_late = queued_at is not None and queued_at <= at - BEHIND_AFTER
    return Audience(count, len(channels), queued_at if is_late else None)
