"""`[status]`: the public status page."""

import re
from collections.abc import Mapping
from typing import Annotated

from pydantic import BeforeValidator, Field

from bot.config.sections import Section
from bot.config.sections.fields import USER_ID, Channel, FileName, Host, Language, ListOf, WebLink, Word, Zone, matching
from bot.config.sections.paging_services import Sender
from bot.domain.status_page.components import Component, Group
from bot.domain.terms import LANGUAGES

ComponentKey = Annotated[
    str, matching(r"[a-z0-9][a-z0-9-]{0,39}", "Use up to 40 lower-case letters, digits and -, like online-payments.")
]
Color = Annotated[
    str, matching(r"#[0-9a-fA-F]{6}", 'This is not a colour. Use six hexadecimal digits, like "#0b5cad".')
]
Names = Mapping[Language, Word]


def _parse_approval(value: object) -> object:
    """Accept true, false and a list of user ids."""
    if isinstance(value, bool):
        return value
    if not isinstance(value, list | tuple) or not value:
        raise ValueError("Use true, false, or a list of Slack user ids.")
    for each in value:
        if not isinstance(each, str) or not re.fullmatch(USER_ID, each):
            raise ValueError(
                f"{each!r} is not a Slack user id. Copy it from the person's profile (... > Copy member ID)."
            )
    return tuple(dict.fromkeys(value))


Approval = Annotated[bool | tuple[str, ...], BeforeValidator(_parse_approval)]


class StatusGroupSection(Section):
    """`[status.groups.NAME]`: a heading above components. `names` in further languages."""

    name: Word
    names: Names = Field(default_factory=dict)


class StatusComponentSection(Section):
    """`[status.components.NAME]`: a part of the product, with the services that it depends on."""

    name: Word
    names: Names = Field(default_factory=dict)
    group: Word | None = None
    services: ListOf[Word] = ()


class StatusChannelSection(Section):
    """
    `[status.subscribers.channels.NAME]`: a Slack channel that is told of what is published.

    `language` None: the page's first one. `components` empty: all of them.
    """

    language: Language | None = None
    components: ListOf[ComponentKey] = ()


class SubscribersSection(Section):
    """
    `[status.subscribers]`: readers who are told of each publication.

    `email`: the page has a form. `webhooks`: the form takes a webhook, too. `sender` None: that of `[paging.email]`.
    `url`: where the bot takes the form, default that of the page. `proxies`: how many in front of the bot add to
    `X-Forwarded-For`. `private_hosts`: hosts of a private network that webhooks may have.
    """

    email: bool = False
    webhooks: bool = False
    sender: Annotated[Sender | None, Field(alias="from")] = None
    url: WebLink | None = None
    proxies: Annotated[int, Field(ge=0, le=5)] = 0
    private_hosts: ListOf[Host] = ()
    channels: Mapping[Channel, StatusChannelSection] = Field(default_factory=dict)

    @property
    def are_possible(self) -> bool:
        """True if there is any way to subscribe."""
        return self.email or bool(self.channels)


class StatusPageSection(Section):
    """
    `[status]`: the page.

    `url`: its public address, default `DOGWATCH_PUBLIC_URL` and `/status`.

    `zone` None: that of `[incidents]`. `folder`: where the files are kept, too, for a static host.
    `approval`: whether a second person approves each update; a list names those who may. `approval_urgent`: whether an
    urgent update may go without.
    """

    title: Word
    languages: Annotated[ListOf[Language], Field(min_length=1, max_length=len(LANGUAGES))] = ("en",)
    zone: Zone | None = None
    url: WebLink | None = None
    logo: FileName | None = None
    color: Color | None = None
    dark_color: Color | None = None
    links: Mapping[Word, WebLink] = Field(default_factory=dict)
    folder: FileName | None = None
    approval: Approval = False
    approval_urgent: bool = False
    groups: Mapping[ComponentKey, StatusGroupSection] = Field(default_factory=dict)
    components: Mapping[ComponentKey, StatusComponentSection] = Field(default_factory=dict)
    subscribers: SubscribersSection = SubscribersSection()

    @property
    def approvers(self) -> tuple[str, ...]:
        """Ids of those who may approve; empty: everybody but the author."""
        return self.approval if isinstance(self.approval, tuple) else ()

    @property
    def default_language(self) -> str:
        return self.languages[0]

    def as_components(self) -> tuple[Component, ...]:
        """The components in the order of the file, with their names by language."""
        groups = {key: Group(key, self._names_of(each)) for key, each in self.groups.items()}
        return tuple(
            Component(key, self._names_of(each), groups.get(each.group or ""), frozenset(each.services))
            for key, each in self.components.items()
        )

    def _names_of(self, section: StatusGroupSection | StatusComponentSection) -> Mapping[str, str]:
        return {self.default_language: section.name, **section.names}
