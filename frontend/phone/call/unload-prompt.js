/** Prompts before the page unloads during a call; URLs for another program, such as `mailto:`, do not unload it. */

/** @import { Environment } from "../types.d.ts" */

// Every other scheme belongs to another program (mailto:, tel:), or runs a script in the page.
const PAGE_SCHEME = /^(?:https?|file|filesystem|blob|data|about):/i;
/** The time in which the browser acts on a click; some do it in a later task. */
const CLICK_MS = 200;

/**
 * @typedef {Event & {destination: {url: string}, downloadRequest?: string | null}} NavigateEvent Of the Navigation API,
 *   which not all supported browsers have.
 */

export class UnloadPrompt {
  #window;
  #isOn = false;
  /** True if the navigation that begins now leaves the page open. */
  #isStaying = false;
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  #timer;

  /** @param {Pick<Environment, "window">} env */
  constructor({ window }) {
    this.#window = window;
  }

  /**
   * Switch the prompt on or off.
   * @param {boolean} isOn
   */
  set(isOn) {
    if (isOn === this.#isOn) return;
    this.#isOn = isOn;
    const change = isOn ? "addEventListener" : "removeEventListener";
    const window = this.#window;
    window[change]("beforeunload", this.#onBeforeUnload);
    window[change]("click", this.#onClick, true);
    window[change]("submit", this.#onSubmit, true);
    // Also tells about a script's navigation.
    const { navigation } = /** @type {{navigation?: EventTarget}} */ (/** @type {unknown} */ (window));
    navigation?.[change]("navigate", this.#onNavigate);
  }

  /**
   * True if a navigation to `address` leaves the page open.
   * @param {string} address Absolute.
   * @param {boolean} [isDownload] True if the page wishes it to be saved.
   */
  #isStayingAt(address, isDownload = false) {
    return isForAnotherProgram(address) || (isDownload && canBeSaved(address, this.#window.location.origin));
  }

  /** @param {boolean} isStaying */
  #expect(isStaying) {
    clearTimeout(this.#timer);
    this.#isStaying = isStaying;
    if (isStaying) this.#timer = setTimeout(() => this.#expect(false), CLICK_MS);
  }

  /** @param {Event} event */
  #onClick = (event) => {
    const link = /** @type {(EventTarget & Partial<HTMLAnchorElement>)[]} */ (event.composedPath()).find(
      ({ href }) => typeof href === "string",
    );
    if (link?.href) this.#expect(this.#isStayingAt(link.href, link.hasAttribute?.("download")));
  };

  /** @param {Event} event */
  #onSubmit = (event) => {
    const { target, submitter } = /** @type {SubmitEvent} */ (event);
    const form = /** @type {HTMLFormElement} */ (target);
    const address = submitter?.getAttribute("formaction") ?? form.getAttribute("action") ?? "";
    this.#expect(isForAnotherProgram(new URL(address, form.baseURI).href));
  };

  /** @param {Event} event */
  #onNavigate = (event) => {
    const { destination, downloadRequest } = /** @type {NavigateEvent} */ (event);
    this.#expect(this.#isStayingAt(destination.url, typeof downloadRequest === "string"));
  };

  /** @param {BeforeUnloadEvent} event */
  #onBeforeUnload = (event) => {
    if (this.#isStaying) {
      this.#expect(false);
      return;
    }
    event.preventDefault();
    // Older browsers show the question only when this is set.
    event.returnValue = true;
  };
}

/** @param {string} address Absolute. */
const isForAnotherProgram = (address) => !PAGE_SCHEME.test(address);

/**
 * True for an address that the browser saves if a link says `download`; it opens an address of another origin all the same.
 * @param {string} address Absolute.
 * @param {string} origin The page's.
 */
const canBeSaved = (address, origin) => /^(?:blob|data):/i.test(address) || new URL(address).origin === origin;
