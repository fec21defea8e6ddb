"""The parts of a postmortem draft. `bot.domain.postmortem.assemble` puts them together."""
