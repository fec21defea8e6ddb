"""Forms on an incident: declare it, change its details and roles, end it."""
