"""What the server gave and the client gave back, and what the client makes afresh."""
