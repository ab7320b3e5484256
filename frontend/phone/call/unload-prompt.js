/**
 * Asks the person before the page unloads during a call; not for links to another program, such as `mailto:`, and
 * downloads.
 */

/** @import { Environment } from "../types.d.ts" */

// Every other scheme belongs to another program (mailto:, tel:), or runs a script in the page.
const PAGE_SCHEME = /^(?:https?|file|filesystem|blob|data|about):/i;
/** Browsers begin the navigation of a click within this time; some do so in a later task. */
const CLICK_MS = 200;

/**
 * @typedef {Event & {destination: {url: string}, downloadRequest?: string | null}} NavigateEvent Of the Navigation API,
 *   which not all supported browsers have.
 */

export class UnloadPrompt {
  #window;
  #isOn = false;
  /** True if the navigation that begins now does not unload the page. */
  #keepsPage = false;
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
    // The Navigation API also reports a navigation by a script.
    const { navigation } = /** @type {{navigation?: EventTarget}} */ (/** @type {unknown} */ (window));
    navigation?.[change]("navigate", this.#onNavigate);
  }

  /**
   * True if a navigation to `url` does not unload the page.
   * @param {string} url Absolute.
   * @param {boolean} [isDownload] True if the page asks the browser to save the file.
   */
  #isPageKeptBy(url, isDownload = false) {
    return isForAnotherProgram(url) || (isDownload && isSaved(url, this.#window.location.origin));
  }

  /** @param {boolean} keepsPage */
  #setKeepsPage(keepsPage) {
    clearTimeout(this.#timer);
    this.#keepsPage = keepsPage;
    if (keepsPage) this.#timer = setTimeout(() => this.#setKeepsPage(false), CLICK_MS);
  }

  /** @param {Event} event */
  #onClick = (event) => {
    const link = /** @type {(EventTarget & Partial<HTMLAnchorElement>)[]} */ (event.composedPath()).find(
      ({ href }) => typeof href === "string",
    );
    if (link?.href) this.#setKeepsPage(this.#isPageKeptBy(link.href, link.hasAttribute?.("download")));
  };

  /** @param {Event} event */
  #onSubmit = (event) => {
    const { target, submitter } = /** @type {SubmitEvent} */ (event);
    const form = /** @type {HTMLFormElement} */ (target);
    const url = submitter?.getAttribute("formaction") ?? form.getAttribute("action") ?? "";
    this.#setKeepsPage(isForAnotherProgram(new URL(url, form.baseURI).href));
  };

  /** @param {Event} event */
  #onNavigate = (event) => {
    const { destination, downloadRequest } = /** @type {NavigateEvent} */ (event);
    this.#setKeepsPage(this.#isPageKeptBy(destination.url, typeof downloadRequest === "string"));
  };

  /** @param {BeforeUnloadEvent} event */
  #onBeforeUnload = (event) => {
    if (this.#keepsPage) {
      this.#setKeepsPage(false);
      return;
    }
    event.preventDefault();
    // Older browsers show the question only when this is set.
    event.returnValue = true;
  };
}

/** @param {string} url Absolute. */
const isForAnotherProgram = (url) => !PAGE_SCHEME.test(url);

/**
 * True if the browser saves a link with `download` to `url`; it opens a URL of another origin.
 * @param {string} url Absolute.
 * @param {string} origin The page's.
 */
const isSaved = (url, origin) => /^(?:blob|data):/i.test(url) || new URL(url).origin === origin;
