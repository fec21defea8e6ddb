"""
Scenarios: incidents as lists of actions, with the facts that their records have to hold.

The format is described in `docs/reference/scenarios.md`.
"""
