/**
 * The Portuguese templates of advice: about refused calls, calls that ended by a time limit, and obstacles in the browser
 * (content security policy, permission for the microphone, frames).
 */

/** @type {import("./explain.js").Refusals} */
export const refusals = {
  domain:
    "{domain} não está na lista deste token. Um administrador pode adicionar o domínio em Settings > Embed Phone Widget.",
  paused: "A equipe do serviço de telefonia pausou as chamadas de todas as organizações. Ligue mais tarde.",
  numberKinds: {
    own_number: "Este é um dos números da sua própria organização. Ligue para outro número.",
    pay_per_call: "Este é um número de tarifa especial. Nenhuma organização pode ligar para ele.",
    special:
      "Este é um número especial, por exemplo o de um pager ou de um telefone por satélite. Nenhuma organização pode ligar para ele.",
    unassigned: "Este número não está atribuído. Verifique o número e tente novamente.",
  },
  country: {
    organization:
      "As chamadas para este país ({country}) não estão ativadas para a sua organização. Um administrador pode ativá-las em “Calling rules”.",
    token:
      "As chamadas para este país ({country}) não estão ativadas para este token. Um administrador pode ativá-las na página do token.",
    listed:
      "A organização é nova: até {until}, só pode ligar para números do próprio país ({home}). Depois disso, as chamadas para o país de destino ({country}) serão possíveis. Só o suporte pode encerrar a regra antes.",
    unlisted:
      "A organização é nova: até {until}, só pode ligar para números do próprio país ({home}). Depois disso, um administrador pode adicionar o país de destino ({country}) em “Calling rules”; o suporte pode encerrar a regra antes.",
    unlistedForToken:
      "A organização é nova: até {until}, só pode ligar para números do próprio país ({home}). Depois disso, um administrador pode adicionar o país de destino ({country}) na página do token; o suporte pode encerrar a regra antes.",
  },
  limitSentences: {
    atOnce: "Há chamadas demais em andamento.",
    shortTime: "Chamadas demais em pouco tempo.",
    callsToday: "Chamadas demais hoje.",
    sameNumber: "Chamadas demais para este número em uma hora.",
    foreignNumbers: "Números estrangeiros diferentes demais em uma hora.",
    minutesToday: "Os minutos de hoje acabaram.",
    minutesThisMonth: "Os minutos deste mês acabaram.",
    budgetToday: "O orçamento de hoje acabou.",
    budgetThisMonth: "O orçamento deste mês acabou.",
  },
  waitTimes: {
    otherCall: "até que outra chamada termine",
    minute: "um minuto",
    hour: "uma hora",
    today: "até a meia-noite (UTC)",
    month: "até o início do próximo mês (UTC)",
  },
  amounts: {
    live_calls: { one: "{value} chamada ao mesmo tempo", other: "{value} chamadas ao mesmo tempo" },
    live_calls_per_token: {
      one: "{value} chamada ao mesmo tempo por token",
      other: "{value} chamadas ao mesmo tempo por token",
    },
    live_calls_per_phone: {
      one: "{value} chamada ao mesmo tempo por telefone",
      other: "{value} chamadas ao mesmo tempo por telefone",
    },
    calls_per_minute: { one: "{value} chamada por minuto", other: "{value} chamadas por minuto" },
    calls_per_minute_per_token: {
      one: "{value} chamada por minuto e token",
      other: "{value} chamadas por minuto e token",
    },
    calls_per_minute_per_phone: {
      one: "{value} chamada por minuto e telefone",
      other: "{value} chamadas por minuto e telefone",
    },
    calls_per_day: { one: "{value} chamada por dia", other: "{value} chamadas por dia" },
    calls_to_one_number_per_hour: {
      one: "{value} chamada por hora para um número",
      other: "{value} chamadas por hora para um número",
    },
    foreign_numbers_per_hour: {
      one: "{value} número estrangeiro por hora",
      other: "{value} números estrangeiros diferentes por hora",
    },
    minutes_per_day: { one: "{value} minuto por dia", other: "{value} minutos por dia" },
    minutes_per_month: { one: "{value} minuto por mês", other: "{value} minutos por mês" },
    spend_cents_per_day: { other: "{value} por dia" },
    spend_cents_per_month: { other: "{value} por mês" },
    spend_cents_per_day_per_token: { other: "{value} por dia e token" },
  },
  limitAdvice: {
    raisable: "{reached} Espere {wait} ou peça a um administrador que aumente o limite ({amount}).",
    other: "{reached} Espere {wait}. O limite é: {amount}. {raise}",
    none: "O limite é: {amount}. Ele não permite nenhuma chamada. {raise}",
  },
  timeLimitAdvice: {
    plain: "Duração máxima de uma chamada: {minutes}. Ligue novamente para continuar.",
    limited: "Duração máxima desta chamada: {minutes}, por causa do limite: {amount}. {raise}",
  },
  raiseAdvice: {
    admin: "Um administrador pode aumentá-lo em “Calling rules”.",
    token: "Um administrador pode aumentá-lo na página do token ou em “Calling rules”.",
    support: "Só o suporte pode aumentá-lo; peça a um administrador que escreva ao suporte.",
    newAdmin:
      "A organização é nova: até {until}, tem um quarto dos seus limites. Um administrador pode aumentar o limite em “Calling rules”; o suporte pode encerrar antes a regra das organizações novas.",
    newSupport:
      "A organização é nova: até {until}, tem um quarto dos seus limites. O suporte pode encerrar a regra antes.",
  },
  causes: {
    policy: "Adicione {source} a {directive} na Content-Security-Policy desta página.",
    apiBase: "Informe a URL do serviço de telefonia em data-api ou apiBase.",
    system: "Permita o microfone para este navegador nas configurações de privacidade do sistema e ligue novamente.",
    page: "O cabeçalho Permissions-Policy desta página proíbe o microfone: envie microphone=(self).",
    parent:
      'A página que contém este frame proíbe o microfone: o frame precisa do atributo allow="microphone", e a Permissions-Policy dessa página deve permitir a origem do frame.',
    opaqueOrigin:
      "Adicione allow-same-origin ao atributo sandbox deste frame: sem origem, ele não tem acesso ao microfone.",
  },
};
