"""What is shown of text and states."""

from streamrec.wire import EventMessage, StatusMessage


def printable(label: str) -> str:
    """Replace control characters, which could steer the terminal."""
    return "".join(c if c.isprintable() else "?" for c in label)


def state_of(message: StatusMessage) -> str:
    """Return the state in words, with what is wrong with the pictures."""
    return f"{message.state}, {message.defect} picture" if message.defect else str(message.state)


def end_of(event: EventMessage) -> str:
    """Return how long an event was, and why it ended."""
    return f"after {event.duration_s:.1f} s ({event.reason})"
