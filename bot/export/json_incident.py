"""The incident object of `incident.json`."""

from collections.abc import Mapping, Sequence

from bot.domain.postmortem import build_draft
from bot.domain.record.model import RoleAssignment, Statement
from bot.domain.record.sources import Moment
from bot.domain.text.durations import duration_between, format_duration
from bot.export.json_fields import Json, RecordFields, seconds_between

MOMENTS = ("started", "ended", "detected", "declared", "acknowledged", "identified", "mitigated", "resolved")


def incident_fields(fields: RecordFields) -> Json:
    incident = fields.record.incident
    moments: Mapping[str, Moment | None] = {name: getattr(incident, name) for name in MOMENTS}
    return {
        **_description(fields),
        "template": incident.template,
        "closure_reason": fields.text(incident.closure_reason) if incident.closure_reason else None,
        "zone": incident.zone.key,
        "languages": list(incident.languages),
        "private": incident.private,
        "drill": incident.drill,
        "drill_of": incident.drill_of,
        "retro": incident.retro,
        "lead": fields.person(incident.lead),
        "lead_id": incident.lead,
        "roles": [_role(fields, each) for each in fields.record.roles],
        "declared_by": fields.person(incident.declared_by),
        "declared_by_id": incident.declared_by,
        "channel": incident.channel_name,
        "channel_link": incident.channel_link,
        "merged_into": incident.merged_into,
        "took_in": list(incident.took_in),
        **{f"{name}_at": fields.at(moment.at) if moment else None for name, moment in moments.items()},
        "sources": {f"{name}_at": _because(moment) for name, moment in moments.items() if moment},
        **_duration(fields),
        "acknowledged_after_seconds": _time_to_acknowledge(fields),
        "impact": _impact(fields),
        "cause": _statements([_statement(fields, each) for each in fields.record.causes]),
        "resolution": _statements([_statement(fields, each) for each in fields.record.resolutions]),
        "conclusion": build_draft(fields.record).documents[0].conclusion,
    }


def _description(fields: RecordFields) -> Json:
    incident = fields.record.incident
    return {
        "reference": incident.reference,
        "outside_reference": incident.outside_reference,
        "title": fields.text(incident.title),
        "titles": {code: fields.text(title) for code, title in incident.titles.items()},
        "status": incident.status.value,
        "status_label": incident.status_label,
        "severity": incident.severity.value,
        "severity_label": incident.severity_label,
        "services": list(incident.services),
        "service_names": {code: list(names) for code, names in incident.service_names.items()},
        "public_grade": incident.public_grade,
        "category": incident.category,
        "responsibility": incident.responsibility,
    }


def _role(fields: RecordFields, assignment: RoleAssignment) -> Json:
    return {
        "role": assignment.role,
        "label": assignment.label,
        "person": fields.person(assignment.person),
        "person_id": assignment.person,
        "since": fields.at(assignment.since),
        "until": fields.at(assignment.until),
        "assigned_by": fields.person(assignment.assigned_by),
        "assigned_by_id": assignment.assigned_by,
        "handed_to": fields.person(assignment.handed_to),
        "handed_to_id": assignment.handed_to,
        "note": fields.text(assignment.note) if assignment.note else None,
        "link": assignment.source.link,
    }


def _time_to_acknowledge(fields: RecordFields) -> int | None:
    """Seconds from detection; None if not acknowledged, or acknowledged before detected."""
    detected, acknowledged = fields.record.incident.detected, fields.record.incident.acknowledged
    if acknowledged is None or acknowledged.at < detected.at:
        return None
    return seconds_between(detected.at, acknowledged.at)


def _duration(fields: RecordFields) -> Json:
    """Duration of the impact; None without an end, or if it ends before its start."""
    started, ended = fields.record.incident.started.at, fields.record.incident.ended
    if ended is None or ended.at < started:
        return {"duration_seconds": None, "duration": None}
    return {
        "duration_seconds": seconds_between(started, ended.at),
        "duration": format_duration(duration_between(started, ended.at)),
    }


def _statements(statements: Sequence[Json]) -> Json | None:
    """The first statement, with all of them under `texts`; None if there is none."""
    return {**statements[0], "texts": statements} if statements else None


def _statement(fields: RecordFields, statement: Statement) -> Json:
    return {
        "text": fields.text(statement.text),
        "language": statement.language,
        "at": fields.at(statement.at),
        "by": fields.person(statement.by),
        "by_id": statement.by,
        "ref": statement.source.ref,
        "link": statement.source.link,
    }


def _impact(fields: RecordFields) -> Json | None:
    """The impact, with the first stated number of users, which may be of another statement."""
    impacts = fields.record.impacts
    impact = _statements([{**_statement(fields, each), **_affected_users(each)} for each in impacts])
    if impact is not None:
        impact |= _affected_users(next((each for each in impacts if each.users), impacts[0]))
    return impact


def _affected_users(statement: Statement) -> Json:
    users = statement.users
    source = statement.users_source or statement.source
    return {
        "count_of_users": users.count if users else None,
        "percent_of_users": users.percent if users else None,
        "users_are_approximate": users.is_about if users else None,
        "users_ref": source.ref if users else None,
    }


def _because(moment: Moment) -> Json:
    return {
        "because": moment.because,
        "precision": moment.precision.value,
        "kind": moment.source.kind.value,
        "ref": moment.source.ref,
        "link": moment.source.link,
    }
