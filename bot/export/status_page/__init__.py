"""The public status page for programs: JSON in Statuspage's shape, feeds, a badge. Pure."""
