"""What is said in Chinese about programs and their tokens; as in `zh`."""

SENTENCES = {
    "reply.not_admin_of_tokens": "只有群管理员可以创建、查看或撤销本群的令牌。",
    "reply.no_programs": "程序目前连不到我，有令牌也用不了。需要部署者先设置 HTTP_PORT。",
    "reply.too_many_tokens": "这里已经有 5 个令牌，不能再多了。请先撤销一个：/token 可以看到它们。",
    "reply.token_sent": "🔑 群里人人可见，所以令牌会私聊发给你。如果没有收到，请打开与我的私聊，点“开始”，"
    "然后在这里再发一次 <code>/token new</code>。",
    "reply.revoked": "🗑 已撤销。使用它的程序从现在起不再有效。",
    "reply.no_token": "这里没有这个令牌。/token 可以看到现有的令牌。",
    "programs.token": "🔑 令牌 {number}：持有它的程序可以在本聊天中跟踪任务。令牌只显示这一次，请像密码一样保管。\n"
    "<code>{token}</code>",
    "programs.token_of_group": "🔑 令牌 {number}：持有它的程序可以在你申请令牌的群（或话题）中跟踪任务。"
    "令牌只显示这一次，请像密码一样保管。\n<code>{token}</code>",
    "programs.use": "程序调用 <code>POST /v1/track</code> 时带上 <code>Authorization: Bearer …</code>，"
    '内容为 <code>{{"id": "…"}}</code>。',
    "programs.callback": "支持回调的平台可以把这个地址填作 <code>callback_url</code>；它只能让我早一点去查看：\n"
    "<code>{url}</code>",
    "programs.copy": "📋 复制令牌",
    "programs.panel": "🔑 全部令牌",
    "programs.title": "<b>这里的令牌</b>\n持有令牌的程序可以在本聊天中跟踪任务。",
    "programs.none": "<b>这里的令牌</b>\n还没有。持有令牌的程序可以在本聊天中跟踪任务。",
    "programs.row": "{number} · 创建于 {made} UTC",
    "programs.new": "➕ 新令牌",
    "programs.revoke": "🗑 撤销 {number}",
    "programs.revoke_all": "🗑 全部撤销",
    "programs.gone": "这个令牌还没显示就已被撤销。<code>/token new</code> 可以再建一个。",
    "menu.token": "让你自己的程序在这里跟踪任务",
    "toast.not_admin_of_tokens": "只有群管理员可以创建、查看或撤销本群的令牌。",
    "toast.no_programs": "程序目前连不到我，需要部署者先设置 HTTP_PORT。",
    "toast.too_many_tokens": "这里已经有 5 个令牌，请先撤销一个。",
    "toast.token_sent": "🔑 令牌会私聊发给你。如果没有收到，请打开与我的私聊，点“开始”，再回来点一次。",
    "toast.revoked": "🗑 已撤销。使用它的程序从现在起不再有效。",
    "toast.no_token": "这个令牌已经不在了。",
}
