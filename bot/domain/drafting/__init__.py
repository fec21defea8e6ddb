"""The parts of a postmortem draft. `bot.domain.postmortems` puts them together."""
