"""`/incident resolve`."""

from bot.command.table import Command, Option, Value
from bot.domain.languages import get_language
from bot.domain.times import format_unambiguous, read_certain_time
from bot.services.entries.translate import translate_resolution
from bot.services.incidents.alerts import describe_firing
from bot.services.incidents.lifecycle import resolve_incident
from bot.services.status_page.publish import describe_suggestion
from bot.store import status_page
from bot.store.incidents.incidents import Incident
from commands.base import LANGUAGE, Caller, Invocation, Reply, Session, reply_beside_line
from commands.postmortem import announce_draft


def run(session: Session, caller: Caller, typed: Invocation) -> Reply:
    language = caller.actor.language
    if caller.about.is_resolved and language is not None and typed.text:
        translate_resolution(session, caller.about, caller.actor, language, typed.text)
        return Reply(f"The resolution has words in {get_language('en').language_name(language)} now.")
    resolved = resolve_incident(
        session, caller.settings, caller.about.key, caller.actor, text=typed.text, ended=typed.options.get("at")
    )
    hint = "" if "at" in typed.options else _time_hint(caller, typed)
    label = caller.settings.status_label(resolved.status)
    firing = describe_firing(session, resolved.key)
    answer = f"{resolved.reference} is {label}.{firing} The postmortem draft {announce_draft(resolved)}."
    return reply_beside_line(caller, answer, f"{hint}{_publish_hint(session, caller, resolved)}".strip())


def _publish_hint(session: Session, caller: Caller, resolved: Incident) -> str:
    """Suggest the end on the status page, if the incident is on it."""
    if caller.settings.status is None or status_page.find_by_incident(session, resolved.key) is None:
        return ""
    return describe_suggestion(caller.settings, resolved)


def _time_hint(caller: Caller, typed: Invocation) -> str:
    """Hint for `resolve 10 min ago fixed it`: how to type the time. Empty if there is none."""
    when = read_certain_time(typed.text, now=caller.actor.at, zone=typed.zone)
    if when is None or when.at is None:
        return ""
    return (
        f"The impact ended now: without `at:`, `{when.text}` is text. If it ended then, type `/incident "
        f"{caller.typed_before}impact ended:{format_unambiguous(when.at, typed.zone)}`."
    )


COMMAND = Command(
    name="resolve",
    usage="resolve [at:TIME] [lang:LANG] [TEXT]",
    summary="Resolve the incident. `at:` is the end of the impact, TEXT the resolution.",
    options=(Option("at", Value.TIME, about="when the impact ended"), LANGUAGE),
    text="optional",
    aliases=("close",),
    also_meant=("fixed", "end", "done", "finish", "finished", "over"),
    run=run,
    ends_incident=lambda _typed: "Resolve",
)
