/** The Japanese texts of the phone. */
import { directionOf } from "../direction.js";
import { createExplain } from "../refusals/explain.js";
import { refusals } from "../refusals/ja.js";

export const explain = createExplain("ja", refusals);

export const core = {
  language: "ja",
  direction: directionOf("ja"),
  phone: "電話",
  openPhone: "電話を開く",
  closePhone: "電話を閉じる",
  minimise: "最小化",
  more: "その他",
  sandbox: "テスト",
  callingFrom: "発信元",
  automatic: "自動",
  phoneNumber: "電話番号",
  placeholder: "番号を入力",
  pageNumbersOnly: "ページ内の番号をクリックすると発信します。",
  backspace: "最後の数字を削除",
  keypad: "キーパッド",
  call: "発信",
  hangUp: "通話を終了",
  mute: "ミュート",
  unmute: "ミュート解除",
  devices: "デバイス",
  callAgain: "もう一度かける",
  tryAgain: "もう一度試す",
  newCall: "新しい通話",
  retry: "再試行",
  copyDetails: "詳細をコピー",
  copied: "コピーしました",
  connecting: "接続中…",
  calling: "発信中…",
  ringing: "呼び出し中…",
  inCall: "通話中",
  muted: "ミュート中",
  reconnecting: "再接続中…",
  endedByRemote: "相手が通話を終了しました",
  callInOtherTab: "別のタブで通話中",
  callInPopOut: "別のウィンドウで通話中",
  extension: "内線 {digits}",
  sendTones: "{digits} を送信",
  sendingTones: "{digits} を送信中",
  holdForPlus: "長押しで +",
  states: {
    loading: "接続中",
    ready: "準備完了",
    dialing: "発信中",
    ringing: "呼び出し中",
    "in-progress": "通話中",
    completed: "通話終了",
    failed: "つながりませんでした",
    error: "使用できません",
  },
  endedWith: {
    completed: "通話終了",
    canceled: "発信を取り消しました",
    busy: "話し中です",
    "no-answer": "応答がありません",
    failed: "通話に失敗しました",
    refused: "通話が拒否されました",
  },
  statusHints: {
    busy: "数分後にもう一度お試しください。",
    "no-answer": "後でもう一度お試しください。",
  },
};

export const dialer = {
  callQuality: {
    lost: "接続が切れました。音声を復旧しています",
    microphone: "マイクが取り外されました。別のマイクを使用しています。",
    speaker: "スピーカーが取り外されました。別のスピーカーを使用しています。",
    silent: "マイクから音声が入っていません",
    "not-sent": "相手に音声が届いていない可能性があります",
    "not-heard": "相手の音声が届いていません",
    slow: "接続が不安定です。音声が遅れています",
    lossy: "接続が不安定です。音声が途切れています",
    poor: "接続が不安定です",
  },
  whichNumber: "どの番号に発信しますか？",
  unclearNumber: "番号を特定できません。「発信」を押して選んでください",
  tones: "続けて {digits}",
  recent: "最近の通話",
  clearRecent: "消去",
  statuses: {
    canceled: "取り消し",
    busy: "話し中",
    "no-answer": "応答なし",
    failed: "失敗",
    refused: "拒否",
  },
};

export const outcomes = {
  title: "通話の結果は？",
  note: "メモ",
  save: "保存",
  later: "あとで",
  saved: "保存しました",
  notSaved: "保存できませんでした。{reason}",
  missing: "{number} の結果が未入力です",
  add: "入力",
  remove: "削除",
};

export const voicemail = {
  leave: "留守電に残す",
  greeting: "メッセージ",
  left: "留守番電話にメッセージを録音しています。次の電話をかけられます。",
  notLeft: "メッセージを残せませんでした。{reason}",
};

export const missedCalls = {
  title: "不在着信（{count}）",
  callBack: "折り返す",
  seen: "確認済みにする",
};

export const clickToCall = {
  title: "{number} に発信",
};

export const settingsSheet = {
  title: "その他",
  check: "電話をチェック",
  popOut: "別のウィンドウで発信",
  popOutWhy: "別のウィンドウでの通話は、このページを離れても続きます。",
  back: "戻る",
  microphone: "マイク",
  speaker: "スピーカー",
  systemDefault: "システムの既定",
  unnamedDevice: "デバイス",
  namesHidden: "最初の通話でマイクを許可すると、デバイスの名前が表示されます。",
  speakerNotSelectable: "このブラウザーではシステムのスピーカーを使用します。",
  sounds: "キーパッドの音",
  deviceNotUsable: "このデバイスは現在使用できません。前のデバイスを引き続き使用します。",
  movePanel: "パネルの移動",
  moveLeft: "左へ",
  moveUp: "上へ",
  moveDown: "下へ",
  moveRight: "右へ",
  resetPosition: "位置をリセット",
};

