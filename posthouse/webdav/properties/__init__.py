"""Live properties: tables of how each is made from a member; other modules have tables of their own."""
