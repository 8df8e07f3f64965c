"""Worker processes that train what waits in the store, and what their studies find."""
