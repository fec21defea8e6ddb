"""One line a happening, as it is posted into the incident's channel."""

from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import datetime

from bot.domain.record import generated_sentences as own_words
from bot.domain.terms import Status, UpdateState
from bot.services.views.messages import FollowUp, FollowUpsView, SaidView
from bot.slack.blocks.escalation import channel_lines as escalation_lines
from bot.slack.blocks.escalation import message as escalation
from bot.slack.blocks.incidents import archiving
from bot.slack.blocks.incidents.alert_lines import alert_line
from bot.slack.blocks.incidents.card import place
from bot.slack.blocks.limits import Blocks, context, link, listed, literal, one_line, quoted, section, spoken, when
from bot.slack.blocks.message import Message, plain

LISTED = 20
DATE = "{date_short_pretty} {time}"


def said(view: SaidView) -> Message:
    """The message for one `say` row. Raises KeyError for an event that has no words: then the code is at fault."""
    return WORDING[view.event](view)


def _person(view: SaidView, user: object) -> str:
    """Whoever acted, by name: a mention would ping them for what they just did. Unknown names stay mentions."""
    if not user:
        return "Dogwatch"
    name = view.names.get(str(user))
    return f"*{literal(name, limit=100)}*" if name else f"<@{user}>"


def _by(view: SaidView) -> str:
    return _person(view, view.values.get("by"))


def _with_text(line: str, view: SaidView) -> Message:
    text = f"{line}\n{quoted(view.text, view.names)}" if view.text else line
    return Message(f"{line} {literal(view.text, view.names, 1_000)}".strip(), [section(text)])


def _severity(view: SaidView) -> Message:
    labels = view.severity_labels
    before, to = (literal(labels.get(str(view.values[key]), "")) for key in ("before", "to"))
    line = f":vertical_traffic_light: {_by(view)} changed the severity: {before} → *{to}*"
    return _with_demands(_with_text(line, view), view)


def _status(view: SaidView) -> Message:
    to = str(view.values["to"])
    label = literal(view.status_labels.get(to, to), limit=100)
    if view.values.get("before") == Status.TRIAGE:
        line = f":white_check_mark: {_by(view)} accepted it as an incident: *{label}*"
    else:
        line = f":arrow_right: {_by(view)} set the status: *{label}*"
    return _with_demands(_with_text(line, view), view)


def _with_demands(message: Message, view: SaidView) -> Message:
    """What the new severity or status asks for beside what is on record."""
    asks = view.values.get("asks")
    if not isinstance(asks, list) or not asks:
        return message
    told = [f"{literal(str(what), limit=150)} (`/incident {how}`)" for what, how in asks]
    head = f"{literal(str(view.values.get('asks_by')), limit=100)} asks for"
    return Message(message.text, [*message.blocks, context(f"{head}: {', '.join(told)}.")])


def _reopened(view: SaidView) -> Message:
    return _with_text(f":leftwards_arrow_with_hook: *Reopened* by {_by(view)}", view)


def _lead(view: SaidView) -> Message:
    before = view.values.get("before")
    over = f", taking over from {_person(view, before)}" if before else ""
    lead = view.values["lead"]
    shown = _by(view) if lead == view.values.get("by") else f"<@{lead}>"
    return _with_note(f":bust_in_silhouette: {shown} leads {view.reference}{over}", view)


def _note_of(view: SaidView) -> str:
    """What somebody said as they gave a role: in the entry it stands behind a sentence of ours."""
    given = view.details
    if "role" not in given or "role_label" not in given:
        return ""
    before = given.get("user_before") if given.get("handed_over") or not given.get("user") else None
    sentence = own_words.role_given(str(given["role"]), str(given["role_label"]), _id(given.get("user")), _id(before))
    return own_words.note_behind(sentence, view.text) or ""


def _id(value: object) -> str | None:
    return str(value) if value else None


