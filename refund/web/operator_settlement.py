"""The operator's months: what each claims of the treasury, its closing, its payment."""
