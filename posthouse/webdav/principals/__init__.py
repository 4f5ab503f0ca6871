"""Who can be named on the site, and the folders that lead to what people have there."""
