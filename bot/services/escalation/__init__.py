"""
Escalation: page the levels of a policy until somebody acknowledges.

Every change happens under the lock of the escalation's row, so a step and an acknowledgement are serialized.
Escalations are locked before incidents. `state` reads and writes the row, `page_level` pages one level, `advance`
carries out the steps that `bot.domain.escalation` decides.
"""
