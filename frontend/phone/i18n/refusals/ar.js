/**
 * The Arabic templates of advice: about refused calls, calls that ended by a time limit, and obstacles in the browser
 * (content security policy, permission for the microphone, frames).
 */

/** @type {import("./explain.js").Refusals} */
export const refusals = {
  domain:
    "النطاق \u2066{domain}\u2069 ليس في قائمة هذا الرمز. يمكن لمسؤول إضافته في \u2066Settings > Embed Phone Widget\u2069.",
  paused: "أوقف موظفو خدمة الهاتف مكالمات كل المؤسسات مؤقتًا. اتصل لاحقًا.",
  numberKinds: {
    own_number: "هذا أحد أرقام مؤسستك. اتصل برقم آخر.",
    pay_per_call: "هذا رقم برسوم إضافية. لا يمكن لأي مؤسسة الاتصال به.",
    special: "هذا رقم خاص، مثل هاتف الأقمار الصناعية. لا يمكن لأي مؤسسة الاتصال به.",
    unassigned: "هذا الرقم غير مخصّص. تحقق من الرقم ثم حاول مرة أخرى.",
  },
  country: {
    organization:
      "المكالمات إلى هذه الوجهة ({country}) غير مفعّلة لمؤسستك. يمكن لمسؤول تفعيلها في «\u2066Calling\u00a0rules\u2069».",
    token: "المكالمات إلى هذه الوجهة ({country}) غير مفعّلة لهذا الرمز. يمكن لمسؤول تفعيلها في صفحة الرمز.",
    listed:
      "المؤسسة جديدة: حتى {until} يمكنها الاتصال بأرقام بلدها ({home}) فقط. بعد ذلك يمكنها الاتصال ببلد الوجهة ({country}). الدعم وحده يمكنه إنهاء القاعدة قبل ذلك.",
    unlisted:
      "المؤسسة جديدة: حتى {until} يمكنها الاتصال بأرقام بلدها ({home}) فقط. بعد ذلك يمكن لمسؤول إضافة بلد الوجهة ({country}) في «\u2066Calling\u00a0rules\u2069»، ويمكن للدعم إنهاء القاعدة قبل ذلك.",
    unlistedForToken:
      "المؤسسة جديدة: حتى {until} يمكنها الاتصال بأرقام بلدها ({home}) فقط. بعد ذلك يمكن لمسؤول إضافة بلد الوجهة ({country}) في صفحة الرمز، ويمكن للدعم إنهاء القاعدة قبل ذلك.",
  },
  limitSentences: {
    atOnce: "هناك مكالمات جارية كثيرة جدًا.",
    shortTime: "مكالمات كثيرة جدًا في وقت قصير.",
    callsToday: "مكالمات كثيرة جدًا اليوم.",
    sameNumber: "مكالمات كثيرة جدًا إلى هذا الرقم خلال ساعة.",
    foreignNumbers: "أرقام أجنبية مختلفة كثيرة جدًا خلال ساعة.",
    minutesToday: "نفدت دقائق اليوم.",
    minutesThisMonth: "نفدت دقائق هذا الشهر.",
    budgetToday: "نفدت ميزانية اليوم.",
    budgetThisMonth: "نفدت ميزانية هذا الشهر.",
  },
  waitTimes: {
    otherCall: "حتى تنتهي مكالمة أخرى",
    minute: "دقيقة",
    hour: "ساعة",
    today: "حتى منتصف الليل (UTC)",
    month: "حتى بداية الشهر القادم (UTC)",
  },
  amounts: {
    live_calls: {
      one: "مكالمة واحدة في الوقت نفسه",
      two: "مكالمتان في الوقت نفسه",
      few: "{value} مكالمات في الوقت نفسه",
      other: "{value} مكالمة في الوقت نفسه",
    },
    live_calls_per_token: {
      one: "مكالمة واحدة في الوقت نفسه لكل رمز",
      two: "مكالمتان في الوقت نفسه لكل رمز",
      few: "{value} مكالمات في الوقت نفسه لكل رمز",
      other: "{value} مكالمة في الوقت نفسه لكل رمز",
    },
    live_calls_per_phone: {
      one: "مكالمة واحدة في الوقت نفسه لكل هاتف",
      two: "مكالمتان في الوقت نفسه لكل هاتف",
      few: "{value} مكالمات في الوقت نفسه لكل هاتف",
      other: "{value} مكالمة في الوقت نفسه لكل هاتف",
    },
    calls_per_minute: {
      one: "مكالمة واحدة في الدقيقة",
      two: "مكالمتان في الدقيقة",
      few: "{value} مكالمات في الدقيقة",
      other: "{value} مكالمة في الدقيقة",
    },
    calls_per_minute_per_token: {
      one: "مكالمة واحدة في الدقيقة لكل رمز",
      two: "مكالمتان في الدقيقة لكل رمز",
      few: "{value} مكالمات في الدقيقة لكل رمز",
      other: "{value} مكالمة في الدقيقة لكل رمز",
    },
    calls_per_minute_per_phone: {
      one: "مكالمة واحدة في الدقيقة لكل هاتف",
      two: "مكالمتان في الدقيقة لكل هاتف",
      few: "{value} مكالمات في الدقيقة لكل هاتف",
      other: "{value} مكالمة في الدقيقة لكل هاتف",
    },
    calls_per_day: {
      one: "مكالمة واحدة في اليوم",
      two: "مكالمتان في اليوم",
      few: "{value} مكالمات في اليوم",
      other: "{value} مكالمة في اليوم",
    },
    calls_to_one_number_per_hour: {
      one: "مكالمة واحدة في الساعة إلى رقم واحد",
      two: "مكالمتان في الساعة إلى رقم واحد",
      few: "{value} مكالمات في الساعة إلى رقم واحد",
      other: "{value} مكالمة في الساعة إلى رقم واحد",
    },
    foreign_numbers_per_hour: {
      one: "رقم أجنبي واحد في الساعة",
      two: "رقمان أجنبيان مختلفان في الساعة",
      few: "{value} أرقام أجنبية مختلفة في الساعة",
      other: "{value} رقم أجنبي مختلف في الساعة",
    },
    minutes_per_day: {
      one: "دقيقة واحدة في اليوم",
      two: "دقيقتان في اليوم",
      few: "{value} دقائق في اليوم",
      other: "{value} دقيقة في اليوم",
    },
    minutes_per_month: {
      one: "دقيقة واحدة في الشهر",
      two: "دقيقتان في الشهر",
      few: "{value} دقائق في الشهر",
      other: "{value} دقيقة في الشهر",
    },
    spend_cents_per_day: { other: "{value} في اليوم" },
    spend_cents_per_month: { other: "{value} في الشهر" },
    spend_cents_per_day_per_token: { other: "{value} في اليوم لكل رمز" },
  },
  limitAdvice: {
    raisable: "{reached} انتظر {wait}، أو اطلب من مسؤول رفع الحد ({amount}).",
    other: "{reached} انتظر {wait}. الحد: {amount}. {raise}",
    none: "الحد: {amount}. لا يسمح بأي مكالمة. {raise}",
  },
  timeLimitAdvice: {
    plain: "أطول مدة للمكالمة: {minutes}. اتصل مرة أخرى للمتابعة.",
    limited: "كانت أطول مدة للمكالمة: {minutes}، لأن الحد هو: {amount}. {raise}",
  },
  raiseAdvice: {
    admin: "يمكن لمسؤول رفعه في «\u2066Calling\u00a0rules\u2069».",
    token: "يمكن لمسؤول رفعه في صفحة الرمز أو في «\u2066Calling\u00a0rules\u2069».",
    support: "الدعم وحده يمكنه رفعه؛ اطلب من مسؤول أن يكتب إلى الدعم.",
    newAdmin:
      "المؤسسة جديدة: حتى {until} لها ربع حدودها. يمكن لمسؤول رفع الحد في «\u2066Calling\u00a0rules\u2069». يمكن للدعم إنهاء القاعدة قبل ذلك.",
    newSupport: "المؤسسة جديدة: حتى {until} لها ربع حدودها. يمكن للدعم إنهاء القاعدة قبل ذلك.",
  },
  causes: {
    policy: "أضف \u2066{source}\u2069 إلى \u2066{directive}\u2069 في Content-Security-Policy لهذه الصفحة.",
    apiBase: "حدد عنوان URL لخدمة الهاتف في data-api أو apiBase.",
    system: "اسمح بالميكروفون لهذا المتصفح في إعدادات الخصوصية للنظام، ثم اتصل مرة أخرى.",
    page: "تمنع ترويسة Permissions-Policy لهذه الصفحة الميكروفون: أرسل \u2066microphone=(self)\u2069.",
    parent:
      'تمنع الصفحة التي تحتوي على هذا الإطار الميكروفون: يحتاج الإطار إلى \u2066allow="microphone"\u2069، ويجب أن تسمح Permissions-Policy للصفحة بأصل الإطار.',
    opaqueOrigin: "أضف allow-same-origin إلى sandbox لهذا الإطار: دون أصل لا يحصل على الميكروفون.",
  },
};
