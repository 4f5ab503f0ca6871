"""HTTP as everything on the site shares it: requests and answers without a transport, and the rim that carries them."""
