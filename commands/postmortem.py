"""`/incident postmortem`."""

from bot.command.table import Command, Option, Positional, Value
from bot.domain.drafting.document.publication import PostmortemState, Step, check_editable
from bot.domain.errors import UserError
from bot.services import outbox
from bot.services.outbox.payloads import DraftPayload, PublicPreviewPayload
from bot.services.postmortem.document.block_form import EditOffer
from bot.services.postmortem.document.publication import publish_postmortem, reopen_postmortem
from bot.services.postmortem.document.review import approve_postmortem, ask_reviewers
from bot.services.postmortem.public import write_public_postmortem
from bot.services.postmortem.templates import check_template
from bot.store.incidents import incidents
from bot.store.incidents.incidents import Incident
from commands.base import Caller, Invocation, Reply, ReplyView, Session, reply_beside_line

EDIT = "edit"


def run(session: Session, caller: Caller, typed: Invocation) -> Reply:
    incident = incidents.get(session, caller.about.key)
    if typed.positionals.get("step") == EDIT:
        return offer_form(caller, typed, incident)
    if step := typed.positionals.get("step"):
        return take_step(session, caller, typed, Step(step))
    if "due" in typed.options:
        raise UserError("`due:` belongs to a review: `/incident postmortem review @ada due:friday`.")
    if typed.options.get("public"):
        return preview_public(session, caller, typed, incident)
    template = typed.options.get("template")
    payload = DraftPayload(
        template=check_template(caller.settings, template) if template else None,
        languages=tuple(typed.options["lang"]) if "lang" in typed.options else None,
        asked_by=caller.actor.user_id,
        with_transcript=bool(typed.options.get("transcript")),
    )
    if payload.with_transcript and incident.channel_id is None:
        raise UserError(f"{incident.reference} has no channel, so there is no transcript. Leave out `transcript`.")
    outbox.post_draft(session, incident, caller.actor.at, payload)
    cancelled = f" The incident was cancelled: {incident.closure_reason}" if incident.closure_reason else ""
    return Reply(f"The postmortem draft of {incident.reference} {announce_draft(incident)}.{cancelled}")


def offer_form(caller: Caller, typed: Invocation, incident: Incident) -> Reply:
    """Offer the form. Raises UserError for options, and for a published postmortem."""
    if typed.options or typed.positionals.get("reviewers"):
        raise UserError("`postmortem edit` takes no options. Leave them out.")
    check_editable(PostmortemState(incident.postmortem_state))
    offer = EditOffer(
        incident.key, incident.reference, f"{caller.settings.base_url}/incidents/{incident.reference}/postmortem"
    )
    text = f"Edit the postmortem of {offer.reference} on {offer.page_url}."
    return Reply(text, ReplyView.BLOCK_FORM, incident.key, {"view": offer})


def preview_public(session: Session, caller: Caller, typed: Invocation, incident: Incident) -> Reply:
    """Post what would leave, or say at once why it may not."""
    if "template" in typed.options or typed.options.get("transcript"):
        raise UserError("The public postmortem has no template and no transcript. Leave out both.")
    languages = tuple(typed.options["lang"]) if "lang" in typed.options else None
    write_public_postmortem(session, caller.settings, incident.key, languages=languages)
    payload = PublicPreviewPayload(languages, asked_by=caller.actor.user_id)
    outbox.post_public_preview(session, incident, caller.actor.at, payload)
    return Reply(f"The preview of the public postmortem of {incident.reference} {announce_draft(incident)}.")


def take_step(session: Session, caller: Caller, typed: Invocation, step: Step) -> Reply:
    """Raises UserError for options of a draft, and for a step that is not permitted."""
    if {"template", "lang", "transcript", "public"} & typed.options.keys():
        raise UserError(f"`postmortem {step}` takes no options of a draft. Leave them out.")
    reference = caller.about.reference
    if step is not Step.REVIEW and ("due" in typed.options or typed.positionals.get("reviewers")):
        raise UserError(f"Reviewers and `due:` belong to `postmortem review`. Leave them out of `{step}`.")
    match step:
        case Step.REVIEW:
            return ask_for_review(session, caller, typed)
        case Step.APPROVE:
            approve_postmortem(session, caller.about.key, caller.actor)
            return reply_beside_line(caller, f"You approved the postmortem of {reference}.")
        case Step.REOPEN:
            reopen_postmortem(session, caller.about.key, caller.actor)
            return reply_beside_line(caller, f"The postmortem of {reference} can be edited again.")
    number = publish_postmortem(session, caller.settings, caller.about.key, caller.actor)
    return reply_beside_line(caller, f"The postmortem of {reference} is published as version {number}.")


def ask_for_review(session: Session, caller: Caller, typed: Invocation) -> Reply:
    reviewers = typed.positionals.get("reviewers") or ()
    due = ask_reviewers(session, caller.settings, caller.about.key, caller.actor, reviewers, typed.options.get("due"))
    named = ", ".join(f"@{each.group}" if each.group else f"<@{each.id}>" for each in reviewers)
    until = f" It is due on {due}." if due else ""
    members = " The incident is private: only members of its channel are asked." if caller.about.is_private else ""
    return Reply(f"Asked {named} to review the postmortem of {caller.about.reference}.{until}{members}")


def announce_draft(incident: Incident) -> str:
    return "comes to you in a direct message" if incident.is_retro else "follows in the channel"


COMMAND = Command(
    name="postmortem",
    usage="postmortem [STEP] [REVIEWER…] [due:DATE] [template:NAME] [lang:LANG] [transcript] [public]",
    summary="Post the draft; `public`: the one for customers. STEP: edit, review, approve, publish, reopen.",
    options=(
        Option("due", Value.DATE, about="the day until which to review"),
        Option("template", Value.WORD, about="classic, brief, statuspage, sre, or your own"),
        Option("lang", Value.LANGUAGES, about="the languages, like fr,en"),
        Option("transcript", Value.FLAG, about="add the channel's messages as an appendix"),
        Option("public", Value.FLAG, about="preview the public postmortem, exactly as it leaves"),
    ),
    positionals=(
        Positional("step", Value.WORD, required=False, choices=(EDIT, *Step)),
        Positional("reviewers", Value.OWNER, required=False, is_repeatable=True),
    ),
    aliases=("pm",),
    also_meant=("rca", "retro", "draft", "export"),
    run=run,
)
