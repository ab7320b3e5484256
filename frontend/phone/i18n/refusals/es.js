/** The Spanish advice about refused and ended calls, from the facts that the server tells. */
import { factsOf } from "./facts.js";

/** @import { Problem } from "../../errors.js" */
/** @import { Facts } from "./facts.js" */

/** @type {Record<string, [reached: string, wait: string, unit: string]>} */
const LIMITS = {
  live_calls: ["Hay demasiadas llamadas en curso.", "a que termine otra llamada", "a la vez"],
  live_calls_per_token: ["Hay demasiadas llamadas en curso.", "a que termine otra llamada", "a la vez por token"],
  live_calls_per_phone: ["Hay demasiadas llamadas en curso.", "a que termine otra llamada", "a la vez por teléfono"],
  calls_per_minute: ["Demasiadas llamadas en poco tiempo.", "un minuto", "llamadas por minuto"],
  calls_per_minute_per_token: ["Demasiadas llamadas en poco tiempo.", "un minuto", "llamadas por minuto y token"],
  calls_per_minute_per_phone: ["Demasiadas llamadas en poco tiempo.", "un minuto", "llamadas por minuto y teléfono"],
  calls_per_day: ["Demasiadas llamadas hoy.", "hasta la medianoche (UTC)", "llamadas al día"],
  calls_to_one_number_per_hour: [
    "Demasiadas llamadas a este número en una hora.",
    "una hora",
    "llamadas por hora a un número",
  ],
  foreign_numbers_per_hour: [
    "Demasiados números extranjeros distintos en una hora.",
    "una hora",
    "números extranjeros distintos por hora",
  ],
  minutes_per_day: ["Los minutos de hoy se han agotado.", "hasta la medianoche (UTC)", "minutos al día"],
  minutes_per_month: ["Los minutos de este mes se han agotado.", "hasta el próximo mes (UTC)", "minutos al mes"],
  spend_cents_per_day: ["El presupuesto de hoy se ha agotado.", "hasta la medianoche (UTC)", "al día"],
  spend_cents_per_month: ["El presupuesto de este mes se ha agotado.", "hasta el próximo mes (UTC)", "al mes"],
  spend_cents_per_day_per_token: [
    "El presupuesto de hoy se ha agotado.",
    "hasta la medianoche (UTC)",
    "al día por token",
  ],
};
/** @type {Record<string, string>} */
const KINDS = {
  own_number: "Es uno de los números de su propia organización. Llame a otro número.",
  pay_per_call: "Es un número de tarificación especial. Ninguna organización puede llamarlo.",
  special:
    "Es un número especial, como el de un buscapersonas o un teléfono por satélite. Ninguna organización puede llamarlo.",
  unassigned: "Este número no pertenece a nadie. Revise el número e inténtelo de nuevo.",
};

/**
 * The advice for this one case; undefined if the general advice says all.
 * @param {Problem} problem
 */
export function explain(problem) {
  const facts = factsOf(problem, "es");
  if (problem.code === "domain_not_allowed" && facts.domain) {
    return `${facts.domain} no está en la lista de este token. Un administrador puede añadirlo en Settings > Embed Phone Widget.`;
  }
  if (facts.kind) return KINDS[facts.kind];
  if (facts.country) return explainCountry(facts);
  return LIMITS[facts.limit ?? ""] && facts.value ? explainLimit(facts) : undefined;
}

/** @param {Facts} facts */
function explainCountry({ country, home, until, isNew, isListed, isOfToken }) {
  if (isNew) {
    const rule = `La organización es nueva: hasta el ${until} solo puede llamar a números de este país: ${home}.`;
    if (isListed) return `${rule} Después podrá llamar a este destino (${country}). Solo el soporte puede adelantarlo.`;
    const page = isOfToken ? "la página del token" : "Calling rules";
    return `${rule} Después, un administrador puede añadir otros países (${country}) en ${page}; el soporte puede terminar la regla antes.`;
  }
  const where = isOfToken
    ? "para este token. Un administrador puede activarlas en la página del token."
    : "para su organización. Un administrador puede activarlas en Calling rules.";
  return `Las llamadas a este destino (${country}) no están activadas ${where}`;
}

/** @param {Facts} facts */
function explainLimit({ limit, value, until, isNew, isSupports }) {
  const [reached, wait, units] = LIMITS[limit ?? ""];
  const unit = value === "1" ? units.replace(/^(llamada|minuto)s/, "$1") : units;
  const waiting = `Espere ${wait}`;
  if (isNew) {
    return `${reached} ${waiting}. El límite es: ${value} ${unit}. La organización es nueva: hasta el ${until} tiene una cuarta parte de sus límites. ${isSupports ? "" : "Un administrador puede subirlo en Calling rules. "}El soporte puede terminar la regla antes.`;
  }
  if (isSupports) {
    return `${reached} ${waiting}. El límite es: ${value} ${unit}. Solo el soporte puede subirlo; pida a un administrador que escriba al soporte.`;
  }
  return `${reached} ${waiting}, o pida a un administrador que suba el límite (${value} ${unit}).`;
}
