/** Loads three views of the panel, each when it is needed: call outcomes, voicemail drop, missed calls. */
import { ViewLoader } from "./view-loader.js";

/** @import { Panel } from "./panel.js" */
/** @import { PanelElements } from "./panel-elements.js" */
/** @import { View } from "./views.js" */

export class LazyViews {
  /** @type {ViewLoader[]} */
  #loaders;

  /**
   * @param {Panel} panel
   * @param {(number: string) => string} format Writes an E.164 number for reading.
   */
  constructor(panel, format) {
    const { phone, env } = panel;
    this.#loaders = [
      new ViewLoader(panel, {
        isWanted: () => Boolean(phone.exchangeResponse?.settings?.outcomes && (panel.isOpen || phone.isInCall)),
        async load(elements) {
          const { OutcomeView, setOutcome } = await env.loadChunk("outcomes");
          return new OutcomeView(panel, elements, {
            save: (callId, outcome) => setOutcome(phone, env, panel.settings, callId, outcome),
            format,
          });
        },
      }),
      new ViewLoader(panel, {
        isWanted: ({ isLive, isInPopOut }) => Boolean(panel.isOpen && isLive && !isInPopOut),
        async load(elements) {
          const { VoicemailDropView, dropVoicemail } = await env.loadChunk("voicemail-drop");
          return new VoicemailDropView(panel, elements, (id) => dropVoicemail(phone, env, panel.settings, id));
        },
      }),
      new ViewLoader(panel, {
        // Only our own pages have a ticket from the start, and only on them a signed-in person is known.
        isWanted: ({ state }) => Boolean(panel.settings.ticket && panel.isOpen && state === "ready"),
        async load(elements) {
          const { MissedCallsView } = await env.loadChunk("missed-calls");
          return new MissedCallsView(panel, elements, format);
        },
      }),
    ];
  }

  /**
   * @param {PanelElements} elements
   * @param {View} view
   * @param {boolean} isCovered True while the settings cover the stage.
   */
  update(elements, view, isCovered) {
    for (const loader of this.#loaders) loader.update(elements, view, isCovered);
  }

  /**
   * True if a view handled the key.
   * @param {KeyboardEvent} event
   */
  onKey(event) {
    return this.#loaders.some((loader) => loader.onKey(event));
  }
}
