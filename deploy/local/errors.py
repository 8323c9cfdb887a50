"""What ends `make up` with a sentence instead of a traceback."""


class CannotStart(Exception):
    """The stack cannot be started; each argument is a sentence for the person in front of it."""

    def __str__(self) -> str:
        return "\n".join(str(sentence) for sentence in self.args)
