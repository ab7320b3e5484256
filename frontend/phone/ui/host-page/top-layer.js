/**
 * Keeps the phone visible and usable while it is open or in a call: shows it as a popover above the page's popovers and
 * fullscreen elements, and moves it into the page's modal dialogs, because the browser makes everything outside them inert.
 */
import { ModalDialogs } from "./modal-dialogs.js";
import { OwnModal } from "./own-modal.js";
import { isReachable } from "./reachability.js";

/** @import { Mount } from "../keep-mounted.js" */
/** @import { Environment } from "../../types.d.ts" */

const CHECK_MS = 1_000;
const FULLSCREEN_EVENTS = ["fullscreenchange", "webkitfullscreenchange"];
// Elements that do not render their children.
const REPLACED_ELEMENTS = "audio,canvas,embed,iframe,img,input,object,textarea,video";
// Pages set these attributes on everything outside their own dialog.
const BARRIER_ATTRIBUTES = ["aria-hidden", "inert"];

export class TopLayer {
  #host;
  #root;
  #page;
  #mount;
  #render;
  #dialogs;
  #ownModal = new OwnModal();
  #failures = 0;
  #isNeeded = false;
  #isInCall = false;
  #isInline = false;
  /** True while the phone was moved out of the page's container element, where nobody could press it. */
  #isOutsideContainer = false;
  #attributeObserver;
  #sizeObserver;
  /** @type {Element | null} */
  #observed = null;
  /** @type {ReturnType<typeof setInterval> | undefined} */
  #timer;
  #abort = new AbortController();

