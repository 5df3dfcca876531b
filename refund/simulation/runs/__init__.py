"""A scenario lived through: what people do, by the services of the pages, and what it came to."""
