"""Publish updates on the public status page, correct them, and load what the public sees."""
