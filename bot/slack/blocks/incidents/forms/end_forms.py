"""Warning in the forms that end an incident whose alerts still fire."""

from bot.services.incidents.alerts import FiringAlerts
from bot.slack.blocks.limits import View, literal, section


def with_firing_alerts(form: View, firing: FiringAlerts) -> View:
    """The form with a warning on top if alerts still fire."""
    if not firing.count:
        return form
    warning = section(f":rotating_light: *{literal(firing.sentence, limit=600)}* Continue only if that is expected.")
    return {**form, "blocks": [warning, *form["blocks"]]}
