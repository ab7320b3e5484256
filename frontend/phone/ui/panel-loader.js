/** Loads the panel's chunk and builds the panel, when the page is idle or at once. After a failure the next call tries again. */
import { asProblem } from "../errors.js";

/** @import { Problem } from "../errors.js" */
/** @import { Panel } from "./panel.js" */
/** @import { PhoneHost } from "./phone-host.js" */

const IDLE_TIMEOUT_MS = 4_000;

export class PanelLoader {
  /** @type {Panel | null} */
  panel = null;
  #host;
  #handlers;
  #isLoading = false;
  #isIdleAwaited = false;
  #isStopped = false;

  /**
   * @param {PhoneHost} host
   * @param {{onLoaded: () => void, onFailed: (problem: Problem) => void}} handlers
   */
  constructor(host, handlers) {
    this.#host = host;
    this.#handlers = handlers;
  }

  loadWhenIdle() {
    if (this.#isIdleAwaited) return;
    this.#isIdleAwaited = true;
    this.#host.env.whenIdle(() => this.load(), IDLE_TIMEOUT_MS);
  }

  async load() {
    if (this.panel || this.#isLoading || this.#isStopped) return;
    this.#isLoading = true;
    try {
      const { Panel } = await this.#host.env.loadChunk("panel");
      // Evaluating the chunk and building the panel in one task would block a slow page. A timer starts the second task and
      // not a promise: some pages replace Promise by one that does not work, and the panel is needed to say so.
      setTimeout(() => this.#build(Panel));
    } catch (error) {
      this.#isLoading = false;
      if (!this.#isStopped) this.#handlers.onFailed(asProblem(error));
    }
  }

  /** @param {typeof Panel} PanelClass */
  #build(PanelClass) {
    if (this.#isStopped) return;
    this.panel = new PanelClass(this.#host);
    this.#handlers.onLoaded();
  }

  stop() {
    this.#isStopped = true;
    this.panel?.stop();
  }
}