def _with_note(line: str, view: SaidView) -> Message:
    return _with_text(line, replace(view, text=_note_of(view)))


def _label(view: SaidView) -> str:
    return literal(str(view.values.get("label", "")), limit=100)


def _role(view: SaidView) -> Message:
    before, to = view.values.get("before"), view.values["person"]
    over = f", taking over from {_person(view, before)}" if before else ""
    shown = _by(view) if to == view.values.get("by") else f"<@{to}>"
    return _with_note(f":bust_in_silhouette: {shown} is *{_label(view)}* of {view.reference}{over}", view)


def _handed_over(view: SaidView) -> Message:
    """Who to whom, and what is open in numbers: the page has it all."""
    before, by, to = (view.values.get(key) for key in ("before", "by", "person"))
    if before == by:
        line = f"{_person(view, before)} handed over to <@{to}>: *{_label(view)}*"
    elif to == by:
        line = f"{_by(view)} took over from {_person(view, before)}: *{_label(view)}*"
    else:
        line = f"{_by(view)} handed *{_label(view)}* over from {_person(view, before)} to <@{to}>"
    message = _with_note(f":handshake: {line}", view)
    return Message(message.text, [*message.blocks, context(_what_is_open(view))])


def _what_is_open(view: SaidView) -> str:
    counted = [
        _count(view.values.get("calls"), "call for help unanswered", "calls for help unanswered"),
        _count(view.values.get("tasks"), "open task", "open tasks"),
        _count(view.values.get("hypotheses"), "open hypothesis", "open hypotheses"),
    ]
    lacks = view.values.get("lacks")
    missing = [f"no {each} stated" for each in lacks] if isinstance(lacks, list) else []
    page = link(str(view.values.get("page", "")), "the whole record")
    found = [each for each in (*counted, *missing) if each]
    return f"Open: {', '.join(found)} · {page}" if found else f"Nothing is open on record · {page}"


def _count(value: object, one: str, more: str) -> str:
    number = _number(value)
    return f"{number} {one if number == 1 else more}" if number else ""


def _given_up(view: SaidView) -> Message:
    before, by = view.values.get("before"), view.values.get("by")
    whom = _person(view, before)
    line = f"{whom} is *{_label(view)}* no more, and nobody else is"
    return plain(f":bust_in_silhouette: {line}" + ("" if before == by else f" ({_by(view)} changed it)"))


def _passed_on(view: SaidView) -> Message:
    """To the one who had the role, where another gave it away."""
    to, by = view.values["person"], view.values.get("by")
    who = f"<@{to}> took" if to == by else f"{_by(view)} gave"
    rest = " over from you" if to == by else f" to <@{to}>, who takes over from you"
    return plain(f":handshake: {who} *{_label(view)}* of {view.reference}{rest}.")


def _taken(view: SaidView) -> Message:
    return plain(f":white_check_mark: {_by(view)} has it: *{_label(view)}* of {view.reference}.")


def _resolved(view: SaidView) -> Message:
    return _with_text(f":white_check_mark: *Resolved* by {_by(view)}", view)


def _cancelled(view: SaidView) -> Message:
    return _with_text(f":no_entry_sign: *Cancelled* by {_by(view)}", view)


def _merged(view: SaidView) -> Message:
    into = place(view.other) if view.other else "another incident"
    return plain(
        f":twisted_rightwards_arrows: *Merged* into {into} by {_by(view)}. Go on there: timeline, alerts, tasks and "
        "who is still waited for went along, and everybody here is invited. This channel stays as it is; what is "
        "written here from now on is not followed in the other one."
    )