export const popOut = {
  connecting: "ページに接続中…",
  lost: "元のページとの接続が切れました",
  lostFix:
    "このウィンドウを閉じて、ページからもう一度おかけください。Cross-Origin-Opener-Policy を送信するページは same-origin-allow-popups を送信する必要があります。",
  sandbox: "テスト: 通話は模擬の通信事業者に送られ、誰にもつながりません。",
};

export const diagnostics = {
  title: "電話をチェック",
  back: "戻る",
  intro: "電話は鳴らず、料金もかかりません。ブラウザーがマイクの許可を求めたら、何か話してください。",
  again: "もう一度チェック",
  copy: "レポートをコピー",
  copied: "コピーしました",
  report: "レポート(選択してコピーできます)",
  allPassed: "すべて正常です。",
  someFailed: "問題があります。上の対処方法をご覧ください。",
  marks: { ok: "正常", failed: "問題あり", notTried: "未確認" },
  steps: {
    microphone: { name: "マイク", testing: "音声を確認中…", passed: "マイクは正常です" },
    token: { name: "トークン", testing: "確認中…", passed: "トークンはここで使用できます" },
    signaling: { name: "通信事業者", testing: "接続中…", passed: "通信事業者が応答しました" },
    media: { name: "音声", testing: "送信中…", passed: "音声が流れています" },
  },
  faults: {
    not_tried: ["未確認: 有効なトークンが必要です", ""],
    in_call: ["通話中です", "通話が終わったら、もう一度チェックしてください。"],
    microphone_silent: [
      "マイクから音声が入っていません",
      "ヘッドセットまたはシステムのサウンド設定でミュートを解除するか、別のマイクを選択してください。",
    ],
    signaling_failed: [
      "通信事業者に接続できません",
      "このコンピューターから wss://*.twilio.com への接続を許可してください。ファイアウォール、プロキシ、またはページの connect-src が妨げています。",
    ],
    media_failed: [
      "ブラウザーが音声を送信できません",
      "ブラウザーと拡張機能で WebRTC を許可して、もう一度チェックしてください。",
    ],
    media_blocked: [
      "音声がこのネットワークの外に出られません",
      "このコンピューターから通信事業者への UDP の送信を許可してください。ファイアウォールまたは VPN が妨げています。",
    ],
  },
};

