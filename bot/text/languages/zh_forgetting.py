"""What is said in Chinese when a chat is to be forgotten; as in `zh`."""

SENTENCES = {
    "reply.not_forgetting": "只有群管理员可以让我忘记本群。",
    "reply.forgotten": "🗑 已全部删除。我不再保留本聊天的任何记录。",
    "reply.kept": "什么也没有删除。",
    "forget.private": "🗑 <b>删除我在这里记录的关于你的一切？</b>\n会删除：本聊天的任务，以及关于它们和成品文件的"
    "全部记录；设置和语言；你创建的邀请链接和程序令牌；申请使用时留下的名字。"
    "你在群里跟踪的任务仍属于该群，但不再记有你的 ID。\n",
    "forget.group": "🗑 <b>删除我记录的关于本群的一切？</b>\n会删除（包括所有话题）：本群的任务，以及关于它们和成品"
    "文件的全部记录；设置和语言；本群的程序令牌。\n",
    "forget.stays": "会保留：聊天里的消息；平台上的生成任务；其他聊天也在跟踪的任务（只为那些聊天保留）；"
    "管理员是否允许你使用；管理员的日志和备份，直到它们被替换。\n正在跟踪的任务将不再跟踪。此操作无法撤销。",
    "forget.yes": "🗑 全部删除",
    "forget.no": "保留",
    "menu.forget": "删除我所记录的本聊天的一切",
    "toast.not_forgetting": "只有群管理员可以让我忘记本群。",
    "toast.too_late": "这个提问已经过期，请重新发送 /forget。",
}
