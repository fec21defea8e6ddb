"""Run the effect of one outbox row."""

from collections.abc import Mapping
from time import perf_counter

from sqlalchemy.exc import DBAPIError
from sqlmodel import Session
from structlog import get_logger

from bot.runtime.log import bind_incident, request_context
from bot.runtime.metrics import OUTBOX_FINISHED
from bot.services.outbox import OutboxKind, kind_of
from bot.slack.delivery.effects import EffectHandler
from bot.slack.delivery.effects.context import EffectContext, UnknownOutboxKind
from bot.slack.delivery.failures import failure_outcome, is_channel_lost, with_card_refresh
from bot.store import outbox
from bot.store.database.tables import dialect_of
from bot.store.outbox import Claim, Loaded, OutboxRow, Outcome

log = get_logger(__name__)


class RowRunner:
    def __init__(self, context: EffectContext, effects: Mapping[OutboxKind, EffectHandler]) -> None:
        self._context = context
        self._effects = effects

    async def run(self, claim: Claim) -> Outcome:
        """Run the row's effect. Failures are outcomes, too."""
        row = claim.row
        if claim.reference is not None:
            bind_incident(claim.reference)
        started = perf_counter()
        try:
            outcome = await self._effect_of(row.kind).run(self._context, claim)
        except Exception as problem:  # noqa: BLE001  each kind has its own outcome, and a worker survives any row
            outcome = failure_outcome(claim, problem, self._context.now())
        OUTBOX_FINISHED.labels(row.kind, type(outcome).__name__.lower()).inc()
        if isinstance(outcome, outbox.Rejected):
            is_lost = await is_channel_lost(self._context, row, outcome)
            return with_card_refresh(row, outcome, self._context.now(), is_lost=is_lost)
        if isinstance(outcome, outbox.Done):
            log.info("outbox row done", ms=round((perf_counter() - started) * 1000, 1))
        return outcome

    def load(self, session: Session, row: OutboxRow) -> Loaded | None:
        """Read what the row's effect reads first; None if the effect has to do that."""
        kind = kind_of(row.kind)
        effect = None if kind is None else self._effects.get(kind)
        if effect is None or effect.load is None:
            return None
        with request_context(row.request_id):
            try:
                return Loaded(effect.load(self._context, session, row))
            except Exception as problem:
                if isinstance(problem, DBAPIError) and dialect_of(session) == "postgresql":
                    raise  # the server has given up the transaction
                return None

    def _effect_of(self, kind: str) -> EffectHandler:
        known = kind_of(kind)
        if known is None:
            raise UnknownOutboxKind
        return self._effects[known]
