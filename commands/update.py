"""`/incident update`."""

from collections.abc import Mapping, Sequence

from bot.command.table import Command, Option, Positional, Value
from bot.domain.errors import errors_at
from bot.domain.languages import get_language
from bot.domain.status_page.components import ComponentState, parse_states
from bot.domain.terms import UpdateState
from bot.services.status_page.approval import publish_url, submit_update
from bot.services.status_page.publish import Publication, Published
from commands.base import Caller, Invocation, Reply, Session, reply_beside_line

PUBLISH_HINT = "Dogwatch does not publish it: post it where your customers read it."
UNPUBLISHED: Mapping[str, str] = {
    "no page": PUBLISH_HINT,
    "private": "It is not on the status page: private incidents are never published.",
    "drill": "It is not on the status page: drills are never published.",
}


def run(session: Session, caller: Caller, typed: Invocation) -> Reply:
    state = UpdateState(typed.positionals["state"])
    languages = typed.options.get("lang") or ()
    published = submit_update(
        session,
        caller.settings,
        caller.about.key,
        caller.actor,
        _read_publication(caller, typed),
        typed.options.get("at"),
        is_urgent=typed.options.get("urgent") == "yes",
    )
    if published.request is not None:
        return Reply(_describe_waiting(caller, published))
    named = _name_languages(languages)
    where = f", in {named}" if named else ""
    written = ""
    if state is UpdateState.POSTMORTEM and named:
        written = f"`/incident {caller.typed_before}postmortem` uses {named} from now on."
    recorded = f"Recorded the public update: {state}{where}."
    if state is UpdateState.POSTMORTEM:
        recorded = f"Recorded: the postmortem is published{where}."
    outcome = UNPUBLISHED.get(published.why_not) or _describe(caller, published)
    return reply_beside_line(caller, recorded, f"{written} {outcome}".strip())


def _read_publication(caller: Caller, typed: Invocation) -> Publication:
    """Raises InvalidField (`affects`) for an unknown component or state."""
    languages = typed.options.get("lang") or ()
    page, affects = caller.settings.status, typed.options.get("affects") or ""
    with errors_at("affects"):
        states = parse_states(affects, page.as_components() if page else ())
    state = UpdateState(typed.positionals["state"])
    code = "".join(languages) if len(languages) == 1 else ""
    texts = {code: typed.text} if typed.text or state is not UpdateState.POSTMORTEM else {}
    return Publication(state, texts, states, tuple(languages))


def _describe(caller: Caller, published: Published) -> str:
    """Name the address, the missing languages, and the states that the incident suggests."""
    settings, row = caller.settings, published.update
    if row is None or settings.status is None:
        return ""
    parts = [f"It is on the status page in {_name_languages(row.languages)}: {settings.status_url}"]
    if published.missing:
        parts.append(f"Missing: {_name_languages(published.missing)}.")
    if published.untitled:
        parts.append(f"The title is missing in {_name_languages(published.untitled)}. Add it with the link below.")
    if published.no_document:
        parts.append(f"The page says that the postmortem is published, without its text. {published.no_document}")
    if published.suggested:
        parts.append(f"Components are unchanged. Suggested: {_suggestion(published.suggested)}.")
    parts.append(f"All languages at once, with components: {publish_url(settings, caller.about)}")
    return "\n".join(parts)


def _describe_waiting(caller: Caller, published: Published) -> str:
    """Name those who may approve, the languages that are missing, and the page with the preview."""
    page = caller.settings.status
    approvers = [f"<@{each}>" for each in (page.approvers if page else ()) if each != caller.actor.user_id]
    asked = f"{' and '.join(approvers)} can approve it" if approvers else "Anybody else can approve it"
    where = "in a direct message" if approvers else "in the incident's channel"
    parts = [f"The public update waits for approval; nothing is published yet. {asked}, {where} or on the page."]
    if published.missing:
        parts.append(
            f"Missing: {_name_languages(published.missing)}. The same state in another language joins this update."
        )
    if published.suggested:
        parts.append(f"Components stay unchanged. Suggested: {_suggestion(published.suggested)}.")
    parts.append(f"Preview: {publish_url(caller.settings, caller.about)}")
    return "\n".join(parts)


def _suggestion(states: Mapping[str, ComponentState]) -> str:
    return f"`affects:{','.join(f'{key}={state}' for key, state in states.items())}`"


def _name_languages(codes: Sequence[str]) -> str:
    english = get_language("en")
    return " and ".join(english.language_name(code) for code in codes)


COMMAND = Command(
    name="update",
    usage="update STATE [lang:LANG] [at:TIME] [affects:COMPONENT=STATE] [urgent:yes] [TEXT]",
    summary="Publish a status update: investigating, identified, monitoring, resolved, postmortem.",
    options=(
        Option("lang", Value.LANGUAGES, about="the language of the text; for a postmortem, all its languages"),
        Option("at", Value.TIME, about="when it was published"),
        Option("urgent", Value.WORD, choices=("yes", "no"), about="publish without approval, where that is allowed"),
        Option("affects", Value.TEXT, about="components of the status page and their states: checkout=major,search=ok"),
    ),
    positionals=(Positional("state", Value.WORD, choices=tuple(UpdateState)),),
    text="optional",
    is_public=True,
    run=run,
)
