"""The one door: who is calling, may they, and the relay to llm."""
