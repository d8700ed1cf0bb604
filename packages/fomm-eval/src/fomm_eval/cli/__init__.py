"""The commands of fomm-eval: one module each, imported when the command is called."""
