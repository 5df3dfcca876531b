"""What may be written to a terminal."""


def one_line(text: str) -> str:
    """One line for a terminal: blanks joined, and nothing that a terminal would obey."""
    indent = "  " if text.startswith("  ") else ""
    joined = " ".join(text.split())
    return indent + "".join(char if char.isprintable() else "\ufffd" for char in joined)
