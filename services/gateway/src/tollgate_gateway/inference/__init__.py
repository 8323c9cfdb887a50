"""The path of an inference call: who, may it, relay, and back."""
