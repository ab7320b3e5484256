/** The parts of the panel that are chunks: outcomes, voicemail greetings, missed calls. */
import { PartLoader } from "./part-loader.js";

/** @import { Panel } from "./panel.js" */
/** @import { PanelElements } from "./panel-elements.js" */
/** @import { View } from "./views.js" */

export class PanelParts {
  /** @type {PartLoader[]} */
  #loaders;

  /**
   * @param {Panel} panel
   * @param {(number: string) => string} format
   */
  constructor(panel, format) {
    const { phone, env } = panel;
    this.#loaders = [
      new PartLoader(panel, {
        isWanted: () => Boolean(phone.account?.settings?.outcomes && (panel.isOpen || phone.isInCall)),
        async load(elements) {
          const { OutcomeView, setOutcome } = await env.loadChunk("outcomes");
          return new OutcomeView(panel, elements, {
            save: (callId, given) => setOutcome(phone, env, panel.settings, callId, given),
            format,
          });
        },
      }),
      new PartLoader(panel, {
        isWanted: ({ isLive, isInPopOut }) => Boolean(panel.isOpen && isLive && !isInPopOut),
        async load(elements) {
          const { VoicemailView, dropVoicemail } = await env.loadChunk("voicemail");
          return new VoicemailView(panel, elements, (id) => dropVoicemail(phone, env, panel.settings, id));
        },
      }),
      new PartLoader(panel, {
        // Only our own pages have a ticket from the start, and only there a person can be verified.
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
   * True if the key was one of a part.
   * @param {KeyboardEvent} event
   */
  onKey(event) {
    return this.#loaders.some((loader) => loader.onKey(event));
  }
}
