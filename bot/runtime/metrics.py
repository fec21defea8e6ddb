"""Prometheus metrics. No label holds text that a person wrote."""

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram

REGISTRY = CollectorRegistry()

SLACK_CALLS = Counter(
    "dogwatch_slack_calls",
    "Calls of Slack's Web API, by method and what came of it.",
    ["method", "outcome"],
    registry=REGISTRY,
)
REQUESTS = Counter("dogwatch_requests", "What came in, by kind and answer.", ["kind", "outcome"], registry=REGISTRY)
PROOFS = Counter(
    "dogwatch_proofs",
    "Requests that proved themselves, by sender and by which of its secrets (first, second, …).",
    ["sender", "which"],
    registry=REGISTRY,
)
REFUSED_PERSONS = Counter(
    "dogwatch_refused_persons", "Acts of people who may not command, by why.", ["why"], registry=REGISTRY
)
INTAKE_REFUSED = Counter(
    "dogwatch_intake_refused",
    "Requests that were turned away with 503 for want of room, by kind and reason.",
    ["kind", "reason"],
    registry=REGISTRY,
)
ANSWER_SECONDS = Histogram(
    "dogwatch_answer_seconds",
    "From receipt to the answer, which comes after the commit.",
    ["kind"],
    registry=REGISTRY,
    buckets=(0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2, 3),
)
OUTBOX_FINISHED = Counter(
    "dogwatch_outbox_finished", "Outbox rows by what came of them.", ["what", "outcome"], registry=REGISTRY
)
SENT_AGAIN = Counter(
    "dogwatch_sent_again", "Effects repeated because their outcome could not be looked up.", ["what"], registry=REGISTRY
)
OUTBOX_FENCED = Counter(
    "dogwatch_outbox_fenced",
    "Outbox rows that were carried out by a worker which had lost its lane meanwhile: they may be there twice.",
    ["what"],
    registry=REGISTRY,
)
OUTBOX_ROWS = Gauge(
    "dogwatch_outbox_rows",
    "Outbox rows that are not done, by state and by how urgent they are.",
    ["state", "urgency"],
    registry=REGISTRY,
)
OUTBOX_REFUSED = Gauge("dogwatch_outbox_refused", "Outbox rows that Slack refused for good.", registry=REGISTRY)
OUTBOX_OLDEST_WAITING_SECONDS = Gauge(
    "dogwatch_outbox_oldest_waiting_seconds",
    "How long ago the oldest unfinished outbox row was asked for, whatever it waits for.",
    registry=REGISTRY,
)
WORKER_RESTARTS = Counter(
    "dogwatch_worker_restarts",
    "Workers of this process that died by a defect and were started again.",
    ["worker"],
    registry=REGISTRY,
)
DELIVERIES_REPEATED = Counter(
    "dogwatch_deliveries_repeated",
    "What Slack delivered again although it was done already: it counted once.",
    ["kind"],
    registry=REGISTRY,
)
OUTBOX_WAITING = Gauge("dogwatch_outbox_waiting", "Outbox rows that are not done.", registry=REGISTRY)
OUTBOX_DEAD = Gauge("dogwatch_outbox_dead", "Outbox rows that were given up.", registry=REGISTRY)
OUTBOX_OLDEST_SECONDS = Gauge(
    "dogwatch_outbox_oldest_due_seconds", "How long what may go has waited for its turn.", registry=REGISTRY
)
HEARTBEATS = Counter(
    "dogwatch_heartbeats", "Calls of the heartbeat's address, and what came of them.", ["outcome"], registry=REGISTRY
)
RETENTION_DELETED = Counter(
    "dogwatch_retention_deleted",
    "Rows that were deleted because they were old enough, by what they held.",
    ["what"],
    registry=REGISTRY,
)
CALENDAR_AGE_SECONDS = Gauge(
    "dogwatch_calendar_age_seconds",
    "How long ago each calendar that is a schedule was last read; +Inf: never.",
    ["schedule"],
    registry=REGISTRY,
)
CALENDAR_BROKEN = Gauge(
    "dogwatch_calendar_broken",
    "1 while a calendar that is a schedule could not be read the last time, else 0.",
    ["schedule"],
    registry=REGISTRY,
)
PAGES = Counter(
    "dogwatch_pages",
    "Pages by something else than Slack, and what came of each try.",
    ["means", "outcome"],
    registry=REGISTRY,
)
TIMER_LATENESS_SECONDS = Histogram(
    "dogwatch_timer_lateness_seconds",
    "How late timers were carried out.",
    registry=REGISTRY,
    buckets=(0.1, 0.5, 1, 2, 5, 30, 300),
)
TIMERS_GIVEN_UP = Gauge(
    "dogwatch_timers_given_up",
    "Timers that failed so often that they are left alone until the next start.",
    registry=REGISTRY,
)
CLOCK_STEPS = Counter(
    "dogwatch_clock_steps",
    "How often the clock was found to have been set, ahead or back.",
    ["direction"],
    registry=REGISTRY,
)
SOCKET_CONNECTIONS = Gauge(
    "dogwatch_socket_connections", "Socket Mode connections of this process that are open.", registry=REGISTRY
)
SOCKET_OLDEST_SECONDS = Gauge(
    "dogwatch_socket_oldest_seconds", "How long the oldest Socket Mode connection has been open.", registry=REGISTRY
)
SOCKET_RECONNECTS = Counter(
    "dogwatch_socket_reconnects",
    "Socket Mode connections that were replaced, by reason.",
    ["reason"],
    registry=REGISTRY,
)
SOCKET_ENVELOPES = Counter(
    "dogwatch_socket_envelopes",
    "What came over Socket Mode: answered, failed, refused, or its answer lost.",
    ["outcome"],
    registry=REGISTRY,
)
CONFIG_RELOADS = Counter(
    "dogwatch_config_reloads",
    "Times that the configuration was read again: taken, unchanged, refused.",
    ["outcome"],
    registry=REGISTRY,
)
CONFIG_LAST_RELOAD = Gauge(
    "dogwatch_config_last_reload_successful",
    "1 if the configuration in force is what the file said when it was last read, 0 if that was refused.",
    registry=REGISTRY,
)
CONFIG_INFO = Gauge(
    "dogwatch_config_info",
    "1, with the fingerprint of the configuration in force: the same for each replica.",
    ["fingerprint"],
    registry=REGISTRY,
)
INCIDENTS_OPEN = Gauge(
    "dogwatch_incidents_open", "Open incidents, private ones and drills not counted.", registry=REGISTRY
)
