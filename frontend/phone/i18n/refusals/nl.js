/**
 * The Dutch templates of advice: about refused calls, calls that ended by a time limit, and obstacles in the browser
 * (content security policy, permission for the microphone, frames).
 */

/** @type {import("./explain.js").Refusals} */
export const refusals = {
  domain:
    "{domain} staat niet op de lijst van dit token. Een beheerder kan het domein toevoegen onder Settings > Embed Phone Widget.",
  paused:
    "Het team van de telefoondienst heeft de gesprekken van alle organisaties tijdelijk stopgezet. Bel later opnieuw.",
  numberKinds: {
    own_number: "Dit is een nummer van uw eigen organisatie. Bel een ander nummer.",
    pay_per_call: "Dit is een betaalnummer. Geen enkele organisatie kan het bellen.",
    special:
      "Dit is een bijzonder nummer, bijvoorbeeld dat van een pieper of een satelliettelefoon. Geen enkele organisatie kan het bellen.",
    unassigned: "Dit nummer is niet in gebruik. Controleer het nummer en probeer het opnieuw.",
  },
  country: {
    organization:
      "Bellen naar dit land ({country}) is niet ingeschakeld voor uw organisatie. Een beheerder kan het inschakelen onder ‘Calling rules’.",
    token:
      "Bellen naar dit land ({country}) is niet ingeschakeld voor dit token. Een beheerder kan het inschakelen op de pagina van het token.",
    listed:
      "De organisatie is nieuw: tot {until} kan zij alleen nummers in haar eigen land ({home}) bellen. Daarna is bellen naar het land van bestemming ({country}) mogelijk. Alleen de klantenservice kan de regel eerder beëindigen.",
    unlisted:
      "De organisatie is nieuw: tot {until} kan zij alleen nummers in haar eigen land ({home}) bellen. Daarna kan een beheerder het land van bestemming ({country}) toevoegen onder ‘Calling rules’; de klantenservice kan de regel eerder beëindigen.",
    unlistedForToken:
      "De organisatie is nieuw: tot {until} kan zij alleen nummers in haar eigen land ({home}) bellen. Daarna kan een beheerder het land van bestemming ({country}) toevoegen op de pagina van het token; de klantenservice kan de regel eerder beëindigen.",
  },
  limitSentences: {
    atOnce: "Er zijn te veel gesprekken gaande.",
    shortTime: "Te veel gesprekken in korte tijd.",
    callsToday: "Te veel gesprekken vandaag.",
    sameNumber: "Te veel gesprekken met dit nummer binnen een uur.",
    foreignNumbers: "Te veel verschillende buitenlandse nummers binnen een uur.",
    minutesToday: "De minuten van vandaag zijn op.",
    minutesThisMonth: "De minuten van deze maand zijn op.",
    budgetToday: "Het budget van vandaag is op.",
    budgetThisMonth: "Het budget van deze maand is op.",
  },
  waitTimes: {
    otherCall: "tot een ander gesprek is afgelopen",
    minute: "een minuut",
    hour: "een uur",
    today: "tot middernacht (UTC)",
    month: "tot het begin van de volgende maand (UTC)",
  },
  amounts: {
    live_calls: { one: "{value} gesprek tegelijk", other: "{value} gesprekken tegelijk" },
    live_calls_per_token: {
      one: "{value} gesprek tegelijk per token",
      other: "{value} gesprekken tegelijk per token",
    },
    live_calls_per_phone: {
      one: "{value} gesprek tegelijk per telefoon",
      other: "{value} gesprekken tegelijk per telefoon",
    },
    calls_per_minute: { one: "{value} gesprek per minuut", other: "{value} gesprekken per minuut" },
    calls_per_minute_per_token: {
      one: "{value} gesprek per minuut en token",
      other: "{value} gesprekken per minuut en token",
    },
    calls_per_minute_per_phone: {
      one: "{value} gesprek per minuut en telefoon",
      other: "{value} gesprekken per minuut en telefoon",
    },
    calls_per_day: { one: "{value} gesprek per dag", other: "{value} gesprekken per dag" },
    calls_to_one_number_per_hour: {
      one: "{value} gesprek per uur met één nummer",
      other: "{value} gesprekken per uur met één nummer",
    },
    foreign_numbers_per_hour: {
      one: "{value} buitenlands nummer per uur",
      other: "{value} verschillende buitenlandse nummers per uur",
    },
    minutes_per_day: { one: "{value} minuut per dag", other: "{value} minuten per dag" },
    minutes_per_month: { one: "{value} minuut per maand", other: "{value} minuten per maand" },
    spend_cents_per_day: { other: "{value} per dag" },
    spend_cents_per_month: { other: "{value} per maand" },
    spend_cents_per_day_per_token: { other: "{value} per dag en token" },
  },
  limitAdvice: {
    raisable: "{reached} Wacht {wait}, of vraag een beheerder de limiet te verhogen ({amount}).",
    other: "{reached} Wacht {wait}. De limiet: {amount}. {raise}",
    none: "De limiet: {amount}. Er zijn geen gesprekken toegestaan. {raise}",
  },
  timeLimitAdvice: {
    plain: "Maximale duur van een gesprek: {minutes}. Bel opnieuw om verder te praten.",
    limited: "Maximale duur van dit gesprek: {minutes}, vanwege de limiet: {amount}. {raise}",
  },
  raiseAdvice: {
    admin: "Een beheerder kan de limiet verhogen onder ‘Calling rules’.",
    token: "Een beheerder kan de limiet verhogen op de pagina van het token of onder ‘Calling rules’.",
    support:
      "Alleen de klantenservice kan de limiet verhogen; vraag een beheerder contact met de klantenservice op te nemen.",
    newAdmin:
      "De organisatie is nieuw: tot {until} geldt een kwart van haar limieten. Een beheerder kan de limiet verhogen onder ‘Calling rules’; de klantenservice kan de regel voor nieuwe organisaties eerder beëindigen.",
    newSupport:
      "De organisatie is nieuw: tot {until} geldt een kwart van haar limieten. De klantenservice kan de regel eerder beëindigen.",
  },
  causes: {
    policy: "Voeg {source} toe aan {directive} in de Content-Security-Policy van deze pagina.",
    apiBase: "Geef de URL van de telefoondienst op in data-api of apiBase.",
    system: "Sta de microfoon toe voor deze browser in de privacyinstellingen van het systeem en bel opnieuw.",
    page: "De Permissions-Policy van deze pagina verbiedt de microfoon: stuur microphone=(self).",
    parent:
      'De pagina die dit frame bevat, verbiedt de microfoon: het frame heeft het attribuut allow="microphone" nodig, en de Permissions-Policy van die pagina moet de origin van het frame toestaan.',
    opaqueOrigin:
      "Voeg allow-same-origin toe aan het attribuut sandbox van dit frame: zonder origin mag het de microfoon niet gebruiken.",
  },
};
