"""
Change sources: one module for each kind of sender, with `verify` and `parse`.

Pure, as the alert sources are. They raise nothing but `Unauthorized` (401) and `Malformed` (400).
"""

from collections.abc import Callable, Mapping
from datetime import datetime

from bot.domain.changes.events import ChangeBatch
from bot.lazy_dataclass import dataclass
from bot.sources import Verify
from bot.sources.changes import argo_cd, generic, github, gitlab, pagerduty


@dataclass(frozen=True, slots=True)
class ChangeSource:
    """`parse` takes the decoded body, the headers and the time of receipt. It raises Malformed."""

    verify: Verify
    parse: Callable[[object, Mapping[str, str], datetime], ChangeBatch]


CHANGE_SOURCES: Mapping[str, ChangeSource] = {
    github.NAME: ChangeSource(github.verify, github.parse),
    gitlab.NAME: ChangeSource(gitlab.verify, gitlab.parse),
    argo_cd.NAME: ChangeSource(argo_cd.verify, argo_cd.parse),
    pagerduty.NAME: ChangeSource(pagerduty.verify, pagerduty.parse),
    generic.NAME: ChangeSource(generic.verify, generic.parse),
}