/** @type {import("../texts.js").ProblemTexts} */
export const problems = {
  invalid_embed_token: [
    "トークンが無効です",
    "このページのトークンが正しくないか、ept_ で始まっていません。貼り付けたトークンを確認してください。",
  ],
  revoked_embed_token: [
    "トークンが無効か、取り消されています",
    "Dashboard > Settings で新しいトークンを生成して、このページに設定してください。",
  ],
  domain_not_allowed: [
    "許可されていないドメインです",
    "「Settings」で、このページのドメインをトークンの許可ドメインに追加してください。",
  ],
  organization_suspended: ["組織の利用が停止されています", "サポートへの連絡をアカウントのオーナーにご依頼ください。"],
  plan_not_supported: ["組織のプランには電話が含まれていません", "Pro 以上のプランにアップグレードしてください。"],
  no_phone_number: ["電話番号がありません", "Dashboard > Settings で番号を取得してください。"],
  too_many_requests: ["リクエストが多すぎます", "1分間お待ちください。自動的に再試行します。"],
  service_unavailable: ["サービスを一時的に利用できません", "自動的に再試行します。操作は必要ありません。"],
  network_error: [
    "電話サービスに接続できません",
    "インターネット接続を確認し、広告ブロッカーやファイアウォールが妨げていないか確認してください。",
  ],
  offline: ["オフラインです", "ネットワークが復旧すると、自動的に再接続します。"],
  page_interferes: [
    "このページが電話の動作を妨げています",
    "fetch、JSON、Promise を置き換えるこのページのスクリプトより先に phone.js を読み込んでください。",
  ],
  sdk_load_failed: [
    "電話を読み込めませんでした",
    "広告ブロッカーやネットワークがスクリプトの読み込みを妨げていないか確認してください。",
  ],
  part_load_failed: ["電話のこの部分を読み込めませんでした", "インターネット接続を確認して、もう一度お試しください。"],
  ambiguous_number: ["どの番号か特定できません", "電話の画面で番号を選んでください。"],
  invalid_number: ["電話番号が正しくありません", "市外局番を付けて、または + と国番号を付けて入力してください。"],
  emergency_number: ["緊急通報の番号には発信できません", "携帯電話または固定電話をお使いください。"],
  from_not_allowed: [
    "この番号は使用できません",
    "別の番号を選ぶか、アカウントの管理者にこのトークンへの追加を依頼してください。",
  ],
  invalid_extension: ["内線番号が正しくありません", "内線番号は 0-9、*、# の 1 ～ 20 文字です。"],
  invalid_digits: [
    "送信する数字が正しくありません",
    "0-9、*、#、一時停止のコンマまたは p、確認を待つ ; または w を 100 文字以内で指定してください。",
  ],
  url_invalid: [
    "通話の url が正しくありません",
    "1,000 文字以内の http または https の URL で、ユーザー名を含まないものにしてください。",
  ],
  invalid_metadata: [
    "通話のメタデータが正しくありません",
    "JSON で 2,000 文字以内、32 階層以内のオブジェクトにしてください。関数、Map、Set、NUL、サロゲートの片方は使えません。",
  ],
  microphone_denied: [
    "マイクの使用が拒否されました",
    "アドレスバーでこのサイトのマイクを許可して、もう一度おかけください。",
  ],
  microphone_dismissed: [
    "マイクの許可の確認が閉じられました",
    "もう一度おかけになり、ブラウザーの確認で「許可」を選択してください。",
  ],
  microphone_not_found: ["マイクが見つかりません", "マイクまたはヘッドセットを接続して、もう一度おかけください。"],
  microphone_in_use: ["別のプログラムがマイクを使用しています", "そのプログラムを閉じて、もう一度おかけください。"],
  microphone_blocked: [
    "このページではマイクが許可されていません",
    'ページでマイクを許可する必要があります: Permissions-Policy microphone=(self)、iframe では allow="microphone"。',
  ],
  insecure_page: ["マイクには安全なページが必要です", "このページを https で開いてください。"],
  browser_not_supported: [
    "このブラウザーでは通話できません",
    "Chrome、Edge、Firefox、Safari のいずれかの最新版をお使いください。",
  ],
  connection_failed: ["通話を接続できませんでした", "インターネット接続を確認して、もう一度お試しください。"],
  window_blocked: [
    "ブラウザーが電話のウィンドウをブロックしました",
    "別のウィンドウで発信するには、このサイトのポップアップを許可してください。それまではこのページで発信します。通話中はページを離れないでください。",
  ],
  window_lost: [
    "電話のウィンドウが応答しません",
    "もう一度試し、読み込み中はウィンドウを開いたままにしてください。Cross-Origin-Opener-Policy を送信するページは same-origin-allow-popups を送信する必要があります。",
  ],
  call_in_progress: ["通話中です", "通話を終了してから、この番号におかけください。"],
  call_elsewhere: ["別のタブで通話中です", "先にその通話を終了してください。ここからも終了できます。"],
  call_rate_limited: ["リクエストが多すぎます", "1分間待ってから、もう一度おかけください。"],
  call_unavailable: [
    "サービスを一時的に利用できません",
    "数分後にもう一度おかけください。それでもつながらない場合は、サポートにご連絡ください。",
  ],
  call_failed: ["通話に失敗しました", "番号を確認して、もう一度お試しください。"],
  call_refused: ["通話が拒否されました", "発信ルールの確認をアカウントの管理者にご依頼ください。"],
  country_not_enabled: [
    "この宛先には発信できません",
    "この国への通話は有効になっていません。管理者が「Calling rules」で追加できます。",
  ],
  number_blocked: [
    "この宛先には発信できません",
    "この番号はお使いの組織でブロックされています。管理者が「Calling rules」で解除できます。",
  ],
  destination_not_allowed: [
    "この宛先には発信できません",
    "発信ルールがこの番号またはその国を除外しています。管理者が「Calling rules」で変更できます。",
  ],
  too_many_calls_at_once: [
    "同時の通話が多すぎます",
    "ほかの通話が終わるまでお待ちいただくか、「Calling rules」での上限の引き上げを管理者にご依頼ください。",
  ],
  too_many_calls: [
    "通話が多すぎます",
    "1分間お待ちいただくか、「Calling rules」での上限の引き上げを管理者にご依頼ください。",
  ],
  call_limit_reached: [
    "通話の上限に達しました",
    "通話時間、予算、または国外の番号の数の上限に達しました。翌日までお待ちいただくか、「Calling rules」での上限の引き上げを管理者にご依頼ください。",
  ],
  time_limit_reached: ["通話が最長時間に達しました", "続けるには、もう一度おかけください。"],
  ended_by_staff: ["電話サービスのスタッフが通話を終了しました", "理由はサポートにお問い合わせください。"],
  ended_token_revoked: [
    "トークンが取り消されたため、通話が終了しました",
    "ページに新しいトークンが必要です。管理者が Settings > Embed Phone Widget で生成できます。",
  ],
  ended_organization_suspended: [
    "組織の利用が停止されたため、通話が終了しました",
    "サポートへの連絡を組織のオーナーにご依頼ください。",
  ],
  ended_organization_deleted: ["組織が削除されたため、通話が終了しました", "オーナーはサポートに復元を依頼できます。"],
  ended_calls_paused: [
    "すべての通話が一時停止されたため、通話が終了しました",
    "電話サービスのスタッフがすべての組織の通話を一時停止しました。後でもう一度おかけください。",
  ],
  call_not_connected: [
    "録音したメッセージは、つながっている発信通話でだけ残せます",
    "電話をかけ、留守番電話の発信音を待ってからメッセージを残してください。",
  ],
  no_voicemail_greeting: [
    "留守番電話に残す録音メッセージがまだありません",
    "ダッシュボードの Voicemail で録音してください。管理者が全員用に録音することもできます。",
  ],
};
