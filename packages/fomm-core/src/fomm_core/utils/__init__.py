"""Files, YAML, the cache folder and facts about the machine."""
