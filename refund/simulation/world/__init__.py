"""A world before it runs: parameters, scenarios, travellers and their plans, desks, staff."""
