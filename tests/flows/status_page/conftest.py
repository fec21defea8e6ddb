"""A world with a public page in three languages."""

from typing import Any

import pytest

CONFIG = """
[incidents]
zone = "Europe/Paris"

[services.checkout]
[services.terminals]

[postmortem]
private_words = ["Falcon"]

[status]
title = "Harbour Pay"
languages = ["en", "fr", "it"]
url = "https://status.example.test"

[status.groups.payments]
name = "Payments"
names = { fr = "Paiements" }

[status.components.online]
name = "Online payments"
names = { fr = "Paiements en ligne" }
group = "payments"
services = ["checkout"]

[status.components.store]
name = "In-store payments"
services = ["terminals"]
"""


@pytest.fixture
def world_defaults() -> dict[str, Any]:
    return {"config": CONFIG}
