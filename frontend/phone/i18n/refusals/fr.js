/**
 * The French templates of advice: about refused calls, calls that ended by a time limit, and obstacles in the browser
 * (content security policy, permission for the microphone, frames).
 */

/** @type {import("./explain.js").Refusals} */
export const refusals = {
  domain:
    "{domain} ne figure pas dans la liste de ce jeton. Un administrateur peut ajouter ce domaine dans Settings > Embed Phone Widget.",
  paused: "L’équipe du service téléphonique a suspendu les appels de toutes les organisations. Rappelez plus tard.",
  numberKinds: {
    own_number: "C’est l’un des numéros de votre propre organisation. Appelez un autre numéro.",
    pay_per_call: "C’est un numéro surtaxé. Aucune organisation ne peut l’appeler.",
    special:
      "C’est un numéro spécial, par exemple celui d’un récepteur d’appel (pager) ou d’un téléphone satellite. Aucune organisation ne peut l’appeler.",
    unassigned: "Ce numéro n’est pas attribué. Vérifiez le numéro, puis réessayez.",
  },
  country: {
    organization:
      "Les appels vers ce pays ({country}) ne sont pas activés pour votre organisation. Un administrateur peut les activer dans «\u00a0Calling rules\u00a0».",
    token:
      "Les appels vers ce pays ({country}) ne sont pas activés pour ce jeton. Un administrateur peut les activer sur la page du jeton.",
    listed:
      "L’organisation est nouvelle : jusqu’au {until}, elle ne peut appeler que des numéros de son propre pays ({home}). Ensuite, les appels vers le pays de destination ({country}) seront possibles. Seule l’assistance peut mettre fin à cette règle plus tôt.",
    unlisted:
      "L’organisation est nouvelle : jusqu’au {until}, elle ne peut appeler que des numéros de son propre pays ({home}). Ensuite, un administrateur peut ajouter le pays de destination ({country}) dans «\u00a0Calling rules\u00a0» ; l’assistance peut mettre fin à cette règle plus tôt.",
    unlistedForToken:
      "L’organisation est nouvelle : jusqu’au {until}, elle ne peut appeler que des numéros de son propre pays ({home}). Ensuite, un administrateur peut ajouter le pays de destination ({country}) sur la page du jeton ; l’assistance peut mettre fin à cette règle plus tôt.",
  },
  limitSentences: {
    atOnce: "Trop d’appels sont en cours.",
    shortTime: "Trop d’appels en peu de temps.",
    callsToday: "Trop d’appels aujourd’hui.",
    sameNumber: "Trop d’appels vers ce numéro en une heure.",
    foreignNumbers: "Trop de numéros étrangers différents en une heure.",
    minutesToday: "Les minutes du jour sont épuisées.",
    minutesThisMonth: "Les minutes du mois sont épuisées.",
    budgetToday: "Le budget du jour est épuisé.",
    budgetThisMonth: "Le budget du mois est épuisé.",
  },
  waitTimes: {
    otherCall: "qu’un autre appel se termine",
    minute: "une minute",
    hour: "une heure",
    today: "jusqu’à minuit (UTC)",
    month: "jusqu’au début du mois prochain (UTC)",
  },
  amounts: {
    live_calls: { one: "{value} appel à la fois", other: "{value} appels à la fois" },
    live_calls_per_token: { one: "{value} appel à la fois par jeton", other: "{value} appels à la fois par jeton" },
    live_calls_per_phone: {
      one: "{value} appel à la fois par téléphone",
      other: "{value} appels à la fois par téléphone",
    },
    calls_per_minute: { one: "{value} appel par minute", other: "{value} appels par minute" },
    calls_per_minute_per_token: {
      one: "{value} appel par minute et par jeton",
      other: "{value} appels par minute et par jeton",
    },
    calls_per_minute_per_phone: {
      one: "{value} appel par minute et par téléphone",
      other: "{value} appels par minute et par téléphone",
    },
    calls_per_day: { one: "{value} appel par jour", other: "{value} appels par jour" },
    calls_to_one_number_per_hour: {
      one: "{value} appel par heure vers un même numéro",
      other: "{value} appels par heure vers un même numéro",
    },
    foreign_numbers_per_hour: {
      one: "{value} numéro étranger par heure",
      other: "{value} numéros étrangers différents par heure",
    },
    minutes_per_day: { one: "{value} minute par jour", other: "{value} minutes par jour" },
    minutes_per_month: { one: "{value} minute par mois", other: "{value} minutes par mois" },
    spend_cents_per_day: { other: "{value} par jour" },
    spend_cents_per_month: { other: "{value} par mois" },
    spend_cents_per_day_per_token: { other: "{value} par jour et par jeton" },
  },
  limitAdvice: {
    raisable: "{reached} Attendez {wait}, ou demandez à un administrateur de relever la limite ({amount}).",
    other: "{reached} Attendez {wait}. Limite : {amount}. {raise}",
    none: "Limite : {amount}. Elle n’autorise aucun appel. {raise}",
  },
  timeLimitAdvice: {
    plain: "Durée maximale d’un appel : {minutes}. Rappelez pour continuer.",
    limited: "Durée maximale de cet appel : {minutes}, à cause de la limite : {amount}. {raise}",
  },
  raiseAdvice: {
    admin: "Un administrateur peut la relever dans «\u00a0Calling rules\u00a0».",
    token: "Un administrateur peut la relever sur la page du jeton ou dans «\u00a0Calling rules\u00a0».",
    support: "Seule l’assistance peut la relever ; demandez à un administrateur de lui écrire.",
    newAdmin:
      "L’organisation est nouvelle : jusqu’au {until}, elle dispose d’un quart de ses limites. Un administrateur peut relever la limite dans «\u00a0Calling rules\u00a0» ; l’assistance peut mettre fin plus tôt à la règle des nouvelles organisations.",
    newSupport:
      "L’organisation est nouvelle : jusqu’au {until}, elle dispose d’un quart de ses limites. L’assistance peut mettre fin à cette règle plus tôt.",
  },
  causes: {
    policy: "Ajoutez {source} à {directive} dans la Content-Security-Policy de cette page.",
    apiBase: "Indiquez l’URL du service téléphonique dans data-api ou apiBase.",
    system:
      "Autorisez le microphone pour ce navigateur dans les réglages de confidentialité du système, puis rappelez.",
    page: "L’en-tête Permissions-Policy de cette page interdit le microphone : envoyez microphone=(self).",
    parent:
      'La page qui contient ce cadre (frame) interdit le microphone : le cadre a besoin de l’attribut allow="microphone", et la Permissions-Policy de cette page doit autoriser l’origine du cadre.',
    opaqueOrigin:
      "Ajoutez allow-same-origin à l’attribut sandbox de ce cadre (frame) : sans origine, il n’a pas accès au microphone.",
  },
};