  /**
   * @param {HTMLElement} host
   * @param {HTMLElement} root The element in its shadow root that contains all others.
   * @param {Pick<Environment, "document" | "window">} page
   * @param {Mount} mount
   * @param {() => void} render Called after the phone was moved into the page's container element, or out of it.
   */
  constructor(host, root, page, mount, render) {
    const { MutationObserver, ResizeObserver } = page.window;
    this.#host = host;
    this.#root = root;
    this.#page = page;
    this.#mount = mount;
    this.#render = render;
    this.#dialogs = new ModalDialogs(page.document);
    this.#attributeObserver = new MutationObserver(() => {
      this.#removeBarriers();
      this.#restore({ raise: true });
    });
    // No event says that an ancestor was removed or hidden. Elements inside it then have no size.
    this.#sizeObserver = ResizeObserver && new ResizeObserver(() => this.#restore());
  }

  /**
   * @param {HTMLElement} root
   * @param {{isNeeded: boolean, isInCall: boolean, isInline: boolean}} state `isInline`: the phone is in the page's container.
   */
  update(root, { isNeeded, isInCall, isInline }) {
    const isNewRoot = root !== this.#root;
    const isNewCall = isInCall && !this.#isInCall;
    const isReturning = this.#isOutsideContainer && !isInCall;
    this.#root = root;
    this.#isInCall = isInCall;
    this.#isInline = isInline;
    if (isInline || !isInCall) this.#isOutsideContainer = false;
    if (isInline) root.removeAttribute("popover");
    try {
      if (!isNeeded) this.stop();
      else if (!this.#isNeeded) this.#start();
      else if (isNewRoot || isReturning) this.#restore({ raise: true });
      if (isReturning) queueMicrotask(this.#render);
      if (isNewCall) this.#leaveForeignFullscreen();
    } catch (error) {
      // A page that forbids one of these steps must not end the call.
      console.warn("[EpochPhone] the phone could not be moved above the page's other elements:", error);
    }
  }

  /** Move the phone back to its default parent, and stop watching the page. */
  stop() {
    if (!this.#isNeeded) return;
    this.#isNeeded = false;
    this.#isOutsideContainer = false;
    this.#abort.abort();
    this.#attributeObserver.disconnect();
    this.#sizeObserver?.disconnect();
    this.#observed = null;
    clearInterval(this.#timer);
    this.#withFocusKept(() => this.#ownModal.hide());
    this.#moveTo(null, false);
    // Ends the popover: the root is shown as an ordinary element again.
    this.#root.removeAttribute("popover");
  }

  #start() {
    const { document, window } = this.#page;
    this.#isNeeded = true;
    this.#abort = new AbortController();
    const options = { capture: true, signal: this.#abort.signal };
    const raise = () => this.#restore({ raise: true });
    for (const type of [...FULLSCREEN_EVENTS, "close"]) document.addEventListener(type, raise, options);
    /** @param {Event} event */
    const onToggle = ({ target }) => /** @type {Element} */ (target).matches?.("dialog,[popover]") && raise();
    document.addEventListener("toggle", onToggle, options);
    // Not all browsers send `toggle` for dialogs, and it does not leave a shadow root, but an opened dialog takes the focus.
    window.addEventListener("focusin", (event) => this.#dialogs.addDialogOf(event) && raise(), options);
    this.#timer = setInterval(() => this.#check(), CHECK_MS);
    for (const element of [this.#host, document.documentElement]) {
      try {
        this.#attributeObserver.observe(element, { attributeFilter: BARRIER_ATTRIBUTES });
      } catch {
        // A sandbox may hide elements that it shares with other code.
      }
    }
    this.#removeBarriers();
    raise();
  }

  /** Repair changes for which there was no event. */
  #check() {
    this.#mount.check();
    if (!this.#isUnreachable) {
      this.#failures = 0;
      return;
    }
    this.#restore({ raise: true });
    if (!this.#isInCall || !this.#isUnreachable) return;
    this.#failures += 1;
    // At the second failure only: something may cover the phone for a moment, such as a transition of the page.
    if (this.#failures === 2) this.#escape();
  }

  /** The phone cannot be pressed: move it out of the page's container, or, if it is not in one, show it as a modal dialog. */
  #escape() {
    const wasInline = this.#isInline;
    this.#isOutsideContainer = true;
    this.#isInline = false;
    this.#moveTo(this.#defaultParent, true);
    if (!wasInline) {
      this.#withFocusKept(() => this.#ownModal.show(this.#root));
      // If it helped, the next check starts counting again: the page may open another dialog before it.
      if (!this.#isUnreachable) this.#failures = 0;
      return;
    }
    this.#failures = 0;
    this.#render();
  }

  get #isUnreachable() {
    // The print styles hide the phone.
    if (this.#page.window.matchMedia?.("print").matches) return false;
    const isScrolled = this.#isInline || !this.#isInCall;
    return isReachable(this.#host, this.#root, { isScrolled }) === false;
  }

  /**
   * Move the phone to a parent in which a person can press it.
   * @param {{raise?: boolean}} [options] `raise`: show it above everything, because the page may have put something above it.
   */
  #restore({ raise = false } = {}) {
    if (!this.#isNeeded) return;
    this.#mount.check();
    if (raise) this.#withFocusKept(() => this.#ownModal.hide());
    const { shadowRoot } = this.#host;
    if (!shadowRoot?.contains(this.#root)) shadowRoot?.append(this.#root);
    const parents = this.#possibleParents();
    if (parents.length === 1 && !fullscreenElement(this.#page.document)) {
      // Most pages: without a choice nothing is measured; measuring would force a layout of the page during a press.
      this.#moveTo(parents[0], raise);
      this.#observeSize();
      return;
    }
    // No API names the topmost dialog, but all others are inert, so that a press in them does not reach the phone.
    for (const parent of parents) {
      this.#moveTo(parent, raise);
      if (!this.#isUnreachable) break;
    }
    if (this.#isUnreachable) {
      this.#moveTo(parents[0], raise);
      if (this.#isInCall) this.#leaveForeignFullscreen();
    }
    this.#observeSize();
  }

  /**
   * The possible parents of the host, the most likely one first. Null is its default parent.
   * @returns {(Element | null)[]}
   */
  #possibleParents() {
    const dialogs = this.#dialogs.find();
    const fullscreen = fullscreenElement(this.#page.document);
    const fullscreenParents = fullscreen && !fullscreen.matches(REPLACED_ELEMENTS) ? [fullscreen] : [];
    // The dialogs alone are not enough: one of them may not be rendered.
    if (dialogs.length > 0) return [...dialogs, ...fullscreenParents, this.#defaultParent];
    // A popover is above fullscreen elements wherever it is in the document.
    return this.#canBePopover
      ? [this.#defaultParent, ...fullscreenParents]
      : [...fullscreenParents, this.#defaultParent];
  }

  /** Null is the default parent of keep-mounted.js, which may be the page's container element. */
  get #defaultParent() {
    return this.#isOutsideContainer ? this.#page.document.documentElement : null;
  }

  get #canBePopover() {
    // A popover is not laid out in the page's container element.
    return Boolean(this.#root.showPopover) && !this.#isInline;
  }

  /**
   * Move the host into `parent` and show it; null is its default parent.
   * @param {Element | null} parent
   * @param {boolean} raise
   */
  #moveTo(parent, raise) {
    const { body, documentElement } = this.#page.document;
    const { parentNode } = this.#host;
    // keep-mounted.js uses the body if the document's root accepts no element.
    const isInBody = parent === documentElement && parentNode === body;
    const isThere = parent ? parentNode === parent || isInBody : this.#mount.isInDefaultParent;
    if (!isThere) this.#withFocusKept(() => this.#mount.attach(parent));
    this.#showAsPopover(raise || !isThere);
  }

  /**
   * Run `move`, and give the focus and the selection back that browsers remove from a moved element.
   * @param {() => void} move
   */
  #withFocusKept(move) {
    const shadow = /** @type {ShadowRoot} */ (this.#host.shadowRoot);
    const focused = /** @type {HTMLInputElement | null} */ (shadow.activeElement);
    const { selectionStart = null, selectionEnd = null } = focused ?? {};
    move();
    if (!focused || shadow.activeElement === focused) return;
    focused.focus({ preventScroll: true });
    if (selectionStart !== null) focused.setSelectionRange(selectionStart, selectionEnd);
  }

  /** @param {boolean} raise True to show the root above everything that is in the top layer now. */
  #showAsPopover(raise) {
    const root = this.#root;
    if (!this.#isNeeded || !this.#canBePopover || !root.isConnected || this.#ownModal.isShown) return;
    root.setAttribute("popover", "manual");
    // Without a role, browsers expose a popover as a group.
    root.setAttribute("role", "none");
    const isShown = root.matches(":popover-open");
    if (isShown && !raise) return;
    if (isShown) root.hidePopover();
    root.showPopover();
  }

  /** Leave the fullscreen of a video or a frame, which cannot contain the phone; nothing outside it may be pressed. */
  #leaveForeignFullscreen() {
    const { document } = this.#page;
    if (!fullscreenElement(document)?.matches(REPLACED_ELEMENTS)) return;
    const exit = document.exitFullscreen ?? /** @type {any} */ (document).webkitExitFullscreen;
    Promise.resolve(exit?.call(document)).catch(() => {});
  }

  #removeBarriers() {
    for (const name of BARRIER_ATTRIBUTES) if (this.#host.hasAttribute(name)) this.#host.removeAttribute(name);
  }

  /** Observe the size of the live region, which always has one if it is rendered. */
  #observeSize() {
    const element = this.#root.querySelector("[role=status]");
    if (!element || element === this.#observed) return;
    this.#observed = element;
    this.#sizeObserver?.disconnect();
    this.#sizeObserver?.observe(element);
  }
}

/**
 * The element that fills the screen, also one in an open shadow root.
 * @param {Document} document
 * @returns {Element | null}
 */
function fullscreenElement(document) {
  try {
    /** @type {Element | null} */
    let element = document.fullscreenElement ?? /** @type {any} */ (document).webkitFullscreenElement ?? null;
    while (element?.shadowRoot?.fullscreenElement) element = element.shadowRoot.fullscreenElement;
    return element;
  } catch {
    // Lightning Web Security forbids reading it.
    return null;
  }
}
