"""What the commands do that work on a token store; each is loaded when it is called."""
