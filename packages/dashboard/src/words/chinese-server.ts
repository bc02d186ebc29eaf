/** What the server says in a few words of its own, in Chinese: patterns, and what stands for them. The rest stays as it is. */
export const SERVER_IN_CHINESE: readonly (readonly [RegExp, string])[] = [
  // Roles.
  [/^viewer$/, "查看者"],
  [/^operator$/, "操作员"],
  [/^admin$/, "管理员"],
  // How the store is.
  [/^none$/, "无"],
  [/^good$/, "正常"],
  [/^stalled$/, "停滞"],
  [/^full$/, "已满"],
  [/^failed$/, "失败"],
  [/^fenced$/, "被隔离"],
  // Why connections, messages and subscriptions were refused.
  [/^limit$/, "超出限制"],
  [/^handshake$/, "握手失败"],
  [/^protocol error$/, "违反协议"],
  [/^publish$/, "发布"],
  [/^subscribe$/, "订阅"],
  [/^receive$/, "接收"],
  [/^keep subscription$/, "保持订阅"],
  // How connections and sessions end.
  [/^clean(, 0x..)?$/, "正常断开$1"],
  [/^notClean(, 0x..)?$/, "异常断开$1"],
  [/^takeover(, 0x..)?$/, "被同一标识的连接取代$1"],
  [/^disconnected$/, "断开时结束"],
  [/^expired$/, "已过期"],
  [/^cleanStart$/, "以 Clean Start 重新开始"],
  [/^deleted$/, "被删除"],
  [/^evicted$/, "为其他会话让位"],
  // Why messages were dropped.
  [/^queue$/, "队列已满"],
  [/^backlog$/, "积压已满"],
  [/^total$/, "总量已满"],
  [/^away$/, "客户端离线"],
  [/^tooLarge$/, "报文过大"],
  // What rules say.
  [/^this rule allows it$/, "此规则允许"],
  [/^this rule denies it$/, "此规则拒绝"],
  [
    /^no rule is about (.+) and this client, so it is denied$/,
    "没有规则涉及 $1 和此客户端，因此被拒绝",
  ],
  [/^this rule allows QoS (\d) at most$/, "此规则最多允许 QoS $1"],
  [/^this rule allows no retained messages$/, "此规则不允许保留消息"],
  [/^each topic of it is allowed$/, "其中的每个主题都被允许"],
  [/^(granted in part: )?too many rules are about parts of this filter$/, "涉及此过滤器的规则太多"],
  [
    /^(granted in part: )?no rule is about some topics that it matches$/,
    "它匹配的一些主题没有规则涉及",
  ],
  [
    /^(granted in part: )?this rule denies some topics that it matches$/,
    "此规则拒绝它匹配的一些主题",
  ],
  // Why a stream ends.
  [/^the server stops$/, "服务器正在停止"],
  [/^the token is not known any more$/, "令牌已失效"],
  [/^not read for (\d+) seconds$/, "$1 秒未读取"],
];
