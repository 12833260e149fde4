"""The only reader of conf/ and of the environment."""
