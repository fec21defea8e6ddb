"""Prometheus metrics. No label holds text that a person wrote."""

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram

REGISTRY = CollectorRegistry()

SLACK_CALLS = Counter(
    "dogwatch_slack_calls", "Slack Web API calls, by method and outcome.", ["method", "outcome"], registry=REGISTRY
)
REQUESTS = Counter(
    "dogwatch_requests", "Incoming requests, by kind and outcome.", ["kind", "outcome"], registry=REGISTRY
)
PROOFS = Counter(
    "dogwatch_proofs",
    "Authenticated requests, by sender and the secret used (first, second, …).",
    ["sender", "which"],
    registry=REGISTRY,
)
REFUSED_PERSONS = Counter(
    "dogwatch_refused_persons", "Refused actions of people without access, by reason.", ["why"], registry=REGISTRY
)
INTAKE_REFUSED = Counter(
    "dogwatch_intake_refused",
    "Requests refused with 503 at a limit, by kind and reason.",
    ["kind", "reason"],
    registry=REGISTRY,
)
LOG_LINES_LOST = Counter("dogwatch_log_lines_lost", "Log lines that could not be written.", registry=REGISTRY)
ANSWER_SECONDS = Histogram(
    "dogwatch_answer_seconds",
    "Time from receipt to the response, which follows the commit.",
    ["kind"],
    registry=REGISTRY,
    buckets=(0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2, 3),
)
OUTBOX_FINISHED = Counter("dogwatch_outbox_finished", "Outbox rows by outcome.", ["what", "outcome"], registry=REGISTRY)
SENT_AGAIN = Counter(
    "dogwatch_sent_again", "Effects repeated because their outcome could not be looked up.", ["what"], registry=REGISTRY
)
OUTBOX_FENCED = Counter(
    "dogwatch_outbox_fenced",
    "Outbox rows sent by a worker that had lost its lane: possibly sent twice.",
    ["what"],
    registry=REGISTRY,
)
OUTBOX_ROWS = Gauge(
    "dogwatch_outbox_rows", "Unfinished outbox rows, by state and urgency.", ["state", "urgency"], registry=REGISTRY
)
OUTBOX_REFUSED = Gauge("dogwatch_outbox_refused", "Outbox rows that Slack refused for good.", registry=REGISTRY)
OUTBOX_OLDEST_WAITING_SECONDS = Gauge(
    "dogwatch_outbox_oldest_waiting_seconds",
    "Age of the oldest unfinished outbox row, whatever it waits for.",
    registry=REGISTRY,
)
WORKER_RESTARTS = Counter(
    "dogwatch_worker_restarts",
    "Workers of this process that crashed and were restarted.",
    ["worker"],
    registry=REGISTRY,
)
DELIVERIES_REPEATED = Counter(
    "dogwatch_deliveries_repeated",
    "Repeated deliveries of Slack and Mailgun, which were ignored.",
    ["kind"],
    registry=REGISTRY,
)
OUTBOX_WAITING = Gauge("dogwatch_outbox_waiting", "Unfinished outbox rows.", registry=REGISTRY)
OUTBOX_DEAD = Gauge("dogwatch_outbox_dead", "Outbox rows that were given up.", registry=REGISTRY)
OUTBOX_OLDEST_SECONDS = Gauge(
    "dogwatch_outbox_oldest_due_seconds", "Time that sendable outbox rows have waited.", registry=REGISTRY
)
HEARTBEATS = Counter("dogwatch_heartbeats", "Heartbeat calls, by outcome.", ["outcome"], registry=REGISTRY)
RETENTION_DELETED = Counter(
    "dogwatch_retention_deleted", "Rows deleted by retention, by kind.", ["what"], registry=REGISTRY
)
CALENDAR_AGE_SECONDS = Gauge(
    "dogwatch_calendar_age_seconds",
    "Age of the last read of each schedule's calendar; +Inf: never.",
    ["schedule"],
    registry=REGISTRY,
)
CALENDAR_BROKEN = Gauge(
    "dogwatch_calendar_broken",
    "1 while the last read of a schedule's calendar failed, else 0.",
    ["schedule"],
    registry=REGISTRY,
)
PAGES = Counter(
    "dogwatch_pages",
    "Attempts to page by contact methods other than Slack, by outcome.",
    ["means", "outcome"],
    registry=REGISTRY,
)
SUBSCRIBER_NOTICES = Counter(
    "dogwatch_subscriber_notices",
    "Attempts to tell subscribers of the status page, by kind and outcome.",
    ["kind", "outcome"],
    registry=REGISTRY,
)
TIMER_LATENESS_SECONDS = Histogram(
    "dogwatch_timer_lateness_seconds", "Delay of timers.", registry=REGISTRY, buckets=(0.1, 0.5, 1, 2, 5, 30, 300)
)
TIMERS_GIVEN_UP = Gauge(
    "dogwatch_timers_given_up", "Timers that failed too often, paused until the next start.", registry=REGISTRY
)
CLOCK_STEPS = Counter(
    "dogwatch_clock_steps", "Detected steps of the clock, ahead or back.", ["direction"], registry=REGISTRY
)
SOCKET_CONNECTIONS = Gauge(
    "dogwatch_socket_connections", "Open Socket Mode connections of this process.", registry=REGISTRY
)
SOCKET_OLDEST_SECONDS = Gauge(
    "dogwatch_socket_oldest_seconds", "Age of the oldest Socket Mode connection.", registry=REGISTRY
)
SOCKET_RECONNECTS = Counter(
    "dogwatch_socket_reconnects",
    "Socket Mode connections that were replaced, by reason.",
    ["reason"],
    registry=REGISTRY,
)
SOCKET_ENVELOPES = Counter(
    "dogwatch_socket_envelopes",
    "Socket Mode payloads: answered, failed, refused, or answer lost.",
    ["outcome"],
    registry=REGISTRY,
)
CONFIG_RELOADS = Counter(
    "dogwatch_config_reloads", "Configuration reloads: taken, unchanged, refused.", ["outcome"], registry=REGISTRY
)
CONFIG_LAST_RELOAD = Gauge(
    "dogwatch_config_last_reload_successful",
    "1 if the last configuration reload was accepted, 0 if it was refused.",
    registry=REGISTRY,
)
CONFIG_INFO = Gauge(
    "dogwatch_config_info",
    "1, with the fingerprint of the configuration in use: the same for each replica.",
    ["fingerprint"],
    registry=REGISTRY,
)
INCIDENTS_OPEN = Gauge("dogwatch_incidents_open", "Open incidents, without private ones and drills.", registry=REGISTRY)
