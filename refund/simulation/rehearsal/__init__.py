"""A day played by people: its clock, its bots and fault cards, days kept and gone back to."""
