"""The public postmortem: the same record, with roles instead of people and nothing internal."""
