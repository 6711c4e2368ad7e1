"""The commands, one module each, their options and their output. Nothing of `sweep` imports it but its own modules."""
