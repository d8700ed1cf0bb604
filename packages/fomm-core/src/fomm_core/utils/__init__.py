"""Files, YAML, the cache folder, entry points and facts about the machine."""
