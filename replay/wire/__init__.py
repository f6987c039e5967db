"""The only aiohttp: client, faults, target guard."""
