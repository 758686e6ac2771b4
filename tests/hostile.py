"""What a stranger may have written, where a name, a prompt or an error is expected."""

HOSTILE = (
    "<b>",
    "</code>",
    "&lt;script&gt;",
    "[x](tg://user?id=1)",
    '<a href="http://evil.test">Telegram</a>',
    "\u202egpj.exe",
    "@everyone",
    "/start@other_bot",
    "evil.test/x?y=1 #tag $USD me@evil.test tg://resolve?domain=x 10.0.0.1/x",
    "\U0001f469\u200d\U0001f469\u200d\U0001f467\u200d\U0001f466" * 900,
    "</blockquote></b><tg-spoiler>",
    "*_`~|\\",
)
