"""Many runs: planned, trained and resumed."""
