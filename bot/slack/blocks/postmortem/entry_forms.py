"""Forms of one timeline entry, and the menu that opens them."""

from collections.abc import Callable, Mapping

from bot.command.forms.choices import Choice, kind_choices, language_choices
from bot.domain.languages import get_language
from bot.domain.terms import MARKS
from bot.services.entries.form_view import EntryView, Neighbour
from bot.services.entries.merge import MergedText
from bot.slack.blocks.inputs import MAX_INPUT, modal, multi_select_field, select_field, text_field
from bot.slack.blocks.limits import (
    Block,
    View,
    formatted,
    formatted_line,
    literal,
    one_line,
    overflow_menu,
    replace_mentions,
    section,
)

AMEND, MOVE, MERGE, REMOVE, HISTORY = "amend_modal", "move_modal", "merge_modal", "remove_modal", "history_modal"
MENU = "entry_menu"
TEXT, AT, KINDS, LANGUAGE = "text", "at", "kinds", "language"
PLACE, BESIDE, OTHER, TEXTS, ACT = "place", "beside", "other", "texts", "act"
NO_LANGUAGE = "none"
TAKE_OFF, PUT_BACK, REDACT = "take off", "put back", "redact"


def entry_menu(entry_id: int, page: str, *, is_withdrawn: bool, may_go: bool) -> Block:
    """Menu of an entry. Its values hold the entry and the timeline page to return to."""
    names = [] if is_withdrawn else [("amend", "Amend"), ("move", "Move"), ("merge", "Merge with…")]
    removal = "Put back or redact" if is_withdrawn else "Take off or redact" if may_go else "Redact"
    names += [("remove", removal), ("history", "History and undo")]
    return overflow_menu(MENU, [(label, f"{name}:{entry_id}:{page}") for name, label in names])


def _metadata(view: EntryView, more: Mapping[str, object]) -> dict[str, object]:
    return {"entry": view.entry_id, "incident": view.incident_id, "seen": view.version, **more}


def translation_field(code: str) -> str:
    """Name of the field with the entry's words in a further language."""
    return f"{TEXT}.{code}"


def amend_form(view: EntryView, more: Mapping[str, object]) -> View:
    """Text, time, kinds, language. Redacted or overlong texts are not prefilled."""
    fields: list[Block] = []
    if view.has_words and len(view.text) <= MAX_INPUT:
        fields.append(text_field(TEXT, "Text", initial=view.text, is_long=True))
    elif view.has_words:
        hint = f"It has {len(view.text):,} characters, more than this field takes. Leave it empty to keep them."
        fields.append(text_field(TEXT, "Text", hint=hint, is_long=True))
    hint = f"Times are in {view.zone}. For example 14:05, ~14:05 if approximate, or ? if unknown."
    fields.append(text_field(AT, "Time", initial=view.typed_at, hint=hint))
    chosen = [kind.value for kind in view.kinds if kind in MARKS]
    fixed = ", ".join(sorted(kind.value for kind in view.fixed))
    fields.append(
        multi_select_field(
            KINDS, "Kinds", kind_choices(), chosen=chosen, hint=f"Always kept: {fixed}." if fixed else ""
        )
    )
    languages = [Choice(NO_LANGUAGE, "Not stated"), *language_choices()]
    fields.append(select_field(LANGUAGE, "Language", languages, chosen=view.language or NO_LANGUAGE))
    english = get_language("en")
    fields += [
        text_field(translation_field(code), f"Text in {english.language_name(code)}", initial=text, is_long=True)
        for code, text in view.translations.items()
        if view.has_words and view.text and len(text) <= MAX_INPUT
    ]
    return modal(AMEND, "Amend the entry", "Amend", fields, _metadata(view, {"at": view.typed_at, **more}))


def _choices(entries: tuple[Neighbour, ...]) -> list[Choice]:
    return [Choice(str(each.entry_id), one_line(replace_mentions(each.label), 75)) for each in entries]


def move_form(view: EntryView, more: Mapping[str, object]) -> View:
    """Raises ValueError for an entry without neighbours: the caller checks that first."""
    fields = [
        _quote(view),
        select_field(
            PLACE,
            "Position",
            [Choice("behind", "Directly after"), Choice("before", "Directly before")],
            chosen="behind",
            is_optional=False,
        ),
        select_field(BESIDE, "Other entry", _choices(view.places), is_optional=False),
    ]
    return modal(MOVE, "Move the entry", "Move", fields, _metadata(view, more))


def merge_entries_form(view: EntryView, more: Mapping[str, object]) -> View:
    texts = [
        Choice(MergedText.BOTH, "Both, one after the other"),
        Choice(MergedText.OWN, "Text of this entry"),
        Choice(MergedText.OTHER, "Text of the other entry"),
    ]
    fields = [
        _quote(view),
        select_field(
            OTHER,
            "Entry to merge",
            _choices(view.neighbours),
            is_optional=False,
            hint="This entry gets the kinds of both, the earlier time and both sources. The other one is taken off.",
        ),
        select_field(TEXTS, "Text", texts, chosen=MergedText.BOTH, is_optional=False),
    ]
    return modal(MERGE, "Merge two entries", "Merge", fields, _metadata(view, more))


def remove_form(view: EntryView, more: Mapping[str, object], *, may_go: bool = True) -> View:
    """Take off, put back or redact the entry."""
    acts = [Choice(PUT_BACK, "Put it back", "It is on the timeline again")] if view.is_withdrawn else []
    if not view.is_withdrawn and may_go:
        acts.append(Choice(TAKE_OFF, "Take it off", "It stays in the record, and can be put back"))
    if view.has_words:
        acts.append(Choice(REDACT, "Redact it", "Its words are removed everywhere, permanently; author and time stay"))
    fields = [
        _quote(view),
        select_field(ACT, "Action", acts, chosen=acts[0].value, is_optional=False),
        text_field(TEXT, "Reason", hint="It is shown beside the entry. Required to redact."),
    ]
    return modal(REMOVE, "Take off or redact", "Apply", fields, _metadata(view, more))


def history_form(view: EntryView, more: Mapping[str, object]) -> View:
    """History of the entry. Submitting it can undo the last change."""
    lines = [section(formatted(line)) for line in view.history]
    submit = view.undoable is not None
    fields: list[Block] = [_quote(view), *lines]
    if submit:
        undo = [Choice("undo", str(view.undoable)), Choice("nothing", "No change")]
        fields.append(select_field(ACT, "Undo", undo, chosen="nothing", is_optional=False))
    return modal(HISTORY, "History of the entry", "Done", fields, _metadata(view, more))


def _quote(view: EntryView) -> Block:
    text = view.text or ", ".join(kind.value for kind in view.kinds)
    return section(f"{view.ref} of {view.incident}, {literal(view.typed_at)}\n>{formatted_line(text, length=300)}")


FORMS: Mapping[str, Callable[[EntryView, Mapping[str, object]], View]] = {
    "amend": amend_form,
    "move": move_form,
    "merge": merge_entries_form,
    "remove": remove_form,
    "history": history_form,
}
