"""Guarded HTTP: pages, calendars and images of others."""
