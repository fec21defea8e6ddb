"""The tables of all buttons, forms and shortcuts, made of the tables of the modules."""

from typing import Any

from bot.slack.handlers import (
    declare,
    escalation,
    incidents,
    merge,
    oncall,
    paging,
    postmortem,
    timeline,
    timeline_entries,
)
from bot.slack.handlers.commands import command_forms, execution
from bot.slack.handlers.registry import Button, Form, Shortcut
from bot.slack.handlers.status_page import approval

_BUTTONS: tuple[Button[Any], ...] = (
    *declare.BUTTONS,
    *incidents.BUTTONS,
    *merge.BUTTONS,
    *timeline.BUTTONS,
    *timeline_entries.BUTTONS,
    *escalation.BUTTONS,
    *oncall.BUTTONS,
    *paging.BUTTONS,
    *postmortem.BUTTONS,
    *approval.BUTTONS,
    *command_forms.BUTTONS,
    *execution.BUTTONS,
)
BUTTONS = (*_BUTTONS, *command_forms.menu_aliases(_BUTTONS))
FORMS: tuple[Form, ...] = (
    *declare.FORMS,
    *incidents.FORMS,
    *merge.FORMS,
    *timeline.FORMS,
    *timeline_entries.FORMS,
    *escalation.FORMS,
    *oncall.FORMS,
    *paging.FORMS,
    *postmortem.FORMS,
    *approval.FORMS,
    *command_forms.FORMS,
)
SHORTCUTS: tuple[Shortcut, ...] = (*declare.SHORTCUTS, *timeline.SHORTCUTS)
