"""The addresses by which people have themselves paged: what each means asks for, and how it is kept."""

import re
from dataclasses import dataclass

from bot.config import Settings
from bot.crypto import encryption as sealing
from bot.domain.errors import UserError, did_you_mean
from bot.domain.paging import channels as words
from bot.domain.paging.channels import Kind
from bot.domain.text.links import parts_of
from bot.store.escalation.contacts import Contact

LONGEST = 500


@dataclass(frozen=True, slots=True)
class Offer:
    """
    A means that people can choose. `asks` is what it wants to know of them, None where it needs nothing; `hint` is an
    example of that.
    """

    means: str
    label: str
    asks: str | None = None
    hint: str = ""


@dataclass(frozen=True, slots=True)
class Address:
    """`shown`: as much as others may see of it. Both are empty where the means needs none."""

    value: str = ""
    shown: str = ""


def offered(settings: Settings) -> tuple[Offer, ...]:
    """Those that are set up here, Slack first."""
    paging = settings.paging
    found = [Offer(Kind.SLACK.value, words.LABELS[Kind.SLACK])]
    if paging.email.host is not None:
        domain = paging.email.domains[0] if paging.email.domains else "example.com"
        found.append(Offer(Kind.EMAIL.value, words.LABELS[Kind.EMAIL], "E-mail address", f"you@{domain}"))
    for name, label in paging.apprise.services.items():
        asks_for = "{to}" in (settings.apprise_address(name) or "")
        asks = "Number or name there" if asks_for else None
        found.append(Offer(f"{Kind.APPRISE}:{name}", label, asks, "+33612345678"))
    if paging.webhook.hosts:
        hint = f"https://{paging.webhook.hosts[0]}/…"
        found.append(Offer(Kind.WEBHOOK.value, words.LABELS[Kind.WEBHOOK], "Web address", hint))
    for kind, names in ((Kind.PAGERDUTY, paging.pagerduty.services), (Kind.OPSGENIE, paging.opsgenie.services)):
        found += [Offer(f"{kind}:{name}", f"{words.LABELS[kind]} {name}") for name in names]
    return tuple(found)


def offer_of(settings: Settings, means: str) -> Offer:
    """Raises UserError for a means that is not set up here."""
    known = offered(settings)
    found = next((each for each in known if each.means == means), None)
    if found is None:
        names = [each.means for each in known]
        raise UserError(
            f"Nobody can be paged by `{means}` here.{did_you_mean(means, names)} There is: {', '.join(names)}."
        )
    return found


def label_of(settings: Settings, means: str) -> str:
    """How people see a means, also one that is set up no more."""
    found = words.read(means)
    if found is not None and found.kind is Kind.APPRISE:
        return settings.paging.apprise.services.get(found.service, found.service)
    return words.label_of(means)


def checked(settings: Settings, means: str, text: str) -> Address:
    """What somebody typed as their address for a means. Raises UserError, which says what is wrong with it."""
    offer = offer_of(settings, means)
    if offer.asks is None:
        return Address()
    text = text.strip()
    if not text or len(text) > LONGEST or not text.isprintable():
        raise UserError(f"{offer.label} needs an address, like {offer.hint}.")
    match words.read(means):
        case words.Means(Kind.EMAIL):
            return _mail(settings, text)
        case words.Means(Kind.WEBHOOK):
            return _web(settings, text)
    if not re.fullmatch(r"[\w+@.-]{2,200}", text):
        raise UserError(f"Write letters, digits and `+ @ . - _` only, like {offer.hint}.")
    return Address(text, words.shown_end(text))


def _mail(settings: Settings, text: str) -> Address:
    address = text.removeprefix("mailto:")
    if not words.is_mail_address(address):
        raise UserError("That is no e-mail address. Write it like you@example.com, without a name.")
    domains = settings.paging.email.domains
    if domains and address.rpartition("@")[2].casefold() not in domains:
        raise UserError(f"Pages are mailed to {' and '.join(domains)} only, as the operator set it.")
    return Address(address, words.shown_mail(address))


def _web(settings: Settings, text: str) -> Address:
    parts, hosts = parts_of(text), settings.paging.webhook.hosts
    if parts is None or parts.scheme != "https" or not parts.hostname or parts.username is not None:
        raise UserError("That is no address of a webhook. It begins with https:// and holds no name and password.")
    if parts.hostname not in {each.casefold() for each in hosts}:
        raise UserError(f"Webhooks may be at {' and '.join(hosts)} only, as the operator set it.")
    return Address(text, parts.hostname)


def keep(settings: Settings, contact: Contact, address: Address) -> None:
    """Put the address into its row, sealed. Raises UserError without a secret key."""
    contact.address_encrypted = sealing.seal(settings, address.value, about=_about(contact)) if address.value else None
    contact.shown = address.shown


def opened(settings: Settings, contact: Contact) -> str:
    """The address as it was typed; empty where there is none. Raises CannotOpen."""
    sealed = contact.address_encrypted
    return sealing.opened(settings, sealed, about=_about(contact)) if sealed else ""


def _about(contact: Contact) -> str:
    return f"the address of {contact.user_id} in {contact.team_id} for {contact.means}"
