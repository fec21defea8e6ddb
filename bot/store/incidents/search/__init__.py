"""Search of incidents: by their fields, and by the words of their record."""
