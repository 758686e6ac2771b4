"""What gateways write when a task has failed, by what it means: patterns in English and Chinese, no logic.

A line is a pattern. They are written for folded text: lower case, and spaces for the dots, dashes, underscores and
humps of codes.
"""

# Cut out before anything is looked for: these hold words of the tables below and mean none of them.
HARMLESS = r"""
passed (?:the )?(?:content )?(?:moderation|safety check|review)|(?:moderation|safety check) (?:was )?passed
(?:white|colou?r) balance|load balanc\w+|credit card|credits?:
(?:case|time) (?:in)?sensitiv\w*
(?:thread|type|memory) safety
content security policy|(?:cors|retry|bucket) policy
copyright (?:©|\(c\)|\d{4}|notice)
(?<![未不])审核(?:已)?通过|审核中|大小写(?:不)?敏感|敏感度|暴力破解
"""

# A check that did not work has found nothing; and whoever asks too often is not out of money.
BUSY_FIRST = r"""
(?:moderation|safety|nsfw|content filter|risk control)\b[^.;]{0,30}(?:timed? ?out|unavailable|not available|overloaded)
(?:审核|内容安全|安全检测|敏感词|风控)[^。；，,]{0,8}(?:超时|繁忙|不可用|服务异常|过载)
rate.?limit(?!ing)|too many requests|(?:requests?|calls|queries) per (?:second|minute|hour)
请求(?:过多|过于?频繁)|过于频繁|限流|并发(?:数)?(?:过高|超限|已满)
"""

MODERATION = r"""
\bmoderation\b|\bmoderated\b|\bnsfw\b|\bsensitive\b|\brisk control\b|\bdata inspection\b|\bresponsible ai\b
content (?:polic|guideline|filter|safety|moderat|security|checker|violation|restriction|blocked)
content (?:was|is|has been) (?:blocked|flagged|filtered|moderated)
(?:usage|community) (?:polic|guideline|standard)
^safety\b|safety (?:system|filter|checker|polic|guideline|reason|setting|violation|concern|standard)
(?:by|for|to|our) safety|unsafe (?:content|prompt|image|input|text)
polic(?:y|ies).{0,20}violat|violat\w*.{0,30}(?:polic|guideline|community|terms of|standards?\b|copyright)
(?:prompt|input|image|content|output|video|text|request|material)s?(?: \w+){0,3} flagged
flagged (?:as|for|by) (?:\w+ ){0,3}(?:violat|unsafe|sensitive|moderat|safety|content|inappropriate)
inappropriate (?:content|material|language|word|image|text|prompt|information)
(?:prohibited|forbidden|banned|disallowed|illegal) (?:content|word|material|prompt|use\b)|audit \w+ illegal
\bcopyright|intellectual property|infring|\blikeness\b|celebrit|public figure
(?:contain|show|depict|includ)\w* .{0,25}(?:real (?:person|people|human)|minors\b)
\bsexual|nudity|pornogra|hate speech|self harm|graphic violence|adult content
explicit (?:content|material|imagery)
敏感|涉黄|涉政|涉恐|色情|暴力|低俗|血腥|违禁|侵权|版权|肖像|不合规|不良(?:信息|内容)|不当内容|内容安全|风控
(?<![账帐]号)(?<![账帐]户)违规(?!操作|调用|使用)|审核|安全(?:审核|审查|检测|检查|策略|规范)
违反.{0,16}(?:政策|规定|规范|准则|条款|法律|法规|社区|内容)
(?:含|疑似|涉及|存在|禁止|不支持|不允许).{0,4}真人
"""

BALANCE = r"""
insufficient (?:\w+ ){0,3}(?:balance|funds?|credits?|quota|points)\b
\b(?:balance|credits?|quota|funds)(?: (?:is|are|was|were|has been|have been))? (?:insufficient|not enough|too low)
\b(?:balance|credits?|quota|funds)(?: (?:is|are|was|were|has been|have been))? (?:exhausted|depleted|used up|exceeded)
(?:exceed\w*|exhausted|used up|r[ua]n out of|out of|not enough|no more) (?:\w+ ){0,3}(?:credits?|quota|balance|funds)\b
in arrears|\barrearage\b|account (?:is )?overdue|overdue (?:account|payment|balance|bill)|payment required
billing (?:hard |soft )?limit|lacks? (?:\w+ ){0,2}(?:balance|credits|funds)
欠费|余额(?:已)?(?:不足|不够|用完|用尽|耗尽|为零|为0)|充值|预扣费.{0,4}失败
(?:额度|配额|积分|点数)(?:已)?(?:不足|不够|用完|用尽|耗尽|超限|超出)|(?:不足|超出|超过).{0,6}(?:额度|配额)
"""

# Before `KEY`: that a picture could not be fetched is no matter of the account's key.
INPUT_FIRST = r"""
(?:fail|unable|could not|can ?not|can't|error)\w* (?:to )?(?:download|fetch|load|read|decod|open)\w* (?:\w+ ){0,4}?image
(?:fail|unable|could not|can ?not|can't|error)\w* (?:to )?(?:download|fetch|load|read|decod|open)\w* (?:\w+ ){0,4}?audio
(?:fail|unable|could not|can ?not|can't|error)\w* (?:to )?(?:download|fetch|load|read)\w* (?:the )?(?:input|reference)
(?:image|picture|audio|(?:input|reference|source) \w+) (?:could not|can ?not|can't|failed to) be (?:download|fetch|load)
(?:image|picture|audio|(?:input|reference|source) \w+) (?:could not|can ?not|can't) be (?:read|decod|open|access|pars)
(?:图片|图像|首帧|尾帧|参考图|参考视频|素材|音频).{0,6}(?:下载失败|读取失败|解析失败|无法(?:下载|访问|读取|解析|识别))
(?:下载|读取|解析|获取)(?:输入|参考)?(?:图片|图像|首帧|尾帧|参考图|素材|音频).{0,4}失败
"""

