/** Loads the panel's chunk and builds the panel: when the page is idle, or at once. After a failure the next call tries again. */
import { asProblem } from "../errors.js";

/** @import { Problem } from "../errors.js" */
/** @import { Panel } from "./panel.js" */
/** @import { PhoneHost } from "./phone-host.js" */

const IDLE_TIMEOUT_MS = 4_000;

export class PanelLoader {
  /** @type {Panel | null} */
  panel = null;
  #host;
  #on;
  #isLoading = false;
  #isIdleAwaited = false;
  #isStopped = false;

  /**
   * @param {PhoneHost} host
   * @param {{loaded: () => void, failed: (problem: Problem) => void}} on
   */
  constructor(host, on) {
    this.#host = host;
    this.#on = on;
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
      // Evaluating the chunk and building the panel in one task would block a slow page. No promise: some pages break them,
      // and the panel says so.
      setTimeout(() => this.#build(Panel));
    } catch (error) {
      this.#isLoading = false;
      if (!this.#isStopped) this.#on.failed(asProblem(error));
    }
  }

  /** @param {typeof Panel} PanelClass */
  #build(PanelClass) {
    if (this.#isStopped) return;
    this.panel = new PanelClass(this.#host);
    this.#on.loaded();
  }

  stop() {
    this.#isStopped = true;
    this.panel?.stop();
  }
}
