/**
 * The Japanese templates of advice: about refused calls, calls that ended by a time limit, and obstacles in the browser
 * (content security policy, permission for the microphone, frames).
 */

/** @type {import("./explain.js").Refusals} */
export const refusals = {
  domain: "{domain} はこのトークンのリストにありません。管理者が Settings > Embed Phone Widget で追加できます。",
  paused: "電話サービスのスタッフがすべての組織の通話を一時停止しています。後でもう一度おかけください。",
  numberKinds: {
    own_number: "これはご自身の組織の番号です。別の番号におかけください。",
    pay_per_call: "これは有料情報サービスの番号です。どの組織からも発信できません。",
    special: "これはポケットベルや衛星電話などの特殊な番号です。どの組織からも発信できません。",
    unassigned: "この番号は使われていません。番号を確認して、もう一度お試しください。",
  },
  country: {
    organization:
      "この国({country})への通話は、お使いの組織では有効になっていません。管理者が「Calling rules」で有効にできます。",
    token:
      "この国({country})への通話は、このトークンでは有効になっていません。管理者がトークンのページで有効にできます。",
    listed:
      "新しい組織のため、{until}までは{home}の番号にのみ発信できます。その後は発信先の国({country})にも発信できます。この制限を早く終了できるのはサポートだけです。",
    unlisted:
      "新しい組織のため、{until}までは{home}の番号にのみ発信できます。その後は、管理者が「Calling rules」で発信先の国({country})を追加できます。サポートはこの制限を早く終了できます。",
    unlistedForToken:
      "新しい組織のため、{until}までは{home}の番号にのみ発信できます。その後は、管理者がトークンのページで発信先の国({country})を追加できます。サポートはこの制限を早く終了できます。",
  },
  limitSentences: {
    atOnce: "進行中の通話が多すぎます。",
    shortTime: "短時間の通話が多すぎます。",
    callsToday: "本日の通話が多すぎます。",
    sameNumber: "1時間以内のこの番号への通話が多すぎます。",
    foreignNumbers: "1時間以内に発信した国外の番号の数が多すぎます。",
    minutesToday: "本日の通話時間を使い切りました。",
    minutesThisMonth: "今月の通話時間を使い切りました。",
    budgetToday: "本日の予算を使い切りました。",
    budgetThisMonth: "今月の予算を使い切りました。",
  },
  waitTimes: {
    otherCall: "ほかの通話が終わるまで",
    minute: "1分間",
    hour: "1時間",
    today: "午前0時(UTC)まで",
    month: "翌月の初め(UTC)まで",
  },
  amounts: {
    live_calls: { other: "同時に{value}件" },
    live_calls_per_token: { other: "トークンごとに同時に{value}件" },
    live_calls_per_phone: { other: "電話ごとに同時に{value}件" },
    calls_per_minute: { other: "1分間に{value}件" },
    calls_per_minute_per_token: { other: "トークンごとに1分間に{value}件" },
    calls_per_minute_per_phone: { other: "電話ごとに1分間に{value}件" },
    calls_per_day: { other: "1日に{value}件" },
    calls_to_one_number_per_hour: { other: "1つの番号に1時間に{value}件" },
    foreign_numbers_per_hour: { other: "1時間に国外の番号{value}個" },
    minutes_per_day: { other: "1日に{value}分" },
    minutes_per_month: { other: "1か月に{value}分" },
    spend_cents_per_day: { other: "1日に{value}" },
    spend_cents_per_month: { other: "1か月に{value}" },
    spend_cents_per_day_per_token: { other: "トークンごとに1日に{value}" },
  },
  limitAdvice: {
    raisable: "{reached}{wait}お待ちいただくか、上限({amount})の引き上げを管理者にご依頼ください。",
    other: "{reached}{wait}お待ちください。上限は{amount}です。{raise}",
    none: "上限は{amount}のため、発信できません。{raise}",
  },
  timeLimitAdvice: {
    plain: "1回の通話は最長{minutes}です。続けるには、もう一度おかけください。",
    limited: "上限({amount})のため、この通話は最長{minutes}でした。{raise}",
  },
  raiseAdvice: {
    admin: "管理者が「Calling rules」で引き上げることができます。",
    token: "管理者がトークンのページまたは「Calling rules」で引き上げることができます。",
    support: "引き上げることができるのはサポートだけです。サポートへの連絡を管理者にご依頼ください。",
    newAdmin:
      "新しい組織のため、{until}までは上限が4分の1になっています。管理者が「Calling rules」で上限を引き上げることができます。サポートは新しい組織の制限を早く終了できます。",
    newSupport: "新しい組織のため、{until}までは上限が4分の1になっています。サポートはこの制限を早く終了できます。",
  },
  causes: {
    policy: "このページの Content-Security-Policy の {directive} に {source} を追加してください。",
    apiBase: "電話サービスの URL を data-api または apiBase に設定してください。",
    system: "システムのプライバシー設定でこのブラウザーのマイクを許可して、もう一度おかけください。",
    page: "このページの Permissions-Policy ヘッダーでマイクが禁止されています。microphone=(self) を送信してください。",
    parent:
      'このフレームを含むページでマイクが禁止されています。フレームには allow="microphone" 属性が必要で、そのページの Permissions-Policy がフレームのオリジンを許可する必要があります。',
    opaqueOrigin:
      "このフレームの sandbox 属性に allow-same-origin を追加してください。オリジンがないとマイクを使用できません。",
  },
};
