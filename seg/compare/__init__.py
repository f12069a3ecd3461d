"""Many runs: planned, trained, resumed."""
