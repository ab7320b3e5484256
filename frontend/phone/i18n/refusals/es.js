/**
 * The Spanish templates of advice: about refused calls, calls that ended by a time limit, and obstacles in the browser
 * (content security policy, permission for the microphone, frames).
 */

/** @type {import("./explain.js").Refusals} */
export const refusals = {
  domain:
    "{domain} no está en la lista de este token. Un administrador puede añadirlo en Settings > Embed Phone Widget.",
  paused: "El equipo del servicio telefónico pausó las llamadas de todas las organizaciones. Llame más tarde.",
  numberKinds: {
    own_number: "Es uno de los números de su propia organización. Llame a otro número.",
    pay_per_call: "Es un número de tarificación especial. Ninguna organización puede llamarlo.",
    special:
      "Es un número especial, por ejemplo el de un buscapersonas o un teléfono por satélite. Ninguna organización puede llamarlo.",
    unassigned: "Este número no está asignado. Revise el número e inténtelo de nuevo.",
  },
  country: {
    organization:
      "Las llamadas a este destino ({country}) no están activadas para su organización. Un administrador puede activarlas en «Calling rules».",
    token:
      "Las llamadas a este destino ({country}) no están activadas para este token. Un administrador puede activarlas en la página del token.",
    listed:
      "La organización es nueva: hasta el {until} solo puede llamar a números de su propio país ({home}). Después podrá llamar al país de destino ({country}). Solo el soporte puede terminar la regla antes.",
    unlisted:
      "La organización es nueva: hasta el {until} solo puede llamar a números de su propio país ({home}). Después, un administrador puede añadir el país de destino ({country}) en «Calling rules»; el soporte puede terminar la regla antes.",
    unlistedForToken:
      "La organización es nueva: hasta el {until} solo puede llamar a números de su propio país ({home}). Después, un administrador puede añadir el país de destino ({country}) en la página del token; el soporte puede terminar la regla antes.",
  },
  limitSentences: {
    atOnce: "Hay demasiadas llamadas en curso.",
    shortTime: "Demasiadas llamadas en poco tiempo.",
    callsToday: "Demasiadas llamadas hoy.",
    sameNumber: "Demasiadas llamadas a este número en una hora.",
    foreignNumbers: "Demasiados números extranjeros distintos en una hora.",
    minutesToday: "Los minutos de hoy se han agotado.",
    minutesThisMonth: "Los minutos de este mes se han agotado.",
    budgetToday: "El presupuesto de hoy se ha agotado.",
    budgetThisMonth: "El presupuesto de este mes se ha agotado.",
  },
  waitTimes: {
    otherCall: "a que termine otra llamada",
    minute: "un minuto",
    hour: "una hora",
    today: "hasta la medianoche (UTC)",
    month: "hasta el comienzo del próximo mes (UTC)",
  },
  amounts: {
    live_calls: { one: "{value} llamada a la vez", other: "{value} llamadas a la vez" },
    live_calls_per_token: {
      one: "{value} llamada a la vez por token",
      other: "{value} llamadas a la vez por token",
    },
    live_calls_per_phone: {
      one: "{value} llamada a la vez por teléfono",
      other: "{value} llamadas a la vez por teléfono",
    },
    calls_per_minute: { one: "{value} llamada por minuto", other: "{value} llamadas por minuto" },
    calls_per_minute_per_token: {
      one: "{value} llamada por minuto y token",
      other: "{value} llamadas por minuto y token",
    },
    calls_per_minute_per_phone: {
      one: "{value} llamada por minuto y teléfono",
      other: "{value} llamadas por minuto y teléfono",
    },
    calls_per_day: { one: "{value} llamada al día", other: "{value} llamadas al día" },
    calls_to_one_number_per_hour: {
      one: "{value} llamada por hora a un número",
      other: "{value} llamadas por hora a un número",
    },
    foreign_numbers_per_hour: {
      one: "{value} número extranjero distinto por hora",
      other: "{value} números extranjeros distintos por hora",
    },
    minutes_per_day: { one: "{value} minuto al día", other: "{value} minutos al día" },
    minutes_per_month: { one: "{value} minuto al mes", other: "{value} minutos al mes" },
    spend_cents_per_day: { other: "{value} al día" },
    spend_cents_per_month: { other: "{value} al mes" },
    spend_cents_per_day_per_token: { other: "{value} al día por token" },
  },
  limitAdvice: {
    raisable: "{reached} Espere {wait}, o pida a un administrador que suba el límite ({amount}).",
    other: "{reached} Espere {wait}. El límite es: {amount}. {raise}",
    none: "El límite es: {amount}. No permite ninguna llamada. {raise}",
  },
  timeLimitAdvice: {
    plain: "La duración máxima de una llamada es: {minutes}. Vuelva a llamar para continuar.",
    limited: "La duración máxima de esta llamada era: {minutes}, porque el límite es: {amount}. {raise}",
  },
  raiseAdvice: {
    admin: "Un administrador puede subirlo en «Calling rules».",
    token: "Un administrador puede subirlo en la página del token o en «Calling rules».",
    support: "Solo el soporte puede subirlo; pida a un administrador que escriba al soporte.",
    newAdmin:
      "La organización es nueva: hasta el {until} tiene una cuarta parte de sus límites. Un administrador puede subir el límite en «Calling rules»; el soporte puede terminar antes la regla para organizaciones nuevas.",
    newSupport:
      "La organización es nueva: hasta el {until} tiene una cuarta parte de sus límites. El soporte puede terminar la regla antes.",
  },
  causes: {
    policy: "Añada {source} a {directive} en la Content-Security-Policy de esta página.",
    apiBase: "Indique en data-api o en apiBase la URL del servicio telefónico.",
    system: "Permita el micrófono para este navegador en los ajustes de privacidad del sistema y vuelva a llamar.",
    page: "La cabecera Permissions-Policy de esta página prohíbe el micrófono: envíe microphone=(self).",
    parent:
      'La página que contiene este marco (frame) prohíbe el micrófono: el marco necesita el atributo allow="microphone", y la Permissions-Policy de esa página debe permitir el origen del marco.',
    opaqueOrigin:
      "Añada allow-same-origin al atributo sandbox de este marco (frame): sin origen no tiene acceso al micrófono.",
  },
};
