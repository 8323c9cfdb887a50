"""The order on authority: whether what one credential may do is within what another may do."""
