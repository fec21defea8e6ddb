"""Read the fields of a form, and show errors at them."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from zoneinfo import ZoneInfo

from sqlmodel import Session

from bot.domain.errors import Ambiguous, UserError
from bot.domain.times import ParsedTime, read_time
from bot.slack.blocks.modals import AT
from bot.slack.handlers.interactions import ViewSubmission
from bot.store.incidents import incidents


class FieldError(UserError):
    """An error that is shown at one field of a modal."""

    def __init__(self, name: str, message: str) -> None:
        self.field = name
        super().__init__(message)


class FieldErrors(UserError):
    """All errors of a modal, each at its field."""

    def __init__(self, by_field: Mapping[str, str]) -> None:
        self.by_field = by_field
        super().__init__(" ".join(by_field.values()))


@dataclass(frozen=True, slots=True)
class ErrorCollector:
    """Errors of several fields: each is read, and all errors are raised together."""

    by_field: dict[str, str] = field(default_factory=dict)

    @contextmanager
    def collect(self) -> Iterator[None]:
        """Keep the FieldError of the block."""
        try:
            yield
        except FieldError as problem:
            self.by_field.setdefault(problem.field, problem.message)

    def check(self) -> None:
        """Raise FieldErrors if there were any."""
        if self.by_field:
            raise FieldErrors(self.by_field)


@contextmanager
def errors_at(name: str) -> Iterator[None]:
    """Show a UserError of the block at a field."""
    try:
        yield
    except UserError as problem:
        raise FieldError(name, problem.message) from problem


def parse_time_field(session: Session, submission: ViewSubmission, at: datetime) -> ParsedTime | None:
    """Parse the time field, in the incident's zone; None if it is empty. Raises FieldError."""
    text = submission.text(AT)
    if not text:
        return None
    incident = incidents.get(session, submission.incident_id)
    with errors_at(AT):
        return read_time(text, now=at, zone=ZoneInfo(incident.zone))


def list_candidates(question: Ambiguous, verb: str) -> str:
    """Return the message of a question, with the candidates that it does not name."""
    missing = [each for each in question.candidates if each not in question.message]
    return question.message + (f" {verb} one of: {', '.join(missing)}." if missing else "")
