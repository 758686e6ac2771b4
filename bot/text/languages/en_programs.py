"""What is said in English about programs and their tokens; as in `en`."""

SENTENCES = {
    "reply.not_admin_of_tokens": "Only admins of this group can make, see or revoke its tokens.",
    "reply.no_programs": "Programs cannot reach me here, so a token would be of no use. The operator has to set"
    " HTTP_PORT first.",
    "reply.too_many_tokens": "There are five tokens here already, and more I do not keep. Revoke one first: /token"
    " shows them.",
    "reply.token_sent": "🔑 The token goes to you in private, since everybody here could read it. If nothing comes"
    " there, open my private chat, press Start, and send <code>/token new</code> here once more.",
    "reply.revoked": "🗑 Revoked. A program that uses it gets nothing from now on.",
    "reply.no_token": "There is no such token here. /token shows the ones there are.",
    # Tokens by which programs act for a chat. Buttons hold no markup.
    "programs.token": "🔑 Token {number}, for programs that track tasks in this chat. It is shown only this once; keep"
    " it like a password.\n<code>{token}</code>",
    "programs.token_of_group": "🔑 Token {number}, for programs that track tasks in the group (or topic) where you"
    " asked for it. It is shown only this once; keep it like a password.\n<code>{token}</code>",
    "programs.use": "A program sends it along as <code>Authorization: Bearer …</code> when it calls"
    ' <code>POST /v1/track</code> with <code>{{"id": "…"}}</code>.',
    "programs.callback": "Gateways that call back may be given this address as <code>callback_url</code>; all it can do"
    " is make me look sooner:\n<code>{url}</code>",
    "programs.copy": "📋 Copy the token",
    "programs.panel": "🔑 All tokens",
    "programs.title": "<b>Tokens here</b>\nPrograms that have one can track tasks in this chat.",
    "programs.none": "<b>Tokens here</b>\nNone yet. A program that has one can track tasks in this chat.",
    "programs.row": "{number} · made {made} UTC",
    "programs.new": "➕ New token",
    "programs.revoke": "🗑 Revoke {number}",
    "programs.revoke_all": "🗑 Revoke all",
    "programs.gone": "This token was revoked before it was shown. <code>/token new</code> makes another one.",
    "menu.token": "Let your own programs track tasks here",
    "toast.not_admin_of_tokens": "Only admins of this group can make, see or revoke its tokens.",
    "toast.no_programs": "Programs cannot reach me here; the operator has to set HTTP_PORT first.",
    "toast.too_many_tokens": "There are five tokens here already. Revoke one first.",
    "toast.token_sent": "🔑 It goes to you in private. If nothing comes, open my private chat, press Start, and press"
    " here again.",
    "toast.revoked": "🗑 Revoked. A program that uses it gets nothing from now on.",
    "toast.no_token": "That token is not there any more.",
}
