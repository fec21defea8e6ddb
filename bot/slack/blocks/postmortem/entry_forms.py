"""Forms about one entry of the timeline, and the menu beside it that opens them."""

from collections.abc import Callable, Mapping
from typing import Any

from bot.command.table import LANGUAGES
from bot.domain.terms import MARKS
from bot.services.entries.form_view import EntryView, Neighbour
from bot.services.entries.merge import Texts
from bot.slack.blocks.inputs import INPUT, Choice, modal, multi_field, plain, select_field, text_field
from bot.slack.blocks.limits import Block, literal, named, one_line, section

View = dict[str, Any]

AMEND, MOVE, MERGE, REMOVE, HISTORY = "amend_modal", "move_modal", "merge_modal", "remove_modal", "history_modal"
MENU = "entry_menu"
TEXT, AT, KINDS, LANGUAGE = "text", "at", "kinds", "language"
PLACE, BESIDE, OTHER, TEXTS, ACT = "place", "beside", "other", "texts", "act"
NO_LANGUAGE = "none"
TAKE_OFF, PUT_BACK, REDACT = "take off", "put back", "redact"

LANGUAGE_NAMES: Mapping[str, str] = {
    "en": "English",
    "fr": "French",
    "it": "Italian",
    "es": "Spanish",
    "de": "German",
    "pt": "Portuguese",
}

FIRST_FIELD: Mapping[str, str] = {AMEND: TEXT, MOVE: BESIDE, MERGE: OTHER, REMOVE: ACT, HISTORY: ACT}


def menu(entry_id: int, page: str, *, is_withdrawn: bool, may_go: bool) -> Block:
    """What can be done with an entry. An option carries the entry, and the page of the timeline to show afterwards."""
    names = [] if is_withdrawn else [("amend", "Amend"), ("move", "Move"), ("merge", "Merge with…")]
    removal = "Put back or redact" if is_withdrawn else "Take off or redact" if may_go else "Redact"
    names += [("remove", removal), ("history", "History and undo")]
    options = [{"text": plain(label), "value": f"{name}:{entry_id}:{page}"} for name, label in names]
    return {"type": "overflow", "action_id": MENU, "options": options}


def _carried(view: EntryView, more: Mapping[str, object]) -> dict[str, object]:
    return {"entry": view.entry_id, "incident": view.incident_id, "seen": view.version, **more}


def amend(view: EntryView, more: Mapping[str, object]) -> View:
    """Text, time, kinds, language. Words that are gone, or too many for a field, are not asked for."""
    fields: list[Block] = []
    if view.has_words and len(view.text) <= INPUT:
        fields.append(text_field(TEXT, "What happened?", initial=view.text, is_long=True))
    elif view.has_words:
        hint = f"It has {len(view.text):,} characters, more than this field takes. Leave it empty to keep them."
        fields.append(text_field(TEXT, "What happened?", hint=hint, is_long=True))
    hint = f"Times are in {view.zone}. Like 14:05, ~14:05 about then, or ? if nobody knows."
    fields.append(text_field(AT, "When?", initial=view.typed_at, hint=hint))
    kinds = [Choice(kind.value, kind.capitalize()) for kind in MARKS]
    chosen = [kind.value for kind in view.kinds if kind in MARKS]
    fixed = ", ".join(sorted(kind.value for kind in view.fixed))
    fields.append(multi_field(KINDS, "Kinds", kinds, chosen=chosen, hint=f"It stays: {fixed}." if fixed else ""))
    languages = [Choice(NO_LANGUAGE, "Not stated"), *(Choice(code, LANGUAGE_NAMES[code]) for code in LANGUAGES)]
    fields.append(select_field(LANGUAGE, "Language", languages, chosen=view.language or NO_LANGUAGE))
    return modal(AMEND, "Amend the entry", "Amend", fields, _carried(view, {"at": view.typed_at, **more}))


def _choices(entries: tuple[Neighbour, ...]) -> list[Choice]:
    return [Choice(str(each.entry_id), one_line(named(each.label), 75)) for each in entries]


def move(view: EntryView, more: Mapping[str, object]) -> View:
    """Raises ValueError where there is nothing to move it beside: `openings` asks first."""
    fields = [
        _quote(view),
        select_field(
            PLACE,
            "Put it",
            [Choice("behind", "Right behind"), Choice("before", "Right before")],
            chosen="behind",
            is_optional=False,
        ),
        select_field(BESIDE, "This entry", _choices(view.places), is_optional=False),
    ]
    return modal(MOVE, "Move the entry", "Move", fields, _carried(view, more))


def merge(view: EntryView, more: Mapping[str, object]) -> View:
    texts = [
        Choice(Texts.BOTH, "Both, one behind the other"),
        Choice(Texts.OWN, "What this entry says"),
        Choice(Texts.OTHER, "What the other entry says"),
    ]
    fields = [
        _quote(view),
        select_field(
            OTHER,
            "Let it take in",
            _choices(view.neighbours),
            is_optional=False,
            hint="It gets the kinds of both, the earlier time and both sources. The other one is taken off.",
        ),
        select_field(TEXTS, "Text", texts, chosen=Texts.BOTH, is_optional=False),
    ]
    return modal(MERGE, "Merge two entries", "Merge", fields, _carried(view, more))


def remove(view: EntryView, more: Mapping[str, object], *, may_go: bool = True) -> View:
    """Take off, put back, redact. Redacting is last, and says what it does."""
    acts = [Choice(PUT_BACK, "Put it back", "It stands on the timeline again")] if view.is_withdrawn else []
    if not view.is_withdrawn and may_go:
        acts.append(Choice(TAKE_OFF, "Take it off", "It stays in the record, and can be put back"))
    if view.has_words:
        acts.append(Choice(REDACT, "Redact it", "Its words are removed everywhere, for ever; who and when stays"))
    fields = [
        _quote(view),
        select_field(ACT, "What is to be done?", acts, chosen=acts[0].value, is_optional=False),
        text_field(TEXT, "Why?", hint="It is shown beside the entry; redacting needs it."),
    ]
    return modal(REMOVE, "Take off or redact", "Do it", fields, _carried(view, more))


def history(view: EntryView, more: Mapping[str, object]) -> View:
    """Who did what to the entry; sent off, it takes the last thing back."""
    lines = [section(literal(line)) for line in view.history]
    submit = view.undoable is not None
    fields: list[Block] = [_quote(view), *lines]
    if submit:
        undo = [Choice("undo", str(view.undoable)), Choice("nothing", "Nothing: I only looked")]
        fields.append(select_field(ACT, "Take something back?", undo, chosen="nothing", is_optional=False))
    return modal(HISTORY, "History of the entry", "Done", fields, _carried(view, more))


def _quote(view: EntryView) -> Block:
    said = one_line(view.text, 300) if view.text else ", ".join(kind.value for kind in view.kinds)
    return section(f"{view.ref} of {view.incident}, {literal(view.typed_at)}\n>{literal(said)}")


FORMS: Mapping[str, Callable[[EntryView, Mapping[str, object]], View]] = {
    "amend": amend,
    "move": move,
    "merge": merge,
    "remove": remove,
    "history": history,
}
