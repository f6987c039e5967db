"""The embedded proxy: mitmproxy tuned and hardened, with the recorder's addon in place before the port opens.

Rule: `plan`, `sharing` and `reach` need no mitmproxy; a supervisor imports only those.
"""
