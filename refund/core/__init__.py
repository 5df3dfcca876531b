"""The rules: values in, values out; no clock, no chance, no storage, no network."""
