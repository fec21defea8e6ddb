"""The parts of a postmortem draft. `bot.domain.postmortem` puts them together."""
