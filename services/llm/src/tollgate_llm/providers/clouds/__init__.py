"""What clouds need beyond a key in a header: where they are, tokens for a while, other streams."""
