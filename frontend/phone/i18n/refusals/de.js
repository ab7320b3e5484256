/**
 * The German templates of advice: about refused calls, calls that ended by a time limit, and obstacles in the browser
 * (content security policy, permission for the microphone, frames).
 */

/** @type {import("./explain.js").Refusals} */
export const refusals = {
  domain:
    "{domain} steht nicht auf der Liste dieses Tokens. Ein Administrator kann die Domain unter Settings > Embed Phone Widget hinzufügen.",
  paused:
    "Das Team des Telefondienstes hat die Anrufe aller Organisationen vorübergehend angehalten. Rufen Sie später an.",
  numberKinds: {
    own_number: "Das ist eine Nummer Ihrer eigenen Organisation. Rufen Sie eine andere Nummer an.",
    pay_per_call: "Das ist eine Mehrwertnummer. Keine Organisation kann sie anrufen.",
    special:
      "Das ist eine Sondernummer, zum Beispiel die eines Funkrufempfängers oder eines Satellitentelefons. Keine Organisation kann sie anrufen.",
    unassigned: "Diese Nummer ist nicht vergeben. Prüfen Sie die Nummer und versuchen Sie es noch einmal.",
  },
  country: {
    organization:
      "Anrufe in dieses Land ({country}) sind für Ihre Organisation nicht freigeschaltet. Ein Administrator kann sie unter „Calling rules“ freischalten.",
    token:
      "Anrufe in dieses Land ({country}) sind für dieses Token nicht freigeschaltet. Ein Administrator kann sie auf der Seite des Tokens freischalten.",
    listed:
      "Die Organisation ist neu: Bis zum {until} kann sie nur Nummern im eigenen Land ({home}) anrufen. Danach sind Anrufe in das Zielland ({country}) möglich. Nur der Support kann die Regel früher beenden.",
    unlisted:
      "Die Organisation ist neu: Bis zum {until} kann sie nur Nummern im eigenen Land ({home}) anrufen. Danach kann ein Administrator das Zielland ({country}) unter „Calling rules“ hinzufügen; der Support kann die Regel früher beenden.",
    unlistedForToken:
      "Die Organisation ist neu: Bis zum {until} kann sie nur Nummern im eigenen Land ({home}) anrufen. Danach kann ein Administrator das Zielland ({country}) auf der Seite des Tokens hinzufügen; der Support kann die Regel früher beenden.",
  },
  limitSentences: {
    atOnce: "Es laufen zu viele Anrufe gleichzeitig.",
    shortTime: "Zu viele Anrufe in kurzer Zeit.",
    callsToday: "Zu viele Anrufe heute.",
    sameNumber: "Zu viele Anrufe bei dieser Nummer innerhalb einer Stunde.",
    foreignNumbers: "Zu viele verschiedene ausländische Nummern innerhalb einer Stunde.",
    minutesToday: "Die Minuten für heute sind aufgebraucht.",
    minutesThisMonth: "Die Minuten für diesen Monat sind aufgebraucht.",
    budgetToday: "Das Budget für heute ist aufgebraucht.",
    budgetThisMonth: "Das Budget für diesen Monat ist aufgebraucht.",
  },
  waitTimes: {
    otherCall: ", bis ein anderer Anruf beendet ist",
    minute: " eine Minute",
    hour: " eine Stunde",
    today: " bis Mitternacht (UTC)",
    month: " bis zum Beginn des nächsten Monats (UTC)",
  },
  amounts: {
    live_calls: { one: "{value} Anruf gleichzeitig", other: "{value} Anrufe gleichzeitig" },
    live_calls_per_token: {
      one: "{value} Anruf gleichzeitig pro Token",
      other: "{value} Anrufe gleichzeitig pro Token",
    },
    live_calls_per_phone: {
      one: "{value} Anruf gleichzeitig pro Telefon",
      other: "{value} Anrufe gleichzeitig pro Telefon",
    },
    calls_per_minute: { one: "{value} Anruf pro Minute", other: "{value} Anrufe pro Minute" },
    calls_per_minute_per_token: {
      one: "{value} Anruf pro Minute und Token",
      other: "{value} Anrufe pro Minute und Token",
    },
    calls_per_minute_per_phone: {
      one: "{value} Anruf pro Minute und Telefon",
      other: "{value} Anrufe pro Minute und Telefon",
    },
    calls_per_day: { one: "{value} Anruf pro Tag", other: "{value} Anrufe pro Tag" },
    calls_to_one_number_per_hour: {
      one: "{value} Anruf pro Stunde bei einer Nummer",
      other: "{value} Anrufe pro Stunde bei einer Nummer",
    },
    foreign_numbers_per_hour: {
      one: "{value} ausländische Nummer pro Stunde",
      other: "{value} verschiedene ausländische Nummern pro Stunde",
    },
    minutes_per_day: { one: "{value} Minute pro Tag", other: "{value} Minuten pro Tag" },
    minutes_per_month: { one: "{value} Minute pro Monat", other: "{value} Minuten pro Monat" },
    spend_cents_per_day: { other: "{value} pro Tag" },
    spend_cents_per_month: { other: "{value} pro Monat" },
    spend_cents_per_day_per_token: { other: "{value} pro Tag und Token" },
  },
  limitAdvice: {
    raisable: "{reached} Warten Sie{wait}, oder bitten Sie einen Administrator, das Limit zu erhöhen ({amount}).",
    other: "{reached} Warten Sie{wait}. Das Limit: {amount}. {raise}",
    none: "Das Limit: {amount}. Es lässt keine Anrufe zu. {raise}",
  },
  timeLimitAdvice: {
    plain: "Die Höchstdauer eines Anrufs: {minutes}. Rufen Sie noch einmal an, um weiterzusprechen.",
    limited: "Die Höchstdauer dieses Anrufs: {minutes}. Der Grund ist das Limit: {amount}. {raise}",
  },
  raiseAdvice: {
    admin: "Ein Administrator kann es unter „Calling rules“ erhöhen.",
    token: "Ein Administrator kann es auf der Seite des Tokens oder unter „Calling rules“ erhöhen.",
    support: "Nur der Support kann es erhöhen; bitten Sie einen Administrator, dem Support zu schreiben.",
    newAdmin:
      "Die Organisation ist neu: Bis zum {until} gilt ein Viertel ihrer Limits. Ein Administrator kann das Limit unter „Calling rules“ erhöhen; der Support kann die Regel für neue Organisationen früher beenden.",
    newSupport:
      "Die Organisation ist neu: Bis zum {until} gilt ein Viertel ihrer Limits. Der Support kann die Regel früher beenden.",
  },
  causes: {
    policy: "Fügen Sie {source} zu {directive} in der Content-Security-Policy dieser Seite hinzu.",
    apiBase: "Geben Sie in data-api oder apiBase die URL des Telefondienstes an.",
    system:
      "Erlauben Sie diesem Browser das Mikrofon in den Datenschutzeinstellungen des Systems und rufen Sie noch einmal an.",
    page: "Die Permissions-Policy dieser Seite verbietet das Mikrofon: Senden Sie microphone=(self).",
    parent:
      'Die Seite, die diesen Frame enthält, verbietet das Mikrofon: Der Frame braucht das Attribut allow="microphone", und die Permissions-Policy jener Seite muss den Origin des Frames erlauben.',
    opaqueOrigin:
      "Fügen Sie allow-same-origin zum Attribut sandbox dieses Frames hinzu: Ohne Origin darf der Frame das Mikrofon nicht verwenden.",
  },
};
