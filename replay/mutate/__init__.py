"""What a client, a network or an attacker would change in a session; one mutator a file."""
