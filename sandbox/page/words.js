// The page's own words, in the languages of the bot.

const WORDS = {
  en: {
    iam: "I am", app: "My app speaks", chats: "Chats", menu: "People and chats", theme: "Light or dark", backstage: "Behind the scenes",
    page: "Rushes: a chat of the sandbox", messages: "Messages", offers: "To choose from", waiting: "Calls that will go wrong",
    request: "Request", answer: "Answer", copy: "Copy", uncopied: "Could not copy", play: "Play", more: "More or less of it", spoiler: "Hidden; show it",
    nothing: "The bot offers nothing for this", failed: "That did not work", away: "the sandbox does not answer", below: "To the newest message",
    cancel: "Do not answer this message", commands: "Commands", write: "Message", fates: "A task to try", send: "Send", ok: "OK",
    faults: "Next call to Telegram", calls: "Bot API calls", reply: "Answer", copied: "Copied", silent: "Sent without a sound", edited: "edited",
    unread: "new", private: "private", group: "group", topic: "Topic", video: "video", photo: "photo", animation: "GIF", audio: "audio", document: "file",
    you: "You (let in)", owner: "Owner", admin: "Group admin", stranger: "Stranger", bot: "bot",
    empty: "Write /start, or press 🎬 for a task to follow.",
    typing: "typing…", upload_photo: "sending a photo…", upload_video: "sending a video…", upload_document: "sending a file…",
    upload_voice: "sending audio…", record_video: "recording a video…",
    "fate.normal": "a video", "fate.slow": "a slow video, with progress", "fate.images": "several pictures",
    "fate.last_frame": "a video and its last frame", "fate.colon": "an ID with a colon", "fate.download": "a video behind a download",
    "fate.fails": "fails", "fate.cancelled": "is cancelled", "fate.stuck": "never ends", "fate.unknown": "nobody knows it",
    "fate.large": "a file of 60 MB", "fate.hangs": "its gateway does not answer",
    "fault.429": "429, wait 5 s", "fault.media": "media refused", "fault.lost": "answer lost", "fault.502": "502 instead of it",
    "fault.none": "calm again",
  },
  zh: {
    iam: "我是", app: "界面语言", chats: "聊天", menu: "人物和聊天", theme: "浅色或深色", backstage: "幕后",
    page: "Rushes：沙盒里的聊天", messages: "消息", offers: "可选项", waiting: "即将出错的调用",
    request: "请求", answer: "回应", copy: "复制", uncopied: "无法复制", play: "播放", more: "展开或收起", spoiler: "已隐藏，点按显示",
    nothing: "机器人没有可提供的内容", failed: "没有成功", away: "沙盒没有回应", below: "跳到最新消息",
    cancel: "不回复这条消息", commands: "命令", write: "消息", fates: "试一个任务", send: "发送", ok: "好",
    faults: "下一次 Telegram 调用", calls: "Bot API 调用", reply: "回复", copied: "已复制", silent: "静音发送", edited: "已编辑",
    unread: "新", private: "私聊", group: "群组", topic: "话题", video: "视频", photo: "图片", animation: "动图", audio: "音频", document: "文件",
    you: "你（已获准）", owner: "所有者", admin: "群管理员", stranger: "陌生人", bot: "机器人",
    empty: "发送 /start，或按 🎬 选一个任务来跟踪。",
    typing: "正在输入…", upload_photo: "正在发送图片…", upload_video: "正在发送视频…", upload_document: "正在发送文件…",
    upload_voice: "正在发送音频…", record_video: "正在录制视频…",
    "fate.normal": "一段视频", "fate.slow": "较慢的视频，有进度", "fate.images": "多张图片",
    "fate.last_frame": "视频和它的最后一帧", "fate.colon": "带冒号的 ID", "fate.download": "需要另行下载的视频",
    "fate.fails": "失败", "fate.cancelled": "被取消", "fate.stuck": "永远不结束", "fate.unknown": "没有网关认识",
    "fate.large": "60 MB 的文件", "fate.hangs": "网关没有回应",
    "fault.429": "429，等待 5 秒", "fault.media": "拒收媒体", "fault.lost": "回复丢失", "fault.502": "以 502 代替",
    "fault.none": "恢复正常",
  },
};

export const LANGUAGES = { en: "English", zh: "中文" };

let language = "en";

export function speak(chosen) {
  language = chosen in WORDS ? chosen : "en";
  document.documentElement.lang = language === "zh" ? "zh-Hans" : language;
  document.title = say("page");
  for (const element of document.querySelectorAll("[data-say]")) element.textContent = say(element.dataset.say);
  for (const element of document.querySelectorAll("[data-name]")) element.setAttribute("aria-label", say(element.dataset.name));
  for (const element of document.querySelectorAll("[data-label]")) {
    element.setAttribute("aria-label", say(element.dataset.label));
    element.title = say(element.dataset.label);
    if ("placeholder" in element) element.placeholder = say(element.dataset.label);
  }
}

export const say = (key) => WORDS[language][key] ?? key;
