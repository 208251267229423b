"""How times are written where Django has no format for a language, or one that nobody uses."""
