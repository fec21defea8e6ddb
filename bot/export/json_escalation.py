"""The escalations of `incident.json`."""

from bot.domain.escalation import Acknowledgement, PagedLevel
from bot.domain.record.escalations import Escalation, RecordedPage
from bot.export.json_fields import Json, RecordFields, seconds_between


def escalation_fields(fields: RecordFields, each: Escalation) -> Json:
    waited = seconds_between(each.paged_at, each.acknowledged_at) if each.acknowledged_at and each.paged_at else None
    outside = each.outside_answer
    return {
        "ref": each.source.ref,
        "target": fields.text(each.target),
        "target_kind": each.target_kind.value,
        "external": each.external,
        "reason": fields.text(each.reason),
        "paged_at": fields.at(each.paged_at),
        "precision": each.precision.value,
        "acknowledged": each.is_answered,
        "acknowledged_at": fields.at(each.acknowledged_at),
        "acknowledged_by": fields.person(each.acknowledged_by) or (outside.name or None if outside else None),
        "acknowledged_by_id": each.acknowledged_by,
        "acknowledged_after_seconds": waited,
        "declined_by": [fields.person(user_id) for user_id in each.declined_by],
        "out_of_hours": each.out_of_hours,
        "acknowledged_precision": each.acknowledged_precision.value,
        "policy": each.policy or None,
        "levels": each.levels,
        "started_by": each.started_by,
        "follows": each.follows,
        "gave_up_at": fields.at(each.exhausted_at),
        "steps": [_level(fields, called) for called in each.called],
        "pages": [_page(fields, page) for page in each.pages],
        "answers": [_answer(fields, answer) for answer in each.answers],
        "vendor": _vendor(fields, each),
        "link": each.source.link,
    }


def _level(fields: RecordFields, called: PagedLevel) -> Json:
    return {
        "level": called.position.level,
        "round": called.position.round,
        "due_at": fields.at(called.due_at),
        "paged_at": fields.at(called.paged_at),
        "late_seconds": int(called.late.total_seconds()) if called.late else None,
        "because": called.because,
        "people": [fields.person(each) for each in called.people],
        "people_ids": list(called.people),
        "groups": list(called.groups),
        "vendors": list(called.vendors),
        "services": list(called.services),
        "unreachable": [fields.person(each) for each in called.gone],
        "missing": list(called.missing),
        "passed_over": [position.level for position, _ in called.passed_over],
    }


def _page(fields: RecordFields, page: RecordedPage) -> Json:
    return {
        "person": fields.person(page.person),
        "person_id": page.person,
        "means": page.method,
        "level": page.level,
        "round": page.round,
        "due_at": fields.at(page.due_at),
        "sent_at": fields.at(page.sent_at),
        "outcome": page.outcome.value,
        "problem": page.problem or None,
        "out_of_hours": page.out_of_hours,
        "late_seconds": int(page.late.total_seconds()) if page.late else None,
    }


def _answer(fields: RecordFields, answer: Acknowledgement) -> Json:
    return {
        "at": fields.at(answer.at),
        "by": fields.person(answer.by) or answer.name or None,
        "by_id": answer.by,
        "means": answer.method,
        "level": answer.position.level if answer.position else None,
        "withdrawn_at": fields.at(answer.withdrawn_at),
        "silent": answer.is_timed_out,
    }


def _vendor(fields: RecordFields, each: Escalation) -> Json | None:
    facts = each.vendor
    if facts is None:
        return None
    return {
        "case": facts.case or None,
        "case_link": facts.case_source.link if facts.case_source else None,
        "fixed": facts.fixed is not None,
        "fixed_at": fields.at(facts.fixed_at),
        "fixed_precision": facts.fixed_precision.value,
        "fixed_link": facts.fixed.link if facts.fixed else None,
    }
