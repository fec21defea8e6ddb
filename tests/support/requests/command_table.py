"""A table of commands like the real one, and parse contexts, for tests of the grammar."""

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

from bot.command.table import Command, Context, Option, Positional, Value
from bot.domain.terms import Kind, Severity

NOW = datetime(2023, 11, 7, 18, 0, tzinfo=UTC)  # a Tuesday, 10:00 PST
PACIFIC = ZoneInfo("America/Los_Angeles")

AT = Option("at", Value.TIME)
LANG = Option("lang", Value.LANGUAGES)
SEV = Option("sev", Value.SEVERITY, aliases=("severity",))

PUBLIC = ("investigating", "identified", "monitoring", "resolved")

COMMANDS = (
    Command(
        "start",
        "start [title] [sev:] [service:] [ref:] [tz:] [at:] [private] [drill] [retro]",
        "Open an incident and its channel.",
        options=(
            SEV,
            Option("service", Value.WORD),
            Option("ref", Value.TEXT),
            Option("tz", Value.ZONE),
            AT,
            Option("private", Value.FLAG, readings=("Private", "Public")),
            Option("drill", Value.FLAG, readings=("Drill", "Real incident")),
            Option("retro", Value.FLAG),
        ),
        text="optional",
        aliases=("declare", "new", "open"),
        needs_incident=False,
    ),
    Command(
        "edit",
        "edit [title:] [service:] [tz:]",
        "Change what is said of it.",
        options=(Option("title", Value.TEXT), Option("service", Value.WORD), Option("tz", Value.ZONE)),
    ),
    Command(
        "note",
        "note [at:] [kind:] text",
        "Put something on the timeline.",
        options=(AT, Option("kind", Value.KIND)),
        text="required",
        aliases=("log",),
    ),
    Command(
        "status",
        "status STATUS [text]",
        "Where it stands.",
        positionals=(Positional("status", Value.STATUS),),
        text="optional",
    ),
    Command(
        "severity",
        "severity SEV [why]",
        "How bad it is.",
        positionals=(Positional("sev", Value.SEVERITY),),
        text="optional",
        aliases=("sev",),
    ),
    Command("lead", "lead @user", "Who leads.", positionals=(Positional("user", Value.PERSON),)),
    Command(
        "escalate",
        "escalate TARGET [at:] why",
        "Call for help.",
        options=(AT,),
        positionals=(Positional("target", Value.TARGET),),
        text="required",
        aliases=("page",),
    ),
    Command("ack", "ack", "I am on it."),
    Command(
        "impact",
        "impact [lang:] text [users:20%] [started:] [ended:]",
        "What it did to whom.",
        options=(LANG, Option("users", Value.USERS), Option("started", Value.TIME), Option("ended", Value.TIME)),
        text="optional",
    ),
    Command("cause", "cause [lang:] text", "Why it happened.", options=(LANG,), text="required"),
    Command("improve", "improve text", "What to learn.", text="required"),
    Command(
        "task",
        "task text [@owner] [due:] [symptom:]",
        "What to do.",
        options=(Option("due", Value.DATE), Option("symptom", Value.TEXT)),
        positionals=(Positional("owner", Value.OWNER, required=False, at_either_end=True),),
        text="required",
        aliases=("todo",),
    ),
    Command(
        "update",
        "update STATE [lang:] text",
        "Tell the public.",
        options=(LANG,),
        positionals=(Positional("state", Value.WORD, choices=PUBLIC),),
        text="optional",
    ),
    Command("resolve", "resolve [at:] [text]", "It is over.", options=(AT,), text="optional"),
    Command("merge", "merge INC-3", "One incident, not two.", positionals=(Positional("other", Value.INCIDENT),)),
    Command(
        "show",
        "show INC-3",
        "Look at one.",
        positionals=(Positional("incident", Value.INCIDENT),),
        needs_incident=False,
    ),
    Command(
        "postmortem",
        "postmortem [template:] [lang:]",
        "The draft.",
        options=(Option("template", Value.WORD, choices=("classic", "brief")), LANG),
        aliases=("pm",),
    ),
    Command("help", "help [command]", "This.", text="optional", needs_incident=False),
)

INSIDE = Context(
    now=NOW,
    zone=PACIFIC,
    severities={each.value: each for each in Severity},
    mark_words={"mag": Kind.INVESTIGATION, "fish": Kind.MISLEADING_PATH, "red herring": Kind.MISLEADING_PATH},
    inside="INC-7",
)