def _took_in(view: SaidView) -> Message:
    came = place(view.other) if view.other else "Another incident"
    entries = _number(view.values.get("entries"))
    what = f"{entries:,} timeline {'entry' if entries == 1 else 'entries'}"
    if told := _number(view.values.get("alerts")):
        what += f" and {told:,} alert{'s' * (told != 1)}"
    held = view.values.get("roles")
    roles = (
        [f"{literal(label, limit=100)}: {_person(view, who)}" for label, who in held] if isinstance(held, list) else []
    )
    had = f" There {'was' if len(roles) == 1 else 'were'} {', '.join(roles)}." if roles else ""
    return plain(f":twisted_rightwards_arrows: {came} was merged into this incident by {_by(view)}, with {what}.{had}")


def _drill_began(view: SaidView) -> Message:
    script = literal(str(view.values.get("script")), limit=100)
    return plain(
        f":performing_arts: *This is a drill*, started by {_by(view)} after {script}. What happened is told here line "
        "by line, marked as practice; do what you would do, here and with `/incident`. Nobody is paged outside this "
        "channel. End it with `/incident resolve` or `/incident cancel WHY`."
    )


def _practice(view: SaidView) -> Message:
    what, is_over = view.values.get("what"), view.values.get("over")
    sign = {"alert": "white_circle" if is_over else "rotating_light", "vendor": "satellite_antenna"}.get(
        str(what), "speech_balloon"
    )
    noun = {"alert": "an alert has ended" if is_over else "an alert", "vendor": "a vendor's status page"}.get(
        str(what), "somebody writes"
    )
    said = str(view.values.get("text") or view.text)
    return Message(
        f"Practice: {literal(said, view.names, 1_000)}",
        [section(f":{sign}: *Practice*, {noun}:\n{quoted(said, view.names)}")],
    )


def _drill_told(_view: SaidView) -> Message:
    return plain(
        ":performing_arts: That is all that this drill tells. Finish what you are practising, then end it with "
        "`/incident resolve`: the draft that follows is practice too."
    )


def _goes_on_here(view: SaidView) -> Message:
    return plain(
        f":twisted_rightwards_arrows: *{view.reference} goes on here*, by {_by(view)}: its channel "
        f"<#{view.values.get('channel_id')}> is archived. Who wrote there is invited, and what was said there stays in "
        "the record."
    )


def _details(view: SaidView) -> Message:
    changes = view.details.get("changes")
    lines = [_change(view, name, value) for name, value in changes.items()] if isinstance(changes, dict) else []
    head = f":pencil2: {_by(view)} changed the details"
    return Message(head, [section(listed([head, *lines]))])


def _change(view: SaidView, name: object, value: object) -> str:
    field, _, code = str(name).partition(".")
    label = literal(f"{field} ({code})" if code else field, limit=100)
    return f"• {label}: *{literal(str(value), view.names, 300)}*" if value else f"• {label}: taken away"


def _canvas_left(view: SaidView) -> Message:
    why = "It may still quote what was taken out of the record: look it through." if view.values.get("went") else ""
    return plain(
        ":page_facing_up: The postmortem's canvas stays as it is: people may have written in it, and nothing of that "
        f"is overwritten. The newest draft is the file in this channel. {why}".strip()
    )


def _update(view: SaidView) -> Message:
    state = str(view.details.get("public", ""))
    languages = view.details.get("public_languages") or ([view.language] if view.language else [])
    told = "The postmortem is published" if state == UpdateState.POSTMORTEM else f"The public was told: {state}"
    named = (
        f" ({literal(', '.join(map(str, languages)), limit=100)})" if isinstance(languages, list) and languages else ""
    )
    at = "" if view.happened_at == view.recorded_at else f" · {_stamp(view)}"
    return _with_text(
        f":loudspeaker: *{literal(told, limit=100)}*{named}{at}, recorded by {_person(view, view.author)}", view
    )


def _stamp(view: SaidView) -> str:
    if view.happened_at is None:
        return "time not known"
    return f"{'about ' if view.is_approximate else ''}{when(view.happened_at, DATE)}"


