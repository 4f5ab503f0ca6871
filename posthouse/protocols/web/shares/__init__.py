"""Share links as pages: files for people without an account, in plain HTML that needs no script."""
