"""The sentences that callers and forwarded phones hear besides the greeting, in each language. Plain data."""

from collections.abc import Mapping

import msgspec

DEFAULT_LANGUAGE = "en-US"


class Prompts(msgspec.Struct, frozen=True):
    """The prompts of one language; ``{name}`` is the organization's name."""

    welcome: str
    """The greeting where the organization has set none."""
    no_answer: str
    """Said when no phone accepted the call."""
    goodbye: str
    press_9: str
    blocked: str
    """Said after the caller pressed 9."""
    accept: str
    """Said to a forwarded phone that was answered."""
    leave_message: str
    thanks: str
    """Said after the caller left a message."""
    not_in_service: str
    unavailable: str
    """Said when the call is refused (plan, suspension, limits) or when we failed to process it."""


_ENGLISH = Prompts(
    welcome="Thank you for calling {name}.",
    no_answer="Nobody can take your call at the moment.",
    goodbye="Goodbye.",
    press_9="If you do not want to be called by us again, press 9.",
    blocked="We will not call you again. Goodbye.",
    accept="A call for {name}. Press 1 to accept it.",
    leave_message="Please leave a message after the tone.",
    thanks="Thank you for your message.",
    not_in_service="This number is not in service. Goodbye.",
    unavailable="This number cannot take calls at the moment. Please call again later. Goodbye.",
)
_PROMPTS: Mapping[str, Prompts] = {
    "en": _ENGLISH,
    "es": Prompts(
        welcome="Gracias por llamar a {name}.",
        no_answer="En este momento nadie puede atender su llamada.",
        goodbye="Adiós.",
        press_9="Si no desea que volvamos a llamarle, pulse 9.",
        blocked="No volveremos a llamarle. Adiós.",
        accept="Una llamada para {name}. Pulse 1 para aceptarla.",
        leave_message="Deje un mensaje después de la señal.",
        thanks="Gracias por su mensaje.",
        not_in_service="Este número no está en servicio. Adiós.",
        unavailable="Este número no puede recibir llamadas en este momento. Llame más tarde. Adiós.",
    ),
    "fr": Prompts(
        welcome="Merci d'avoir appelé {name}.",
        no_answer="Personne ne peut prendre votre appel pour le moment.",
        goodbye="Au revoir.",
        press_9="Si vous ne souhaitez plus être appelé par nous, tapez 9.",
        blocked="Nous ne vous appellerons plus. Au revoir.",
        accept="Un appel pour {name}. Tapez 1 pour l'accepter.",
        leave_message="Laissez un message après le signal sonore.",
        thanks="Merci pour votre message.",
        not_in_service="Ce numéro n'est pas en service. Au revoir.",
        unavailable="Ce numéro ne peut pas recevoir d'appels pour le moment. Rappelez plus tard. Au revoir.",
    ),
    "de": Prompts(
        welcome="Danke für Ihren Anruf bei {name}.",
        no_answer="Im Moment kann niemand Ihren Anruf annehmen.",
        goodbye="Auf Wiederhören.",
        press_9="Wenn Sie von uns nicht mehr angerufen werden möchten, drücken Sie die 9.",
        blocked="Wir rufen Sie nicht mehr an. Auf Wiederhören.",
        accept="Ein Anruf für {name}. Drücken Sie die 1, um ihn anzunehmen.",
        leave_message="Bitte hinterlassen Sie eine Nachricht nach dem Ton.",
        thanks="Danke für Ihre Nachricht.",
        not_in_service="Diese Nummer ist nicht vergeben. Auf Wiederhören.",
        unavailable="Diese Nummer kann im Moment keine Anrufe annehmen. Bitte rufen Sie später an. Auf Wiederhören.",
    ),
    "it": Prompts(
        welcome="Grazie per aver chiamato {name}.",
        no_answer="Al momento nessuno può rispondere alla chiamata.",
        goodbye="Arrivederci.",
        press_9="Se non desidera essere richiamato da noi, prema 9.",
        blocked="Non la chiameremo più. Arrivederci.",
        accept="Una chiamata per {name}. Prema 1 per accettarla.",
        leave_message="Lasci un messaggio dopo il segnale acustico.",
        thanks="Grazie per il messaggio.",
        not_in_service="Questo numero non è in servizio. Arrivederci.",
        unavailable="Questo numero non può ricevere chiamate al momento. Richiami più tardi. Arrivederci.",
    ),
    "nl": Prompts(
        welcome="Bedankt voor het bellen van {name}.",
        no_answer="Op dit moment kan niemand uw oproep aannemen.",
        goodbye="Tot ziens.",
        press_9="Wilt u niet meer door ons gebeld worden, toets dan 9.",
        blocked="Wij bellen u niet meer. Tot ziens.",
        accept="Een oproep voor {name}. Toets 1 om hem aan te nemen.",
        leave_message="Spreek na de toon een bericht in.",
        thanks="Bedankt voor uw bericht.",
        not_in_service="Dit nummer is niet in gebruik. Tot ziens.",
        unavailable="Dit nummer kan nu geen oproepen aannemen. Bel later terug. Tot ziens.",
    ),
    "pt": Prompts(
        welcome="Obrigado por ligar para {name}.",
        no_answer="Neste momento ninguém pode atender a sua chamada.",
        goodbye="Até logo.",
        press_9="Se não quiser que voltemos a ligar, prima 9.",
        blocked="Não voltaremos a ligar. Até logo.",
        accept="Uma chamada para {name}. Prima 1 para a aceitar.",
        leave_message="Deixe uma mensagem depois do sinal.",
        thanks="Obrigado pela sua mensagem.",
        not_in_service="Este número não está em serviço. Até logo.",
        unavailable="Este número não pode receber chamadas neste momento. Ligue mais tarde. Até logo.",
    ),
}
LANGUAGES: Mapping[str, str] = {
    "en-US": "English (US)",
    "en-GB": "English (UK)",
    "en-AU": "English (Australia)",
    "en-CA": "English (Canada)",
    "es-ES": "Spanish (Spain)",
    "es-MX": "Spanish (Mexico)",
    "fr-FR": "French (France)",
    "fr-CA": "French (Canada)",
    "de-DE": "German",
    "it-IT": "Italian",
    "nl-NL": "Dutch",
    "pt-BR": "Portuguese (Brazil)",
    "pt-PT": "Portuguese (Portugal)",
}
"""Languages that the carrier speaks and for which there are prompts, by BCP 47 code."""


def prompts_in(language: str) -> Prompts:
    """The prompts of a language of ``LANGUAGES``; English for any other."""
    return _PROMPTS.get(language.partition("-")[0], _ENGLISH)
