/**
 * Loads the chunk `call-stack`, the code that places calls in this page with the voice SDK; adds that chunk's error
 * texts to those of phone.js, and creates the phone's CallStack.
 */
import { knownFixes, SENTENCES } from "../errors.js";

/** @import { Phone } from "../core.js" */
/** @import { CallStack } from "../lazy/call-stack.js" */
/** @import { Environment } from "../types.d.ts" */

export class CallStackLoader {
  /**
   * The phone's call stack; null until it is loaded.
   * @type {CallStack | null}
   */
  loaded = null;
  #phone;
  #env;

  /**
   * @param {Phone} phone
   * @param {Environment} env
   */
  constructor(phone, env) {
    this.#phone = phone;
    this.#env = env;
  }

  /** The phone's one call stack. Rejects with Problem. */
  async load() {
    const { CallStack, fixes, sentences } = await this.#env.loadChunk("call-stack");
    Object.assign(knownFixes, fixes);
    Object.assign(SENTENCES, sentences);
    this.loaded ??= new CallStack(this.#phone, this.#env);
    return this.loaded;
  }
}
