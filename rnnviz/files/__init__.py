"""Files in other programs' formats: weights that somebody brings, runs that somebody takes."""
