"""The cross-identity benchmark: avatars moved like others, where the true answer is known."""