KEY = r"""
(?:invalid|incorrect|expired|missing|wrong|disabled|revoked) (?:\w+ ){0,2}?(?:(?:api|access|secret) ?key|credentials?)\b
(?:invalid|incorrect|expired|missing|revoked) (?:access|auth\w*) token\b
(?:(?:api|access|secret) ?key|credentials?|access token)(?: \w+){0,2} (?:not found|not valid|invalid|expired|missing)
(?:(?:api|access|secret) ?key|credentials?|access token)(?: \w+){0,2} (?:incorrect|revoked|disabled|wrong)
unauthori[sz]ed(?! (?:content|use\b|material|likeness|person|image))|unauthenticated
authentication (?:failed|error|required)|authorization token|\blogin fail
(?:无效|错误|过期|失效)的?(?:令牌|密钥|api ?key)
(?:令牌|密钥|api ?key)(?:无效|错误|已?过期|已?失效|不正确|不存在|不可用)
鉴权失败|未授权|认证失败|身份验证失败
"""

INPUT = r"""
(?:invalid|bad|unsupported|malformed|corrupt\w*) (?:\w+ ){0,2}?(?:image|picture|audio|file)\b(?! response)
(?:invalid|bad|unsupported|illegal) (?:\w+ ){0,2}?(?:parameters?|params?|arguments?|input|seed|fps|dimensions?)\b
(?:invalid|bad|unsupported) (?:\w+ ){0,2}?(?:size|resolution|duration|length|ratio|format|codec)\b
(?:invalid|unsupported) (?:mime|media|content) type\b
\binvalid (?:\w+ )?prompt\b|\binput preprocessing\b|\basset invalid\b
(?:image|picture|video|audio|file|format|model|parameter|codec)\b(?: \w+){0,4} (?:not (?:\w+ ){0,2}support|unsupported)
(?:type|size|resolution|duration|ratio|length)\b(?: \w+){0,4} (?:not (?:\w+ ){0,2}support|unsupported|out of range)
(?:image|file|prompt|size|resolution|duration|length|audio)\b(?: \w+){0,3} exceeds? (?:the )?(?:max|limit|allowed)
(?:image|picture|file|prompt|input|audio|text|resolution) (?:\w+ ){0,2}too (?:large|small|long|short|big|many)
(?:prompt|image|size|duration|resolution|ratio|seconds|width|height)\b(?: \w+){0,2} (?:must|should) (?:be|have)
(?:prompt|image|size|duration|resolution|ratio|parameter|seconds|width|height)\b(?: \w+){0,2} (?:is|are) required
(?:prompt|image|input) (?:can ?not|must not|may not|should not) be empty
missing (?:\w+ ){0,2}?(?:parameter|prompt|image)
no face (?:was )?(?:detected|found)|face (?:was )?not (?:detected|found)
(?:无效|错误|非法|缺少|缺失|不支持)的?.{0,6}参数|参数(?:值)?(?:错误|无效|不合法|异常|不正确|缺失|不支持|有误|校验)
不支持的?(?:图片|图像|视频|音频|文件|格式|尺寸|分辨率|比例|时长|模型|大小)
无效的?(?:图片|图像|文件|格式|尺寸|分辨率|时长)|格式错误|未检测到(?:人脸|人物|真人)
(?:图片|图像|视频|音频|文件|素材)(?:(?!生成|处理|任务|合成|失败).){0,10}(?:不支持|无效|不符合|损坏|不合法|有误)
(?:图片|图像|视频|音频|文件|素材)(?:(?!生成|处理|任务|合成|失败).){0,10}(?:[过太][大小长短]|超出|超过|不能为空|不正确)
(?:尺寸|分辨率|比例|宽高比|时长|格式|大小|提示词|首帧|尾帧).{0,10}(?:不支持|无效|不符合|损坏|不合法|有误)
(?:尺寸|分辨率|比例|宽高比|时长|格式|大小|提示词|首帧|尾帧).{0,10}(?:[过太][大小长短]|超出|超过|不能为空|不正确)
"""

EXPIRED = r"""
\b(?:task|job|request|generation)(?: (?:has|is|was|had))? expired\b|任务.{0,3}(?:已)?过期
"""

BUSY = r"""
timed? ?out\b|took too long|overload\w*|too busy|(?:server|service|system|model|gateway) (?:is )?(?:\w+ )?busy
temporar\w+ unavailable|service (?:is )?(?:currently )?unavailable|unavailable (?:at the moment|right now)
^internal\b|\binternal (?:\w+ )?error|\bserver error|bad gateway|gateway time ?out
try again (?:later|shortly|in (?:a|an|\d))|high demand|(?:at|over|insufficient|no) (?:gpu |server )?capacity\b
insufficient (?:gpu|compute|computing|server|system)\b
connection (?:reset|refused|timed|aborted)|upstream connect error
超时(?!时间|参数|设置)|繁忙|稍后(?:再试|重试|再来)|过载|负载(?:已)?(?:过高|已满|饱和|已饱和)|内部(?:服务)?(?:错误|异常)
(?:系统|服务器?)(?:内部)?(?:错误|异常|不可用|故障)|请求上游.{0,4}失败|排队(?:人数)?(?:已满|过多)
"""
