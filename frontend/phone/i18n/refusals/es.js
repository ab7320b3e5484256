/** The Spanish advice about refused and ended calls, and about what only the phone can know. */

/** @type {import("./explain.js").Refusals} */
export const refusals = {
  domain:
    "{domain} no está en la lista de este token. Un administrador puede añadirlo en Settings > Embed Phone Widget.",
  paused: "Nuestro personal pausó las llamadas de todas las organizaciones. Llame más tarde.",
  kinds: {
    own_number: "Es uno de los números de su propia organización. Llame a otro número.",
    pay_per_call: "Es un número de tarificación especial. Ninguna organización puede llamarlo.",
    special:
      "Es un número especial, como el de un buscapersonas o un teléfono por satélite. Ninguna organización puede llamarlo.",
    unassigned: "Este número no pertenece a nadie. Revise el número e inténtelo de nuevo.",
  },
  country: {
    organization:
      "Las llamadas a este destino ({country}) no están activadas para su organización. Un administrador puede activarlas en «Calling rules».",
    token:
      "Las llamadas a este destino ({country}) no están activadas para este token. Un administrador puede activarlas en la página del token.",
    listed:
      "La organización es nueva: hasta el {until} solo puede llamar a números de este país: {home}. Después podrá llamar a este destino ({country}). Solo el soporte puede adelantarlo.",
    unlisted:
      "La organización es nueva: hasta el {until} solo puede llamar a números de este país: {home}. Después, un administrador puede añadir otros países ({country}) en «Calling rules»; el soporte puede terminar la regla antes.",
    unlistedForToken:
      "La organización es nueva: hasta el {until} solo puede llamar a números de este país: {home}. Después, un administrador puede añadir otros países ({country}) en la página del token; el soporte puede terminar la regla antes.",
  },
  reached: {
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
  waits: {
    otherCall: "a que termine otra llamada",
    minute: "un minuto",
    hour: "una hora",
    today: "hasta la medianoche (UTC)",
    month: "hasta el próximo mes (UTC)",
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
  limits: {
    raisable: "{reached} Espere {wait}, o pida a un administrador que suba el límite ({amount}).",
    other: "{reached} Espere {wait}. El límite es: {amount}. {raise}",
    none: "El límite es: {amount}. No permite ninguna llamada. {raise}",
  },
  time: {
    plain: "La duración máxima es: {minutes}. Vuelva a llamar para continuar.",
    limited: "La duración máxima era: {minutes}, porque el límite es: {amount}. {raise}",
  },
  raise: {
    admin: "Un administrador puede subirlo en «Calling rules».",
    token: "Un administrador puede subirlo en la página del token o en «Calling rules».",
    support: "Solo el soporte puede subirlo; pida a un administrador que escriba al soporte.",
    newAdmin:
      "La organización es nueva: hasta el {until} tiene una cuarta parte de sus límites. Un administrador puede subirlo en «Calling rules». El soporte puede terminar la regla antes.",
    newSupport:
      "La organización es nueva: hasta el {until} tiene una cuarta parte de sus límites. El soporte puede terminar la regla antes.",
  },
  causes: {
    policy: "Añada {source} a {directive} en la Content-Security-Policy de esta página.",
    apiBase: "Indique en data-api, o en apiBase, la dirección del servicio telefónico.",
    system: "Permita el micrófono para este navegador en los ajustes de privacidad del sistema y vuelva a llamar.",
    page: "Lo prohíbe la cabecera Permissions-Policy de esta página: envíe microphone=(self).",
    parent:
      'Lo prohíbe la página que contiene este marco: el marco necesita allow="microphone", y su Permissions-Policy debe permitir este origen.',
    opaqueOrigin: "Añada allow-same-origin al sandbox de este marco: sin origen no obtiene el micrófono.",
  },
};
