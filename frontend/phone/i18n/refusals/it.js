/**
 * The Italian templates of advice: about refused calls, calls that ended by a time limit, and obstacles in the browser
 * (content security policy, permission for the microphone, frames).
 */

/** @type {import("./explain.js").Refusals} */
export const refusals = {
  domain:
    "{domain} non è nell’elenco di questo token. Un amministratore può aggiungere il dominio in Settings > Embed Phone Widget.",
  paused: "Il personale del servizio telefonico ha sospeso le chiamate di tutte le organizzazioni. Richiami più tardi.",
  numberKinds: {
    own_number: "Questo è uno dei numeri della Sua organizzazione. Chiami un altro numero.",
    pay_per_call: "Questo è un numero a sovrapprezzo. Nessuna organizzazione può chiamarlo.",
    special:
      "Questo è un numero speciale, per esempio quello di un cercapersone o di un telefono satellitare. Nessuna organizzazione può chiamarlo.",
    unassigned: "Questo numero non è assegnato a nessuno. Controlli il numero e riprovi.",
  },
  country: {
    organization:
      "Le chiamate verso questo Paese ({country}) non sono attive per la Sua organizzazione. Un amministratore può attivarle in «Calling rules».",
    token:
      "Le chiamate verso questo Paese ({country}) non sono attive per questo token. Un amministratore può attivarle nella pagina del token.",
    listed:
      "L’organizzazione è nuova: fino al {until} può chiamare solo numeri del proprio Paese ({home}). Dopo saranno possibili le chiamate verso il Paese di destinazione ({country}). Solo l’assistenza può terminare prima la regola.",
    unlisted:
      "L’organizzazione è nuova: fino al {until} può chiamare solo numeri del proprio Paese ({home}). Dopo, un amministratore può aggiungere il Paese di destinazione ({country}) in «Calling rules»; l’assistenza può terminare prima la regola.",
    unlistedForToken:
      "L’organizzazione è nuova: fino al {until} può chiamare solo numeri del proprio Paese ({home}). Dopo, un amministratore può aggiungere il Paese di destinazione ({country}) nella pagina del token; l’assistenza può terminare prima la regola.",
  },
  limitSentences: {
    atOnce: "Ci sono troppe chiamate in corso.",
    shortTime: "Troppe chiamate in poco tempo.",
    callsToday: "Troppe chiamate oggi.",
    sameNumber: "Troppe chiamate a questo numero in un’ora.",
    foreignNumbers: "Troppi numeri esteri diversi in un’ora.",
    minutesToday: "I minuti di oggi sono esauriti.",
    minutesThisMonth: "I minuti di questo mese sono esauriti.",
    budgetToday: "Il budget di oggi è esaurito.",
    budgetThisMonth: "Il budget di questo mese è esaurito.",
  },
  waitTimes: {
    otherCall: "che termini un’altra chiamata",
    minute: "un minuto",
    hour: "un’ora",
    today: "fino a mezzanotte (UTC)",
    month: "fino all’inizio del mese prossimo (UTC)",
  },
  amounts: {
    live_calls: { one: "{value} chiamata alla volta", other: "{value} chiamate alla volta" },
    live_calls_per_token: {
      one: "{value} chiamata alla volta per token",
      other: "{value} chiamate alla volta per token",
    },
    live_calls_per_phone: {
      one: "{value} chiamata alla volta per telefono",
      other: "{value} chiamate alla volta per telefono",
    },
    calls_per_minute: { one: "{value} chiamata al minuto", other: "{value} chiamate al minuto" },
    calls_per_minute_per_token: {
      one: "{value} chiamata al minuto per token",
      other: "{value} chiamate al minuto per token",
    },
    calls_per_minute_per_phone: {
      one: "{value} chiamata al minuto per telefono",
      other: "{value} chiamate al minuto per telefono",
    },
    calls_per_day: { one: "{value} chiamata al giorno", other: "{value} chiamate al giorno" },
    calls_to_one_number_per_hour: {
      one: "{value} chiamata all’ora a uno stesso numero",
      other: "{value} chiamate all’ora a uno stesso numero",
    },
    foreign_numbers_per_hour: {
      one: "{value} numero estero all’ora",
      other: "{value} numeri esteri diversi all’ora",
    },
    minutes_per_day: { one: "{value} minuto al giorno", other: "{value} minuti al giorno" },
    minutes_per_month: { one: "{value} minuto al mese", other: "{value} minuti al mese" },
    spend_cents_per_day: { other: "{value} al giorno" },
    spend_cents_per_month: { other: "{value} al mese" },
    spend_cents_per_day_per_token: { other: "{value} al giorno per token" },
  },
  limitAdvice: {
    raisable: "{reached} Attenda {wait}, o chieda a un amministratore di aumentare il limite ({amount}).",
    other: "{reached} Attenda {wait}. Il limite è: {amount}. {raise}",
    none: "Il limite è: {amount}. Non consente alcuna chiamata. {raise}",
  },
  timeLimitAdvice: {
    plain: "Durata massima di una chiamata: {minutes}. Richiami per continuare.",
    limited: "Durata massima di questa chiamata: {minutes}, a causa del limite: {amount}. {raise}",
  },
  raiseAdvice: {
    admin: "Un amministratore può aumentarlo in «Calling rules».",
    token: "Un amministratore può aumentarlo nella pagina del token o in «Calling rules».",
    support: "Solo l’assistenza può aumentarlo; chieda a un amministratore di scrivere all’assistenza.",
    newAdmin:
      "L’organizzazione è nuova: fino al {until} dispone di un quarto dei suoi limiti. Un amministratore può aumentare il limite in «Calling rules»; l’assistenza può terminare prima la regola per le organizzazioni nuove.",
    newSupport:
      "L’organizzazione è nuova: fino al {until} dispone di un quarto dei suoi limiti. L’assistenza può terminare prima la regola.",
  },
  causes: {
    policy: "Aggiunga {source} a {directive} nella Content-Security-Policy di questa pagina.",
    apiBase: "Indichi l’URL del servizio telefonico in data-api o apiBase.",
    system: "Consenta il microfono a questo browser nelle impostazioni di privacy del sistema, poi richiami.",
    page: "L’intestazione Permissions-Policy di questa pagina vieta il microfono: invii microphone=(self).",
    parent:
      'La pagina che contiene questo frame vieta il microfono: il frame ha bisogno dell’attributo allow="microphone", e la Permissions-Policy di quella pagina deve consentire l’origine del frame.',
    opaqueOrigin:
      "Aggiunga allow-same-origin all’attributo sandbox di questo frame: senza origine non ha accesso al microfono.",
  },
};
