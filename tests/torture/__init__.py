"""The long fault batteries: ``python -m tests.torture --seed 7``; the test suite runs ten of each."""
