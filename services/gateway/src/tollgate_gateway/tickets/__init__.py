"""May it: which limits a request must pass, how much it may use, and the ticket that holds both."""
