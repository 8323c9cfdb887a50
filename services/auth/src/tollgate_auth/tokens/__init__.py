"""Every token that auth signs."""
