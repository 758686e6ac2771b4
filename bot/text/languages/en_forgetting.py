"""What is said in English when a chat is to be forgotten; as in `en`."""

SENTENCES = {
    "reply.not_forgetting": "Only admins of this group can have me forget it.",
    "reply.forgotten": "🗑 Forgotten. I know nothing of this chat any more.",
    "reply.kept": "Nothing was deleted.",
    "forget.private": "🗑 <b>Delete all that I know of you here?</b>\nWhat goes: the tasks of this chat, with all that"
    " I noted about them and their files; settings and language; your invitations and tokens for programs; your name,"
    " if you asked to be let in. In groups, your ID goes from what you tracked there; those tasks stay the group's.\n",
    "forget.group": "🗑 <b>Delete all that I know of this group?</b>\nWhat goes, in every topic: the tasks of this"
    " group, with all that I noted about them and their files; settings and language; its tokens for programs.\n",
    "forget.stays": "What stays: the messages in this chat; the renders at the gateways; tasks that other chats track"
    " too, for those; whether the operator has let you in; the operator's logs and backups, until they are replaced.\n"
    "What is being watched is not watched any longer. This cannot be undone.",
    "forget.yes": "🗑 Delete it all",
    "forget.no": "Keep it",
    "menu.forget": "Delete all that I know of this chat",
    "toast.not_forgetting": "Only admins of this group can have me forget it.",
    "toast.too_late": "That question is too old; send /forget again.",
}
