/** The Italian advice about refused and ended calls, and about what only the phone can know. */

/** @type {import("./explain.js").Refusals} */
export const refusals = {
  domain:
    "{domain} non è nell’elenco di questo token. Un amministratore può aggiungere il dominio in Settings > Embed Phone Widget.",
  paused: "Il nostro personale ha sospeso le chiamate di tutte le organizzazioni. Richiami più tardi.",
  kinds: {
    own_number: "Questo è uno dei numeri della Sua organizzazione. Chiami un altro numero.",
    pay_per_call: "Questo è un numero a sovrapprezzo. Nessuna organizzazione può chiamarlo.",
    special:
      "Questo è un numero speciale, come quello di un cercapersone o di un telefono satellitare. Nessuna organizzazione può chiamarlo.",
    unassigned: "Questo numero non è assegnato a nessuno. Controlli il numero e riprovi.",
  },
  country: {
    organization:
      "Le chiamate verso questo Paese ({country}) non sono attive per la Sua organizzazione. Un amministratore può attivarle in «Calling rules».",
    token:
      "Le chiamate verso questo Paese ({country}) non sono attive per questo token. Un amministratore può attivarle nella pagina del token.",
    listed:
      "L’organizzazione è nuova: fino al {until} può chiamare solo numeri di questo Paese: {home}. Dopo saranno possibili le chiamate verso la destinazione scelta ({country}). Solo l’assistenza può anticipare la data.",
    unlisted:
      "L’organizzazione è nuova: fino al {until} può chiamare solo numeri di questo Paese: {home}. Dopo un amministratore può aggiungere altri Paesi ({country}) in «Calling rules»; l’assistenza può terminare prima la regola.",
    unlistedForToken:
      "L’organizzazione è nuova: fino al {until} può chiamare solo numeri di questo Paese: {home}. Dopo un amministratore può aggiungere altri Paesi ({country}) nella pagina del token; l’assistenza può terminare prima la regola.",
  },
  reached: {
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
  waits: {
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
  limits: {
    raisable: "{reached} Attenda {wait}, o chieda a un amministratore di aumentare il limite ({amount}).",
    other: "{reached} Attenda {wait}. Il limite è: {amount}. {raise}",
    none: "Il limite è: {amount}. Non consente alcuna chiamata. {raise}",
  },
  time: {
    plain: "Durata massima di una chiamata: {minutes}. Richiami per continuare.",
    limited: "Durata massima di questa chiamata: {minutes}, a causa del limite: {amount}. {raise}",
  },
  raise: {
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
    apiBase: "Indichi l’indirizzo del servizio telefonico in data-api o apiBase.",
    system: "Consenta il microfono a questo browser nelle impostazioni di privacy del sistema, poi richiami.",
    page: "L’intestazione Permissions-Policy di questa pagina lo vieta: invii microphone=(self).",
    parent:
      'La pagina che contiene questo frame lo vieta: il frame ha bisogno di allow="microphone", e la sua Permissions-Policy deve consentire questa origine.',
    opaqueOrigin: "Aggiunga allow-same-origin alla sandbox di questo frame: senza origine non ottiene il microfono.",
  },
};
