/** The Arabic advice about refused and ended calls, from the facts that the server tells. */
import { factsOf } from "./facts.js";

/** @import { Problem } from "../../errors.js" */
/** @import { Facts } from "./facts.js" */

const AT_ONCE = "هناك مكالمات جارية كثيرة جدًا.";
const SHORT_TIME = "مكالمات كثيرة جدًا في وقت قصير.";
const OTHER_END = "انتظر حتى تنتهي مكالمة أخرى";
const MINUTE = "انتظر دقيقة";
const HOUR = "انتظر ساعة";
const DAY = "انتظر حتى منتصف الليل (UTC)";
const MONTH = "انتظر حتى بداية الشهر القادم (UTC)";
const BUDGET_TODAY = "نفدت ميزانية اليوم.";

/** @type {Record<string, [reached: string, wait: string, unit: string]>} */
const LIMITS = {
  live_calls: [AT_ONCE, OTHER_END, "مكالمات في الوقت نفسه"],
  live_calls_per_token: [AT_ONCE, OTHER_END, "مكالمات في الوقت نفسه لكل رمز"],
  live_calls_per_phone: [AT_ONCE, OTHER_END, "مكالمات في الوقت نفسه لكل هاتف"],
  calls_per_minute: [SHORT_TIME, MINUTE, "مكالمة في الدقيقة"],
  calls_per_minute_per_token: [SHORT_TIME, MINUTE, "مكالمة في الدقيقة لكل رمز"],
  calls_per_minute_per_phone: [SHORT_TIME, MINUTE, "مكالمة في الدقيقة لكل هاتف"],
  calls_per_day: ["مكالمات كثيرة جدًا اليوم.", DAY, "مكالمة في اليوم"],
  calls_to_one_number_per_hour: ["مكالمات كثيرة جدًا إلى هذا الرقم خلال ساعة.", HOUR, "مكالمة في الساعة إلى رقم واحد"],
  foreign_numbers_per_hour: ["أرقام أجنبية مختلفة كثيرة جدًا خلال ساعة.", HOUR, "رقم أجنبي مختلف في الساعة"],
  minutes_per_day: ["نفدت دقائق اليوم.", DAY, "دقيقة في اليوم"],
  minutes_per_month: ["نفدت دقائق هذا الشهر.", MONTH, "دقيقة في الشهر"],
  spend_cents_per_day: [BUDGET_TODAY, DAY, "في اليوم"],
  spend_cents_per_month: ["نفدت ميزانية هذا الشهر.", MONTH, "في الشهر"],
  spend_cents_per_day_per_token: [BUDGET_TODAY, DAY, "في اليوم لكل رمز"],
};
/** @type {Record<string, string>} */
const KINDS = {
  own_number: "هذا أحد أرقام مؤسستك. اتصل برقم آخر.",
  pay_per_call: "هذا رقم مدفوع يربح صاحبه من المكالمة. لا يمكن لأي مؤسسة الاتصال به.",
  special: "هذا رقم خاص، مثل هاتف فضائي. لا يمكن لأي مؤسسة الاتصال به.",
  unassigned: "هذا الرقم لا يخص أحدًا. تحقق من الرقم ثم حاول مرة أخرى.",
};

/**
 * The advice for this one case; undefined if the general advice says all.
 * @param {Problem} problem
 */
export function explain(problem) {
  const facts = factsOf(problem, "ar");
  if (problem.code === "domain_not_allowed" && facts.domain) {
    return `النطاق ${facts.domain} ليس في قائمة هذا الرمز. يمكن لمسؤول إضافته في Settings > Embed Phone Widget.`;
  }
  if (facts.kind) return KINDS[facts.kind];
  if (facts.country) return explainCountry(facts);
  return LIMITS[facts.limit ?? ""] && facts.value ? explainLimit(facts) : undefined;
}

/** @param {Facts} facts */
function explainCountry({ country, home, until, isNew, isListed, isOfToken }) {
  if (isNew) {
    const rule = `المؤسسة جديدة: حتى ${until} يمكنها الاتصال بأرقام هذا البلد فقط: ${home}.`;
    if (isListed)
      return `${rule} بعد ذلك يمكنها الاتصال بهذه الوجهة (${country}). الدعم وحده يمكنه إنهاء القاعدة قبل ذلك.`;
    const page = isOfToken ? "صفحة الرمز" : "Calling rules";
    return `${rule} بعد ذلك يمكن لمسؤول إضافة بلدان أخرى (${country}) في ${page}، ويمكن للدعم إنهاء القاعدة قبل ذلك.`;
  }
  const where = isOfToken
    ? "لهذا الرمز. يمكن لمسؤول تفعيلها في صفحة الرمز."
    : "لمؤسستك. يمكن لمسؤول تفعيلها في Calling rules.";
  return `المكالمات إلى هذه الوجهة (${country}) غير مفعّلة ${where}`;
}

/** @param {Facts} facts */
function explainLimit({ limit, value, until, isNew, isSupports }) {
  const [reached, wait, unit] = LIMITS[limit ?? ""];
  if (isNew) {
    return `${reached} ${wait}. الحد: ${value} ${unit}. المؤسسة جديدة: حتى ${until} لها ربع حدودها. ${isSupports ? "" : "يمكن لمسؤول رفع الحد في Calling rules. "}يمكن للدعم إنهاء القاعدة قبل ذلك.`;
  }
  if (isSupports) {
    return `${reached} ${wait}. الحد: ${value} ${unit}. الدعم وحده يمكنه رفعه؛ اطلب من مسؤول أن يكتب إلى الدعم.`;
  }
  return `${reached} ${wait}، أو اطلب من مسؤول رفع الحد (${value} ${unit}).`;
}
