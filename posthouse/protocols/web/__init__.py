"""What browsers and mail programs ask of the site itself, by HTTP."""
