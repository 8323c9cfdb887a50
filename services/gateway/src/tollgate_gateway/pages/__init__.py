"""The pages that people are sent to by a link."""
