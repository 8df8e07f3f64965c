"""What runs inside a module, recorded: a module and its call -> Trace."""
