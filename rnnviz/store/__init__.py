"""What is kept of runs, studies, data and traces, in one database."""