def _note(view: SaidView) -> Message:
    kind = view.kinds[0] if view.kinds else "note"
    stamp = "" if view.happened_at == view.recorded_at else f" · {_stamp(view)}"
    line = f":writing_hand: {_person(view, view.author)} logged ({kind}{stamp})"
    return _with_text(line, view)


def _impact(view: SaidView) -> Message:
    percent = view.details.get("users_percent")
    share = f" ({percent:g}% of users)" if isinstance(percent, int | float) and percent >= 0 else ""
    ends = {name: view.details.get(name) for name in ("started", "ended")}
    window = "".join(f" · {name} {when(datetime.fromisoformat(str(at)), DATE)}" for name, at in ends.items() if at)
    line = f":chart_with_downwards_trend: *Impact*{share}{window}, stated by {_person(view, view.author)}"
    return _with_text(line, view)


def _cause(view: SaidView) -> Message:
    return _with_text(f":dart: *Cause*, stated by {_person(view, view.author)}", view)


def _alerts(view: SaidView) -> Message:
    told, truncated = (_number(view.values.get(key)) for key in ("alerts", "truncated"))
    count = max(told, len(view.alerts))
    head = ":rotating_light: *Alert*" if count == 1 else f":rotating_light: *{count:,} alerts*"
    lines = [alert_line(one) for one in view.alerts]
    if count > len(lines):
        lines.append(f"and {count - len(lines):,} more")
    if truncated:
        lines.append(f"_The monitor left out {truncated:,} more of this group._")
    first = view.alerts[0] if view.alerts else None
    text = f"Alert: {literal(first.name, limit=300) if first else ''}"
    return Message(text, [section(listed([head, *lines]))])


def _number(value: object) -> int:
    return value if isinstance(value, int) else 0


def _more_alerts(view: SaidView) -> Message:
    return plain(f":rotating_light: {literal(view.text, limit=1_000)}")


def _storm(view: SaidView) -> Message:
    return plain(f":thunder_cloud_and_rain: {literal(view.text, limit=2_000)}")


def _storm_elsewhere(view: SaidView) -> Message:
    channel = view.values.get("channel_id")
    where = f"<#{channel}> ({view.values['reference']})" if channel else str(view.values["reference"])
    begins = "The alert storm goes on" if view.values.get("goes_on") else "An alert storm began"
    return plain(
        f":thunder_cloud_and_rain: {begins}. This incident stays as it is; what else fires is collected in {where}."
    )


def _asked(view: SaidView) -> tuple[str, str]:
    if view.escalation is None:
        return "The escalation", "somebody"
    asked_by = f"<@{view.escalation.asked_by}>" if view.escalation.asked_by else "Whoever leads"
    return asked_by, literal(view.escalation.target_name, limit=200)


def _target(view: SaidView) -> str:
    called = view.escalation
    if called is None:
        return "nobody"
    asked = [each for each in called.members if each not in called.declined_by]
    return " ".join(escalation.person(called, each) for each in asked) or called.target


def _reminder(view: SaidView) -> Message:
    return plain(f":mega: {_target(view)} still needed: please acknowledge above, or say that you can't.")


def _unanswered(view: SaidView) -> Message:
    asked_by, _ = _asked(view)
    what = escalation_lines.end_of_policy(view) or f"nobody answered the escalation to {_target(view)}"
    return plain(f":warning: {asked_by}, {what}. {escalation_lines.after_the_end(view)}")


def _all_declined(view: SaidView) -> Message:
    asked_by, _ = _asked(view)
    return plain(f":warning: {asked_by}, everybody who was asked said that they can't. Escalate to somebody else.")


def _no_channel(view: SaidView) -> Message:
    problem = literal(str(view.values.get("error", "")))
    return plain(
        f":warning: {view.reference} is open, but Slack did not let me create its channel ({problem}). "
        f"Commands work elsewhere with {view.reference} as the first word."
    )


