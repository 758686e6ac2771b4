"""The sentences in English. Tags are Telegram HTML; what stands in braces is filled in and escaped."""

SENTENCES = {
    # The language itself: as it calls itself, and the words by which people may ask for it, whatever they speak.
    "language.name": "English",
    "language.names": "english eng 英文 英语 英語",
    # The card: a headline, then what is known, then the ID.
    "card.who": "<b>{model}</b> · {title}",
    "card.who_short": "<b>{title}</b>",
    "card.id": "<code>{id}</code>",
    "card.looking": "🔎 Looking for this task…",
    "card.looking_in": "🔎 Asking {title}…",
    "card.queued": "⏳ In the queue",
    "card.running": "🎬 Rendering",
    "card.running_at": "🎬 Rendering {bar} {progress} %",
    "card.unknown": "👀 Watching; the gateway calls its state “{word}”",
    "card.watching": "👀 Watching",
    "card.elapsed": "{state} · {elapsed} so far",
    "card.elapsed_of": "{state} · {elapsed} of usually {usual}",
    "card.usually": "{state} · usually {usual}",
    "card.left": "{state} · {left} left",
    "card.stalled": "💤 No change for {quiet}; still watching.",
    "card.succeeded": "✅ Done",
    "card.succeeded_in": "✅ Done in {took}",
    "card.succeeded_empty": "✅ Done, but the gateway gives no file for it; look at the gateway's own page.",
    "card.failed": "❌ Failed: {message}",
    "card.failed_known": "❌ Failed. {because}",
    "card.failed_code": "❌ Failed: {message} (code {code})",
    "card.failed_silent": "❌ Failed; the gateway gives no reason. Its own page may tell more.",
    "card.cancelled": "🚫 Cancelled at the gateway.",
    "card.cancelled_known": "🚫 Cancelled at the gateway. {because}",
    "card.cancelled_because": "🚫 Cancelled at the gateway: {message}",
    "card.expired": "⌛ Expired at the gateway before it was finished. Submit it again.",
    "card.expired_known": "⌛ Expired at the gateway. {because}",
    "card.expired_because": "⌛ Expired at the gateway: {message}",
    "card.deadline": "⏸ Stopped watching after {hours} h without a result. The task may still be running:"
    " send /track with its ID to watch it again.",
    "card.not_found": "🤷 No provider here knows this ID ({asked}). Check that it is complete; it may also belong to"
    " another account than the bot's. Send /track again to retry.",
    "card.not_found_later": "🤷 {title} no longer knows this ID; results are often kept for a day only. Look for it"
    " on its own page, or submit it again.",
    "card.stopped": "⏹ Stopped watching. The render itself goes on; send /track with its ID to watch it again.",
    # The buttons below it; short, for phones.
    "button.refresh": "🔄 Refresh",
    "button.stop": "⏹ Stop watching",
    "button.copy": "📋 Copy ID",
    "button.again": "🔁 Check again",
    "button.details": "ℹ️ Details",
    # Why it ended, in plain words, and what there is to do.
    "failure.moderation": "A content filter did not let it pass. Change the prompt or the picture and submit it again.",
    "failure.balance": "The account's balance or quota was not enough. Top it up at the gateway and submit it again.",
    "failure.key": "A key was not accepted. Check the key that it was submitted with, then submit it again.",
    "failure.input": "The gateway can not work with the prompt, a file or a setting. Check format, size and length,"
    " then submit it again.",
    "failure.expired": "It ran out of time there. Submit it again.",
    "failure.busy": "The gateway was overloaded or had trouble of its own. Submit it again a little later.",
    # What is in the way right now; the task is kept.
    "trouble.auth": "🔑 {title} does not accept the bot's key. The operator has to check it; the task is kept,"
    " and goes on by itself afterwards.",
    "trouble.payment": "💳 {title} says that the account's balance or quota is used up. The operator has to top"
    " it up; the task is kept, and goes on by itself afterwards.",
    "trouble.rate_limited": "🐢 {title} asks for patience (too many requests). Still watching.",
    "trouble.transient": "📡 {title} does not answer properly at the moment. Still watching; there is nothing"
    " you have to do.",
    "trouble.protocol": "🧩 {title} answers with something that is no task status. Still watching; the operator should"
    " check its base URL.",
    "trouble.not_found": "🔎 Not known yet; asking a few times more.",
    "trouble.no_media": "📦 Finished; waiting for the file.",
    "trouble.everybody": "The gateway",
    # The end, as a message of its own.
    "end.video": "✅ {who}: the video is ready",
    "end.image": "✅ {who}: the picture is ready",
    "end.audio": "✅ {who}: the sound is ready",
    "end.last_frame": "🎞 {who}: the last frame",
    "end.files": "✅ {who}: {count} files are ready",
    "end.file": "📎 {who}: the file itself",
    "end.succeeded": "✅ {who}: done, but without a file",
    "end.failed": "❌ {who}: failed",
    "end.cancelled": "🚫 {who}: cancelled",
    "end.expired": "⌛ {who}: expired",
    "end.unknown": "⏸ {who}: stopped watching",
    "end.deadline": "⏸ {who}: stopped watching, no result yet",
    "end.because": "{end}\n{because}\n<blockquote expandable>{message}</blockquote>",
    "end.quoted": "{end}\n<blockquote>{message}</blockquote>",
    "caption.prompt": "<blockquote expandable>{prompt}</blockquote>",
    "caption.length": "{length} long",
    "caption.took": "made in {took}",
    "caption.length_took": "{length} long · made in {took}",
    "link.too_large": "{end}. At {size} MB it is larger than Telegram lets a bot send; it is behind the button.",
    "link.too_large_unknown": "{end}. It is larger than Telegram lets a bot send; it is behind the button.",
    "link.refused": "{end}. Telegram did not take the file; it is behind the button.",
    "link.gone": "{end}, but the gateway no longer hands out the file: its link has expired. Look for it on"
    " the gateway's own page, or submit it again.",
    "link.unavailable": "{end}, but the file could not be fetched; try the button.",
    "link.nowhere": "{end}, but the file could not be brought here; look for it on the gateway's own page.",
    "link.not_allowed": "{end}, but the bot may not send files in this chat; it is behind the button.",
    "link.wished": "{end}; it is behind the button.",
    "link.wished_all": "{end}; they are behind the buttons.",
    "link.lives": "The link works for about {left}.",
    "link.button": "Open the file",
    "link.button_number": "Open file {number}",
    "link.button_size": "Open the file ({size} MB)",
    "span.days": "{count} days",
    "span.hours": "{count} hours",
    "span.minutes": "{count} min",
    "span.seconds": "{count} s",
    "span.about": "about {span}",
    "span.moment": "less than a minute",
    # Answers to commands.
    "reply.start": "👋 I watch video and image generations, and put the finished media into this chat.\n"
    "Send <code>/track ID</code> with the ID of a task; in private the ID alone is enough.\n\n"
    "Providers here: {providers}\n/help tells more.",
    "reply.help": "<b>Tasks</b>\n"
    "/track ID · watch one, or several at once\n"
    "/list · what this chat watches\n"
    "/status ID · everything about one task\n"
    "/untrack ID · stop watching (the render itself goes on)\n"
    "/resend ID · bring a finished result once more\n\n"
    "<b>This chat</b>\n"
    "/settings · what is told here, and how results come\n"
    "/lang · the language\n"
    "/token · let your own programs track tasks here\n"
    "/help · this page\n",
    "reply.help_admins": "<b>For the bot's admins</b>\n"
    "/allow ID · let a person or a group in\n"
    "/deny ID · turn them away\n"
    "/invite · a link that lets somebody in\n"
    "/stats · how the bot is doing\n",
    "reply.help_more": "For example: <code>/track video_69095b4ce004</code>. A link of the gateway, the JSON it"
    " answered with or a curl line do as well, and so does /track as a reply to a message with the ID. Name the"
    " provider or the kind if you like: <code>/track ID apipod image</code>.\n"
    "Short: /t for /track, /ls for /list; <code>/list open</code>, <code>done</code> or <code>failed</code>.\n\n"
    "Providers here: {providers}",
    "reply.no_providers": "none yet; the operator has to set an API key",
    "reply.usage_track": "Which ID? For example: <code>/track video_69095b4ce004</code>",
    "reply.usage_untrack": "Which ID? For example: <code>/untrack video_69095b4ce004</code>; /list shows them.",
    "reply.usage_status": "Which ID? For example: <code>/status video_69095b4ce004</code>; /list shows them.",
    "reply.usage_resend": "Which ID? For example: <code>/resend video_69095b4ce004</code>; /list shows them.",
    "reply.usage_deny": "Whom? For example: <code>/deny 123456789</code>; as a reply it means that message's author,"
    " and in a group the group itself.",
    "reply.usage_invite": "For example: <code>/invite 3 24</code> makes a link that lets three people in within a day;"
    " up to 100 people and 720 hours.",
    "reply.bad_user_id": "<code>{text}</code> is no ID of a person or a group, so I have done nothing. IDs are numbers;"
    " who is not let in is told their own.",
    "reply.bad_id": "<code>{text}</code> cannot be a task ID: IDs are up to 512 letters, digits and . _ - : = +."
    " Copy it once more from the gateway.",
    "reply.unknown_word": "I do not know <code>{text}</code>, so I have done nothing. Beside IDs a provider"
    " ({providers}), <code>video</code> or <code>image</code> may stand.",
    "reply.one_per_line": "<code>{text}</code> contradicts a word beside it, so I have done nothing. Put IDs of"
    " different providers or kinds on lines of their own.",
    "reply.too_many_ids": "That is {text} IDs, and I take 20 in one message, so I have done nothing."
    " Send them in parts.",
    "reply.reply_without_id": "I find no task ID in the message that you replied to. Send its ID behind the command.",
    "reply.unknown_address": "<code>{text}</code> is no gateway that is set up here, so I cannot tell which task that"
    " link means. Send the task's ID itself.",
    "reply.address_without_id": "That link to <code>{text}</code> names no task. Send the task's ID itself; it stands"
    " in the answer to the call that made it.",
    "reply.call_without_id": "That call to <code>{text}</code> names no task that exists already. Send the answer that"
    " you got to it: the ID stands there.",
    "reply.json_without_id": "I find no task ID in that JSON. Send the answer to the call that made the task, or the ID"
    " itself.",
    "reply.key_for_id": "What I need is the ID of a task; a key is none.",
    "reply.key_seen": "🔑 That message holds an API key. I do not keep it and do not need it; better delete the"
    " message.",
    "reply.nobody_to_ask": "No provider that fits is set up here, so nobody can be asked for {ids}. The operator has to"
    " set its API key.",
    "reply.nobody_to_ask_many": "No provider that fits is set up here, so nobody can be asked for these {count}: {ids}."
    " The operator has to set its API key.",
    "reply.already": "👀 Already watching {ids}; its card is further up.",
    "reply.already_many": "👀 Already watching these {count}, their cards are further up: {ids}",
    "reply.untracked": "⏹ Stopped watching {ids}. The render itself goes on.",
    "reply.untracked_many": "⏹ Stopped watching these {count}: {ids}. The renders themselves go on.",
    "reply.not_yours": "Only whoever tracks {ids}, or an admin of this group, may stop that.",
    "reply.not_yours_many": "Only whoever tracks these {count}, or an admin of this group, may stop that: {ids}",
    "reply.not_followed": "This chat does not watch {ids}. /list shows what it does.",
    "reply.not_followed_many": "This chat does not watch these {count}: {ids}. /list shows what it does.",
    "reply.not_yet": "{ids} is not finished yet; its result comes by itself.",
    "reply.not_yet_many": "These {count} are not finished yet; their results come by themselves: {ids}",
    "reply.no_result": "{ids} has brought no file; its card says why.",
    "reply.no_result_many": "These {count} have brought no file; their cards say why: {ids}",
    "reply.too_many_open": "So many tasks are watched already that I take no more: {ids} is not watched. Wait until"
    " some have ended, or /untrack some.",
    "reply.too_many_open_many": "So many tasks are watched already that I take no more: these {count} are not watched:"
    " {ids}. Wait until some have ended, or /untrack some.",
    "reply.let_in": "👋 You are let in. Send <code>/track ID</code> with the ID of a video or image generation;"
    " /help tells more.",
    "reply.admins_only": "Only the bot's admins may do that.",
    "reply.now_in": "✅ {ids} is let in.",
    "reply.now_in_many": "✅ These {count} are let in: {ids}",
    "reply.now_out": "⛔ {ids} is not let in any more.",
    "reply.now_out_many": "⛔ These {count} are not let in any more: {ids}",
    "reply.cannot_deny": "{ids} stands in the operator's own lists, so only the operator can deny them.",
    "reply.cannot_deny_many": "These {count} stand in the operator's own lists, so only the operator can deny"
    " them: {ids}",
    "reply.invite_invalid": "This invitation does not work: it has expired, was used up, or is not complete.",
    "reply.invite_denied": "The bot's admins have decided not to let you in.",
    "reply.comma": ", ",
    "reply.language": "🌐 From now on I speak English here.",
    "reply.language_auto": "🌐 The language is chosen automatically again, from the app that people use here.",
    "reply.unknown_language": "I do not speak <code>{text}</code>, but: {languages}. For example:"
    " <code>/lang en</code>; <code>/lang auto</code> follows your app.",
    "reply.not_admin": "Only admins of this group can change its settings.",
    "reply.not_admin_of_tokens": "Only admins of this group can make, see or revoke its tokens.",
    "reply.no_programs": "Programs cannot reach me here, so a token would be of no use. The operator has to set"
    " HTTP_PORT first.",
    "reply.too_many_tokens": "There are five tokens here already, and more I do not keep. Revoke one first: /token"
    " shows them.",
    "reply.token_sent": "🔑 The token goes to you in private, since everybody here could read it. If nothing comes"
    " there, open my private chat, press Start, and send <code>/token new</code> here once more.",
    "reply.revoked": "🗑 Revoked. A program that uses it gets nothing from now on.",
    "reply.no_token": "There is no such token here. /token shows the ones there are.",
    "reply.unknown_command": "I do not know that command. /help shows the ones I know.",
    "reply.no_command": "Send <code>/track ID</code> with the ID of a generation. /help tells more.",
    "reply.broken": "Something went wrong with that on my side; it is logged. Please send it again.",
    "list.title_all": "<b>Tasks here</b>",
    "list.title_open": "<b>Still open here</b>",
    "list.title_done": "<b>Done here</b>",
    "list.title_failed": "<b>Ended without a result</b>",
    "list.pages": "page {page} of {pages} · {count} tasks",
    "list.count": "{count} tasks",
    "list.one": "{count} task",
    "list.empty": "Nothing is watched here yet. Send <code>/track ID</code>.",
    "list.none": "None at the moment.",
    "list.row": "{number}. {state} · {who} · {ago}\n<code>{id}</code>",
    "list.ago": "{span} ago",
    "list.just_now": "just now",
    "list.filter_all": "All",
    "list.filter_open": "Open",
    "list.filter_done": "Done",
    "list.filter_failed": "Failed",
    "list.chosen": "✓ {which}",
    "list.looking": "🔎 looking",
    "list.queued": "⏳ queued",
    "list.running": "🎬 rendering",
    "list.running_at": "🎬 {progress} %",
    "list.unknown": "👀 watching",
    "list.succeeded": "✅ done",
    "list.failed": "❌ failed",
    "list.cancelled": "🚫 cancelled",
    "list.expired": "⌛ expired",
    "list.deadline": "⏸ stopped watching",
    "list.not_found": "🤷 unknown ID",
    # The panel of settings. Buttons hold no markup.
    "options.title": "<b>Settings</b>\nTap one to change it.",
    "options.title_group": "<b>Settings of this group</b>\nTap one to change it; only admins can.",
    "options.title_topic": "<b>Settings of this topic</b>\nTap one to change it.",
    "options.inherits": "↑ stands where the topic does as the whole chat does.",
    "options.page": "<b>{name}</b>",
    "options.row": "{name}: {value}",
    "options.inherited": "{value} ↑",
    "options.inherit": "As in the whole chat ({value})",
    "options.open": "{value}",
    "options.chosen": "✅ {value}",
    "options.back": "‹ All settings",
    "options.on": "on",
    "options.off": "off",
    "options.language": "🌐 Language",
    "options.language.what": "In which language I write here.",
    "options.language.auto": "Automatic",
    "options.notify": "🔔 Notify",
    "options.notify.what": "How much you hear of a generation. Only its end makes a sound.",
    "options.notify.all": "Every change",
    "options.notify.end": "Only the end",
    "options.notify.silent": "Silent",
    "options.deliver": "📦 Deliver as",
    "options.deliver.what": "In which form results come: to be watched in the chat, as the untouched file, or as a link"
    " to the gateway, which expires. What has no link comes as media.",
    "options.deliver.media": "Media",
    "options.deliver.document": "File",
    "options.deliver.link": "Link",
    "options.deliver.both": "Media and file",
    "options.spoiler": "🙈 Spoiler",
    "options.spoiler.what": "Whether pictures and videos are veiled until somebody taps them.",
    "options.protect": "🔒 Protect content",
    "options.protect.what": "Whether results can be neither forwarded nor saved.",
    "options.provider": "🧭 Preferred gateway",
    "options.provider.what": "An ID that names no gateway is looked for at all of them. If several know it,"
    " this one is believed.",
    "options.provider.none": "none",
    # What stands beside each command in Telegram's menu, and on the bot's own page. No markup; 256 characters, the
    # description 512, the short one 120.
    "menu.track": "Watch a generation: /track ID",
    "menu.list": "What this chat watches",
    "menu.status": "Everything about one task: /status ID",
    "menu.untrack": "Stop watching: /untrack ID",
    "menu.resend": "Bring a result once more: /resend ID",
    "menu.settings": "What is told here, and how results come",
    "menu.lang": "The language of this chat",
    "menu.token": "Let your own programs track tasks here",
    "menu.help": "How it works",
    "menu.stats": "How the bot is doing",
    "menu.allow": "Let a person or a group in: /allow ID",
    "menu.deny": "Turn a person or a group away: /deny ID",
    "menu.invite": "A link that lets somebody in",
    "menu.description": "I watch video and image generations at your providers, and put the finished media into the"
    " chat.\n\nSend /track with the ID of a task.",
    "menu.short_description": "Watches AI video and image generations, and brings the finished media into the chat.",
    # Somebody's own media, offered in any chat. The title and the button have no markup.
    "gallery.title": "{name}: {prompt}",
    "gallery.nothing": "Nothing finished here yet: open the bot",
    "gallery.not_found": "Nothing found: open the bot",
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
    # The panel behind "Details" and /status; clocks are UTC.
    "details.video": "Kind: video",
    "details.image": "Kind: picture",
    "details.account": "Account: {number} of {count}",
    "details.made": "Made at the gateway {ago} ({clock} UTC)",
    "details.sent": "Sent here {ago} ({clock} UTC)",
    "details.seen": "First seen {ago} ({clock} UTC)",
    "details.changed": "Last change {ago} ({clock} UTC)",
    "details.ended": "Ended {ago} ({clock} UTC)",
    "details.ago": "{span} ago",
    "details.just_now": "just now",
    "details.files": "Files: {count}",
    "details.links_live": "The links work for about {left} more.",
    "details.links_dead": "The links have expired.",
    "details.raw": "What the gateway said:\n<blockquote expandable>{message}</blockquote>",
    "details.raw_code": "What the gateway said (code {code}):\n<blockquote expandable>{message}</blockquote>",
    "details.log": "What happened (UTC):\n<blockquote expandable>{events}</blockquote>",
    "details.event": "{clock} {what}",
    "event.asked": "asked for",
    "event.again": "asked for once more",
    "event.answers": "the gateway answers again",
    "event.queued": "in the queue",
    "event.running": "rendering",
    "event.running_at": "rendering, {detail} %",
    "event.unknown": "the gateway calls it “{detail}”",
    "event.succeeded": "done",
    "event.failed": "failed",
    "event.cancelled": "cancelled at the gateway",
    "event.expired": "expired at the gateway",
    "event.deadline": "no result for too long, stopped watching",
    "event.not_found": "nobody knows the ID, stopped watching",
    "event.trouble_not_found": "the ID was not known",
    "event.trouble_auth": "the bot's key was not accepted",
    "event.trouble_payment": "the account's balance or quota was used up",
    "event.trouble_rate_limited": "the gateway asked for patience",
    "event.trouble_transient": "the gateway did not answer properly",
    "event.trouble_protocol": "the answer was no task status",
    "event.trouble_no_media": "finished, but without a file so far",
    # To people who are not let in, and to the operator.
    "refusal": "This bot is private. Your ID is <code>{user_id}</code>; give it to the bot's operator to be let in.",
    "notice.account": "{title}, account {account}",
    "notice.auth": "🔑 {who} rejects its key.\nOpen tasks that wait for it: {waiting}. They are kept, and asked for"
    " again every ten minutes.\nCheck {setting}, and restart the bot after changing it.",
    "notice.payment": "💳 {who} says that the balance or quota is used up.\nOpen tasks that wait for it: {waiting}."
    " They are kept, and asked for again every ten minutes.\nTop up the account; its key stands in {setting}.",
    "notice.down": "📡 {who} has given no usable answer for {span}.\nOpen tasks that wait for it: {waiting}. They are"
    " kept, and asked for again.\nYou will hear when it is back; if that takes long, look at the gateway's own status"
    " page, and check its address here.",
    "notice.back": "✅ {who} works again, after {span}. Its tasks go on by themselves.",
    # The numbers below the picture for the admins. The squares have the colours of the picture's parts.
    "stats.open": "🟦 Open tasks: <b>{count}</b>",
    "stats.polls": "🟪 Polls: <b>{hour}</b> in the last hour, {day} in 24 h",
    "stats.deliveries": "🟩 Messages delivered: <b>{hour}</b> in the last hour, {day} in 24 h (results: {results};"
    " given up: {given_up})",
    "stats.errors": "🟥 Failed polls in 24 h: <b>{percent} %</b>",
    "stats.provider": "· {title}: {count} open, {percent} % of {polls} polls failed",
    "stats.unlocated": "· not found anywhere yet: {count} open",
    "stats.more": "· and {count} providers more",
    "stats.waiting": "📮 Waiting to be delivered: <b>{count}</b>",
    "stats.well": "✅ No gateway is in trouble",
    "stats.auth": "🔑 {who}: key rejected, for {span}",
    "stats.payment": "💳 {who}: balance or quota used up, for {span}",
    "stats.down": "📡 {who}: no usable answer, for {span}",
    "refusal.may_ask": "This bot is private. Your ID is <code>{user_id}</code>; the button asks the bot's admins to let"
    " you in.",
    "access.ask": "Ask for access",
    "access.slow_down": "🐢 Slow down, please: that is more than I take in a minute. What came on top was dropped;"
    " send it again later.",
    "access.request": "🚪 <b>{name}</b> asks to be let in.\nID: <code>{id}</code>",
    "access.admit": "Approve",
    "access.deny": "Deny",
    "access.allowed": "✅ <b>{name}</b> (<code>{id}</code>) was let in by {by}.",
    "access.denied": "⛔ <b>{name}</b> (<code>{id}</code>) was denied by {by}.",
    "access.allowed_before": "✅ <b>{name}</b> (<code>{id}</code>) was let in already.",
    "access.denied_before": "⛔ <b>{name}</b> (<code>{id}</code>) was denied already; /allow lets them in.",
    "access.invitation": "🎟 Whoever opens this link first is let in, until {until}:\n{link}",
    "access.invitations": "🎟 The first {uses} people who open this link are let in, until {until}:\n{link}",
    "access.usage_allow": "Whom? For example: <code>/allow 123456789</code>, several IDs at once, or a group's ID; as a"
    " reply it means that message's author, and in a group the group itself. /deny takes it back, /invite makes a"
    " link.",
    "access.guests": "\n<b>Let in from here so far</b>",
    "access.guest": "<code>{id}</code> {name}",
    "access.no_guests": "\nNobody was let in from here so far.",
    # Said for a moment over the chat, after a button was pressed. At most 200 characters, no markup.
    "toast.stopped": "⏹ Stopped watching. The render itself goes on.",
    "toast.refreshing": "🔄 Asking the gateway…",
    "toast.ended": "This one has ended; its card says how.",
    "toast.unwatched": "This is no longer watched; “Check again” takes it up once more.",
    "toast.watching_again": "🔁 Asking the gateway once more; the card shows what it says.",
    "toast.already_watching": "👀 This is being watched; the card shows how it stands.",
    "toast.finished": "✅ This one is finished; /resend with its ID brings the result once more.",
    "toast.forged": "This button is not from this chat, so nothing was done.",
    "toast.outdated": "That task is no longer watched here; /list shows what is.",
    "toast.not_yours": "Only whoever tracks this, or an admin of the group, may do that.",
    "toast.not_admin": "Only admins of this group can change its settings.",
    "toast.chosen": "✅ Saved.",
    "toast.no_choice": "That choice is not there any more; /settings shows the ones there are.",
    "toast.not_admin_of_tokens": "Only admins of this group can make, see or revoke its tokens.",
    "toast.no_programs": "Programs cannot reach me here; the operator has to set HTTP_PORT first.",
    "toast.too_many_tokens": "There are five tokens here already. Revoke one first.",
    "toast.token_sent": "🔑 It goes to you in private. If nothing comes, open my private chat, press Start, and press"
    " here again.",
    "toast.revoked": "🗑 Revoked. A program that uses it gets nothing from now on.",
    "toast.no_token": "That token is not there any more.",
    "toast.not_let_in": "This bot is private; send it /start to ask for access.",
    "toast.asked": "🚪 The bot's admins have your request. You will hear from me here when they let you in.",
    "toast.asked_already": "The bot's admins have your request already. Once a day is enough.",
    "toast.crowded": "Too many people are asking just now. Please try again tomorrow.",
    "toast.in_already": "You are let in. Send /track with the ID of a generation.",
    "toast.turned_down": "The bot's admins have decided not to let you in.",
    "toast.admins_only": "Only the bot's admins may do that.",
    "toast.admitted": "✅ Let in.",
    "toast.denied": "⛔ Denied.",
    "toast.slow_down": "🐢 Slow down, please: that is more than I take in a minute.",
    "toast.broken": "Something went wrong with that on my side; it is logged. Please try again.",
}
