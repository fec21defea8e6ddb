"""Buttons and forms of the public status page."""