def _archived(view: SaidView) -> Message:
    about, channel = view.values.get("about"), view.values.get("channel")
    number = about if isinstance(about, int) else 0
    return archiving.archived(number, view.reference, str(channel or ""), is_reopened=False)


def _maintenance(view: SaidView) -> Message:
    """Whoever declared it by hand means it; that alerts of the service are silent they have to know."""
    until = when(datetime.fromisoformat(str(view.values["until"])), DATE)
    line = (
        f":construction: *{literal(str(view.values['service']), limit=100)}* is under maintenance until {until}. Its "
        "alerts are recorded meanwhile and open nothing; this incident pages as any other."
    )
    return _with_text(line, replace(view, text=str(view.values.get("text") or "")))


WORDING: Mapping[str, Callable[[SaidView], Message]] = {
    "severity": _severity,
    "status": _status,
    "reopened": _reopened,
    "lead": _lead,
    "role": _role,
    "handed over": _handed_over,
    "role given up": _given_up,
    "role passed on": _passed_on,
    "role taken": _taken,
    "resolved": _resolved,
    "cancelled": _cancelled,
    "maintenance": _maintenance,
    "drill began": _drill_began,
    "practice": _practice,
    "drill told": _drill_told,
    "merged": _merged,
    "goes on here": _goes_on_here,
    "took in": _took_in,
    "details": _details,
    "update": _update,
    "note": _note,
    "impact": _impact,
    "cause": _cause,
    "alerts": _alerts,
    "more alerts": _more_alerts,
    "storm": _storm,
    "storm elsewhere": _storm_elsewhere,
    "reminder": _reminder,
    "unanswered": _unanswered,
    "all declined": _all_declined,
    "level": escalation_lines.level,
    "level empty": escalation_lines.level_empty,
    "unacknowledged": escalation_lines.unacknowledged,
    "unanswered elsewhere": escalation_lines.unanswered_elsewhere,
    "no channel": _no_channel,
    "archived": _archived,
    "canvas left": _canvas_left,
}


def unsaid() -> Message:
    """What is left of one of the bot's own messages once its words were redacted."""
    return plain(":no_entry_sign: _Redacted. The timeline says by whom and why._")


def whispered(event: str, values: Mapping[str, object]) -> str:
    """What one person is told, so that only they see it."""
    if event == "own message":
        return (
            f"That is one of my own messages, so :{values.get('emoji')}: logs nothing. "
            "React to what people wrote, or type `/incident note`."
        )
    if event == "answer refused":
        return f"{spoken(str(values.get('text', '')))} Your reaction changed nothing."
    if event == "redacted":
        still = values.get("still")
        left = "\n".join(f"• {each}" for each in still) if isinstance(still, list) else ""
        return f"Redacted. What is left for a person to do:\n{left}"
    raise KeyError(event)


def followups(view: FollowUpsView) -> Message:
    """Improvements and tasks in one message, numbered as people refer to them."""
    blocks: Blocks = []
    for title, items in (("Improvements", view.improvements), ("Tasks", view.tasks)):
        if not items:
            continue
        lines = [f"*{title}*", *(_followup(item, view.names) for item in items[-LISTED:])]
        if len(items) > LISTED:
            lines.insert(1, f"({len(items) - LISTED} earlier ones are in the postmortem)")
        blocks.append(section(listed(lines)))
    blocks.append(
        context(
            "Add with `/incident improve` and `/incident task … @owner due:friday`; "
            "change with `/incident task #2 done`."
        )
    )
    count = len(view.improvements) + len(view.tasks)
    return Message(f"{count} follow-up{'s' * (count != 1)} noted", blocks)


def _followup(item: FollowUp, names: Mapping[str, str]) -> str:
    owner = f" · <@{item.owner}>" if item.owner else ""
    due = f" · due {item.due}" if item.due else ""
    done = ":white_check_mark: " if item.is_done else ""
    return f"{item.number}. {done}{literal(one_line(item.text, 140), names)}{owner}{due}"
