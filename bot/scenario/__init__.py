"""
Scenarios: incidents as lists of actions, with the facts that their records must have.

The format is described in `docs/reference/scenarios.md`.
"""
