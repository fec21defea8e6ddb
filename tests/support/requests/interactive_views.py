"""A form and a message with interactive elements."""


def words(text):
    return {"type": "plain_text", "text": text}


def option(value):
    return {"text": words(value.upper()), "value": value}


def field(name, element, **more):
    return {"type": "input", "block_id": name, "label": words(name), "element": element | {"action_id": "it"}, **more}


FORM = {
    "type": "modal",
    "callback_id": "form",
    "title": words("Form"),
    "submit": words("Go"),
    "private_metadata": "kept",
    "notify_on_close": True,
    "blocks": [
        field("title", {"type": "plain_text_input", "min_length": 2}),
        field("severity", {"type": "static_select", "options": [option("sev1"), option("sev2")]}),
        field("kinds", {"type": "checkboxes", "options": [option("drill"), option("private")]}, optional=True),
        field("who", {"type": "users_select"}, optional=True),
        field("day", {"type": "datepicker"}, optional=True),
    ],
}


CARD = [
    {
        "type": "actions",
        "block_id": "card",
        "elements": [
            {"type": "button", "action_id": "ack", "text": words("Acknowledge"), "value": "7"},
            {"type": "overflow", "action_id": "more", "options": [option("one"), option("two")]},
            {"type": "static_select", "action_id": "sev", "options": [option("sev1"), option("sev2")]},
            {"type": "users_select", "action_id": "lead"},
            {"type": "datepicker", "action_id": "due"},
        ],
    }
]
