"""Who may do what with whose folders."""
