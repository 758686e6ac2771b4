"""Stand-ins for everything outside the bot: a strict Telegram, gateways and a file server, over real HTTP."""
