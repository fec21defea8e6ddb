"""The pages of a postmortem's document: the draft with its blocks, one block, the versions."""

from collections.abc import Mapping, Sequence
from zoneinfo import ZoneInfo

from sqlmodel import Session

from bot.config import Settings
from bot.domain.drafting.document.blocks import BlockId, DocumentBlock, find_block
from bot.domain.drafting.document.edits import NO_BLOCK
from bot.domain.drafting.document.publication import PostmortemState
from bot.domain.drafting.document.sections import anchor_draft, merge_touched_sections
from bot.domain.errors import UserError
from bot.domain.postmortem import Draft
from bot.domain.record.model import Action
from bot.lazy_dataclass import dataclass
from bot.services.postmortem.document.comments import Comment, load_comments
from bot.services.postmortem.document.editors import find_editor_names
from bot.services.postmortem.document.edits import block_version, find_section
from bot.services.postmortem.document.publication import PublishedVersion, load_published, public_form_url
from bot.services.postmortem.document.review import Review, load_reviews
from bot.services.postmortem.document.versions import Version, load_versions
from bot.services.postmortem.drafts import build_incident_draft, load_edited_record
from bot.services.web_pages.action_bar import load_people
from bot.services.workspace.actor import Actor
from bot.store.incidents.incidents import Incident
from bot.store.incidents.visibility import Visibility


@dataclass(frozen=True, slots=True)
class IncidentTitle:
    """`revision` differs when the page does."""

    reference: str
    title: str
    revision: int
    zone: ZoneInfo
    state: PostmortemState

    @classmethod
    def load(cls, incident: Incident) -> "IncidentTitle":
        return cls(
            incident.reference,
            incident.title,
            incident.revision,
            ZoneInfo(incident.zone),
            PostmortemState(incident.postmortem_state),
        )


@dataclass(frozen=True, slots=True)
class PostmortemPage:
    """
    The draft with an anchor in each block, to be rendered with `template`.

    `touched` are the blocks that people changed, `people` the names of those people. `editors` are the names of those
    who edit a block now. `published` are the published versions, the oldest first; `reviews` the reviewers of all.
    `reviewers` are people to choose from, `action_items` the improvements and tasks.
    `public_form` is the address of the form that publishes it on the status page, empty where none can be published.
    """

    incident: IncidentTitle
    published: Sequence[PublishedVersion]
    reviews: Sequence[Review]
    reviewers: Sequence[tuple[str, str]]
    template: str
    draft: Draft
    touched: Mapping[BlockId, DocumentBlock]
    people: Mapping[str, str]
    editors: Mapping[BlockId, Sequence[str]]
    comments: Mapping[BlockId, Sequence[Comment]]
    action_items: Sequence[Action]
    public_form: str


@dataclass(frozen=True, slots=True)
class BlockPage:
    """
    One block as people edit it. `version` identifies what is shown.

    `history` are its versions, the newest first; `editors` the names of others who edit it now. `channel` has the
    thread of its comments; None without one.
    """

    incident: IncidentTitle
    block: DocumentBlock
    version: str
    by: str
    history: Sequence[Version]
    editors: Sequence[str]
    comments: Sequence[Comment]
    channel: str | None
    is_archived: bool


def load_postmortem_page(
    session: Session, settings: Settings, visibility: Visibility, reference: str, template: str | None, reader: Actor
) -> PostmortemPage:
    """Raises IncidentNotFound, alike for missing and for invisible incidents."""
    incident = visibility.find(session, reference)
    record, edits = load_edited_record(session, settings, incident.key)
    draft = build_incident_draft(settings, record, edits=edits)
    merged = merge_touched_sections(build_incident_draft(settings, record), edits) if edits else ()
    return PostmortemPage(
        IncidentTitle.load(incident),
        load_published(session, incident),
        load_reviews(session, incident),
        load_people(session, incident.team_id),
        template or incident.template,
        anchor_draft(draft),
        {block.id: block for block in merged if block.is_touched},
        record.people,
        find_editor_names(session, incident.team_id, incident.key, reader.at, apart_from=reader.user_id or ""),
        load_comments(session, incident),
        record.actions,
        public_form_url(settings, incident),
    )


def load_block_page(
    session: Session, settings: Settings, visibility: Visibility, reference: str, block_id: BlockId, reader: Actor
) -> BlockPage:
    """Raises IncidentNotFound, and UserError for an unknown block."""
    incident = visibility.find(session, reference)
    record, edits = load_edited_record(session, settings, incident.key)
    draft = build_incident_draft(settings, record, languages=[block_id.language])
    block = find_block(find_section(draft, edits, block_id), block_id)
    if block is None:
        raise UserError(NO_BLOCK)
    history = [each for each in load_versions(session, incident.key, incident.team_id) if each.block_id == block_id]
    by = record.people.get(block.by or "", "")
    others = find_editor_names(session, incident.team_id, incident.key, reader.at, apart_from=reader.user_id or "")
    return BlockPage(
        IncidentTitle.load(incident),
        block,
        block_version(block),
        by,
        history,
        others.get(block_id, ()),
        load_comments(session, incident).get(block_id, ()),
        incident.channel_name,
        incident.archived_at is not None,
    )


def load_versions_page(
    session: Session, visibility: Visibility, reference: str
) -> tuple[IncidentTitle, Sequence[Version]]:
    """Raises IncidentNotFound."""
    incident = visibility.find(session, reference)
    return IncidentTitle.load(incident), load_versions(session, incident.key, incident.team_id)


def load_published_page(
    session: Session, visibility: Visibility, reference: str, number: int
) -> tuple[IncidentTitle, PublishedVersion]:
    """A published version. Raises IncidentNotFound, and UserError for an unknown number."""
    incident = visibility.find(session, reference)
    found = next((each for each in load_published(session, incident) if each.number == number), None)
    if found is None:
        raise UserError(f"There is no published version {number} of the postmortem of {incident.reference}.")
    return IncidentTitle.load(incident), found
