"""What partners are told about the webhooks. Numbers and names come from the code that makes them true."""
