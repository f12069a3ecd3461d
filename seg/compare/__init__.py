"""Many runs: planned, trained, resumed.

plan -> run_task: arms and seeds as command lines of `seg fit`; probe -> fingerprint, imports: what identifies each run;
tuning -> executor -> local or dask -> worker: one process per run.
"""
