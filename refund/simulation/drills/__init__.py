"""Graded exercises: read from files, prepared at a desk, judged by the books, scored."""
