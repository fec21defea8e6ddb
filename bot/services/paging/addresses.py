"""Addresses of contact methods: validation and encrypted storage."""

import re

from bot.config import Settings
from bot.config.crypto import decrypt_text, encrypt_text
from bot.domain.errors import UserError, did_you_mean
from bot.domain.paging.contact_methods import (
    LABELS,
    ContactMethod,
    ContactMethodKind,
    contact_method_label,
    is_mail_address,
    mask_ending,
    mask_mail_address,
    parse_contact_method,
)
from bot.domain.text.links import split_url
from bot.lazy_dataclass import dataclass
from bot.store.escalation.contacts import Contact

MAX_ADDRESS = 500


@dataclass(frozen=True, slots=True)
class ContactMethodOffer:
    """A contact method on offer. `asks`: label of its address, None without one."""

    method: str
    label: str
    asks: str | None = None
    hint: str = ""


@dataclass(frozen=True, slots=True)
class Address:
    """`shown`: masked for display. Both are empty for a contact method without an address."""

    value: str = ""
    shown: str = ""


def offered_methods(settings: Settings) -> tuple[ContactMethodOffer, ...]:
    """Contact methods that the operator configured, Slack first."""
    paging = settings.paging
    found = [ContactMethodOffer(ContactMethodKind.SLACK.value, LABELS[ContactMethodKind.SLACK])]
    if paging.email.host is not None:
        domain = paging.email.domains[0] if paging.email.domains else "example.com"
        found.append(
            ContactMethodOffer(
                ContactMethodKind.EMAIL.value, LABELS[ContactMethodKind.EMAIL], "E-mail address", f"you@{domain}"
            )
        )
    if paging.ntfy.url is not None:
        label = LABELS[ContactMethodKind.NTFY]
        found.append(ContactMethodOffer(ContactMethodKind.NTFY.value, label, "Topic", "pages-3f9ac1d07b"))
    for name, label in paging.apprise.services.items():
        asks_for = "{to}" in (settings.apprise_address(name) or "")
        asks = "Number or name there" if asks_for else None
        found.append(ContactMethodOffer(f"{ContactMethodKind.APPRISE}:{name}", label, asks, "+33612345678"))
    if paging.webhook.hosts:
        hint = f"https://{paging.webhook.hosts[0]}/…"
        found.append(
            ContactMethodOffer(ContactMethodKind.WEBHOOK.value, LABELS[ContactMethodKind.WEBHOOK], "Web address", hint)
        )
    for kind, names in (
        (ContactMethodKind.PAGERDUTY, paging.pagerduty.services),
        (ContactMethodKind.OPSGENIE, paging.opsgenie.services),
    ):
        found += [ContactMethodOffer(f"{kind}:{name}", f"{LABELS[kind]} {name}") for name in names]
    return tuple(found)


def find_offer(settings: Settings, method: str) -> ContactMethodOffer:
    """Raises UserError for a contact method that is not configured."""
    known = offered_methods(settings)
    found = next((each for each in known if each.method == method), None)
    if found is None:
        names = [each.method for each in known]
        raise UserError(
            f"`{method}` is not a contact method here.{did_you_mean(method, names)} Use one of: {', '.join(names)}."
        )
    return found


def method_label(settings: Settings, method: str) -> str:
    """Label of a contact method, also of one that is no longer configured."""
    found = parse_contact_method(method)
    if found is not None and found.kind is ContactMethodKind.APPRISE:
        return settings.paging.apprise.services.get(found.service, found.service)
    return contact_method_label(method)


def check_address(settings: Settings, method: str, text: str) -> Address:
    """Validate an address as typed. Raises UserError with the problem."""
    offer = find_offer(settings, method)
    if offer.asks is None:
        return Address()
    text = text.strip()
    if not text or len(text) > MAX_ADDRESS or not text.isprintable():
        raise UserError(f"{offer.label} needs an address, like {offer.hint}.")
    match parse_contact_method(method):
        case ContactMethod(ContactMethodKind.EMAIL):
            return _check_email(settings, text)
        case ContactMethod(ContactMethodKind.WEBHOOK):
            return _check_webhook(settings, text)
        case ContactMethod(ContactMethodKind.NTFY):
            return _check_topic(text)
    if not re.fullmatch(r"[\w+@.-]{2,200}", text):
        raise UserError(f"Write letters, digits and `+ @ . - _` only, like {offer.hint}.")
    return Address(text, mask_ending(text))


def _check_email(settings: Settings, text: str) -> Address:
    address = text.removeprefix("mailto:")
    if not is_mail_address(address):
        raise UserError("That is not an e-mail address. Write it like you@example.com, without a name.")
    domains = settings.paging.email.domains
    if domains and address.rpartition("@")[2].casefold() not in domains:
        raise UserError(f"The operator allows only addresses at {' and '.join(domains)}. Use one of these.")
    return Address(address, mask_mail_address(address))


def _check_topic(text: str) -> Address:
    if not re.fullmatch(r"[A-Za-z0-9_-]{1,64}", text):
        raise UserError("That is not an ntfy topic. Write only its name: up to 64 letters, digits, `-` and `_`.")
    return Address(text, mask_ending(text))


def _check_webhook(settings: Settings, text: str) -> Address:
    parts, hosts = split_url(text), settings.paging.webhook.hosts
    if parts is None or parts.scheme != "https" or not parts.hostname or parts.username is not None:
        raise UserError("That is not a webhook address. Use one with https://, without a name and password.")
    if parts.hostname not in {each.casefold() for each in hosts}:
        raise UserError(f"The operator allows webhooks only at {' and '.join(hosts)}. Use one of these.")
    return Address(text, parts.hostname)


def store_address(settings: Settings, contact: Contact, address: Address) -> None:
    """Store the encrypted address in its row. Raises UserError without a secret key."""
    contact.address_encrypted = (
        encrypt_text(settings, address.value, about=_encryption_context(contact)) if address.value else None
    )
    contact.shown = address.shown


def decrypt_address(settings: Settings, contact: Contact) -> str:
    """The decrypted address; empty if there is none. Raises CannotOpen."""
    sealed = contact.address_encrypted
    return decrypt_text(settings, sealed, about=_encryption_context(contact)) if sealed else ""


def _encryption_context(contact: Contact) -> str:
    return f"the address of {contact.user_id} in {contact.team_id} for {contact.method}"
