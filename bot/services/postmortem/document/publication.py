"""Publish a postmortem: freeze its text with a digest, and announce it. Reopen it."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from hmac import compare_digest
from typing import Any

from sqlmodel import Session

from bot.config import Settings
from bot.domain.drafting.document.block_key import find_block_id
from bot.domain.drafting.document.blocks import BlockId
from bot.domain.drafting.document.publication import PostmortemState, Step, digest_of, next_state, split_lines
from bot.domain.drafting.document.sections import EARLIER_REFS, anchor_draft, remove_drafting_aids
from bot.domain.drafting.model import Block, Document
from bot.domain.errors import StateError, UserError
from bot.domain.postmortem import Draft
from bot.domain.terms import UpdateState
from bot.lazy_dataclass import dataclass
from bot.services import outbox
from bot.services.postmortem.document.edits import lock_document, refresh_document_canvas
from bot.services.postmortem.document.review import finish_review
from bot.services.postmortem.drafts import build_incident_draft, load_edited_record
from bot.services.postmortem.public import finding_refusals
from bot.services.postmortem.templates import RenderedDocuments, render_draft
from bot.services.workspace.access import check_access
from bot.services.workspace.actor import Actor
from bot.services.workspace.audit_log import audit_action
from bot.store.incidents import postmortems
from bot.store.incidents.incidents import Incident
from bot.store.incidents.postmortems import Postmortem
from bot.store.shared import people
from bot.templating.render import join_documents

REDACTED_LINE = "*Redacted.*\n"
SUMMARY = 1_500
"""Characters of the summary in the channel."""


@dataclass(frozen=True, slots=True)
class PublishedVersion:
    """
    A published postmortem, counted from 1.

    `documents`: Markdown by language. `version`: its number among all drafts.
    `is_redacted`: words were removed since, so the digest is that of another text.
    """

    number: int
    version: int
    by: str
    at: datetime
    digest: str
    documents: Mapping[str, str]

    @property
    def markdown(self) -> str:
        return join_documents(self.documents.values())

    @property
    def is_redacted(self) -> bool:
        return not compare_digest(digest_of(self.markdown), self.digest)


def publish_postmortem(session: Session, settings: Settings, incident_id: int, actor: Actor) -> int:
    """
    Freeze the document as it is now, in the incident's template, and announce it.

    Findings and questions are left out.
    Returns the number of the version.
    Raises UserError for an open incident, findings that block, missing approvals, and a broken template.
    """
    check_access(session, actor, home_team_id=None)
    incident = lock_document(session, incident_id)
    state = next_state(PostmortemState(incident.postmortem_state), Step.PUBLISH)
    if incident.is_open:
        raise StateError(f"{incident.reference} is still open. Resolve it, then publish its postmortem.")
    record, edits = load_edited_record(session, settings, incident_id)
    draft = remove_drafting_aids(build_incident_draft(settings, record, edits=edits))
    refusals = finding_refusals(settings, record, [each.language for each in draft.documents])
    if refusals:
        reasons = "\n".join(f"• {each.in_english()}" for each in refusals)
        raise UserError(f"The postmortem of {incident.reference} is not published. Fix these first:\n{reasons}")
    rendered = render_draft(settings, anchor_draft(draft), incident.template)
    if rendered.problem:
        raise UserError(f"{rendered.problem} Nothing was published.")
    version = _freeze(session, incident, actor, draft, rendered)
    finish_review(session, settings, incident, version.version)
    incident.postmortem_state = state.value
    session.add(incident)
    number = len(postmortems.find_published(session, incident_id))
    audit_action(session, actor, "published the postmortem", incident=incident, version=number, digest=version.digest)
    outbox.post_event(
        session,
        incident,
        "postmortem published",
        actor.at,
        by=actor.user_id,
        version=number,
        digest=version.digest,
        page=document_url(settings, incident),
        text=_summarize(draft.documents[0]),
        page_at=actor.page_at,
        public_form=public_form_url(settings, incident),
    )
    return number


def reopen_postmortem(session: Session, incident_id: int, actor: Actor) -> None:
    """
    Make a published postmortem editable again; the version stays.

    What people wrote in the canvas meanwhile is taken in. Raises StateError.
    """
    check_access(session, actor, home_team_id=None)
    incident = lock_document(session, incident_id)
    incident.postmortem_state = next_state(PostmortemState(incident.postmortem_state), Step.REOPEN).value
    session.add(incident)
    audit_action(session, actor, "reopened the postmortem", incident=incident)
    refresh_document_canvas(session, incident, actor.at)
    outbox.post_event(session, incident, "postmortem reopened", actor.at, by=actor.user_id, page_at=actor.page_at)


def load_published(session: Session, incident: Incident) -> list[PublishedVersion]:
    """Published versions, the oldest first."""
    found = postmortems.find_published(session, incident.key)
    names = people.find_names(session, incident.team_id, {each.created_by for each in found if each.created_by})
    return [
        PublishedVersion(
            number,
            each.version,
            names.get(each.created_by or "", each.created_by or ""),
            each.created_at,
            each.digest or "",
            {code: _frozen_text(each, code) for code in each.languages},
        )
        for number, each in enumerate(found, start=1)
    ]


def public_form_url(settings: Settings, incident: Incident) -> str:
    """The form that publishes it on the status page; empty where it cannot be published."""
    if settings.status is None or incident.is_private or incident.is_drill:
        return ""
    return f"{settings.base_url}/incidents/{incident.reference}/publish?state={UpdateState.POSTMORTEM}"


def document_url(settings: Settings, incident: Incident) -> str:
    return f"{settings.base_url}/incidents/{incident.reference}/postmortem"


def _freeze(
    session: Session, incident: Incident, actor: Actor, draft: Draft, rendered: RenderedDocuments
) -> Postmortem:
    """Store the text, line by line, so that a redaction finds the lines that quote an entry."""
    refs = {find_block_id(block): _find_refs(block) for block in draft.blocks()}
    rows = []
    for document in draft.documents:
        rows += _freeze_document(document, rendered.documents[document.language], refs)
    version = Postmortem(
        incident_id=incident.key,
        version=postmortems.next_version(session, incident.key),
        template=rendered.template,
        languages=[document.language for document in draft.documents],
        state=postmortems.PUBLISHED,
        blocks=rows,
        created_by=actor.user_id,
        created_at=actor.at,
        file_id="",
    )
    version.digest = digest_of(join_documents(_frozen_text(version, code) for code in version.languages))
    session.add(version)
    session.flush()
    return version


def _freeze_document(document: Document, markdown: str, refs: Mapping[BlockId, Sequence[str]]) -> list[dict[str, Any]]:
    lines = split_lines(markdown, {str(word) for word in document.words.values()})
    return [
        {
            "section": postmortems.PUBLISHED,
            "source": str(number),
            "language": document.language,
            "refs": list(dict.fromkeys(ref for block_id in line.blocks for ref in refs.get(block_id, ()))),
            "generated": {"text": line.text},
        }
        for number, line in enumerate(lines)
    ]


def _find_refs(block: Block) -> list[str]:
    return [*(source.ref for source in block.sources), *block.details.get(EARLIER_REFS, "").split()]


def _frozen_text(version: Postmortem, language: str) -> str:
    """The Markdown of a version; lines that were redacted say so."""
    return "".join(row["generated"]["text"] or REDACTED_LINE for row in version.blocks if row["language"] == language)


def _summarize(document: Document) -> str:
    """The summary's statements with their labels, for the channel."""
    colon = document.words["colon"]
    shown = (block for block in document.sections["summary"] if block.text)
    text = "\n".join(f"{block.label}{colon} {block.text}" if block.label else block.text for block in shown)
    return text if len(text) <= SUMMARY else f"{text[: SUMMARY - 1]}…"
