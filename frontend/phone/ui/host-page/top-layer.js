/**
 * Keeps the phone within reach while a person needs it: above the page's popovers and fullscreen elements as a popover of
 * its own, and inside the page's modal dialogs, because the browser makes everything outside them inert.
 */
import { ModalDialogs } from "./modal-dialogs.js";
import { OwnModal } from "./own-modal.js";
import { isReachable } from "./reachable.js";

/** @import { Mount } from "../keep-mounted.js" */
/** @import { Environment } from "../../types.d.ts" */

const CHECK_MS = 1_000;
const FULLSCREEN_EVENTS = ["fullscreenchange", "webkitfullscreenchange"];
// Elements that show something else than their children.
const REPLACED = "audio,canvas,embed,iframe,img,input,object,textarea,video";
// Pages set these to keep people and assistive technology at a dialog of theirs.
const BARRIERS = ["aria-hidden", "inert"];

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
  /** True while the phone stays out of the element that the page has for it. */
  #isAway = false;
  #attributeObserver;
  #sizeObserver;
  /** @type {Element | null} */
  #measured = null;
  /** @type {ReturnType<typeof setInterval> | undefined} */
  #timer;
  #abort = new AbortController();

  /**
   * @param {HTMLElement} host
   * @param {HTMLElement} root The element in its shadow root that contains all others.
   * @param {Pick<Environment, "document" | "window">} page
   * @param {Mount} mount
   * @param {() => void} render Called after the phone went into the page's element for it, or out of it.
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
      this.#restore({ isOnTop: true });
    });
    // No event tells that an ancestor was removed or hidden. Elements inside it then have no size.
    this.#sizeObserver = ResizeObserver && new ResizeObserver(() => this.#restore());
  }

  /**
   * @param {HTMLElement} root
   * @param {{isNeeded: boolean, isInCall: boolean, isInline: boolean}} now `isInline`: the page has a place for it.
   */
  update(root, { isNeeded, isInCall, isInline }) {
    const isNewRoot = root !== this.#root;
    const isNewCall = isInCall && !this.#isInCall;
    const isReturning = this.#isAway && !isInCall;
    this.#root = root;
    this.#isInCall = isInCall;
    this.#isInline = isInline;
    if (isInline || !isInCall) this.#isAway = false;
    if (isInline) root.removeAttribute("popover");
    try {
      if (!isNeeded) this.stop();
      else if (!this.#isNeeded) this.#start();
      else if (isNewRoot || isReturning) this.#restore({ isOnTop: true });
      if (isReturning) queueMicrotask(this.#render);
      if (isNewCall) this.#leaveForeignFullscreen();
    } catch (error) {
      // A page that forbids a part of it must not end the call.
      console.warn("[EpochPhone] the phone stays where it is:", error);
    }
  }

  /** Go back to the usual place, and watch the page no longer. */
  stop() {
    if (!this.#isNeeded) return;
    this.#isNeeded = false;
    this.#isAway = false;
    this.#abort.abort();
    this.#attributeObserver.disconnect();
    this.#sizeObserver?.disconnect();
    this.#measured = null;
    clearInterval(this.#timer);
    this.#keepingFocus(() => this.#ownModal.hide());
    this.#moveTo(null, false);
    // Hides it as a popover; it is shown as before.
    this.#root.removeAttribute("popover");
  }

  #start() {
    const { document, window } = this.#page;
    this.#isNeeded = true;
    this.#abort = new AbortController();
    const options = { capture: true, signal: this.#abort.signal };
    const onTop = () => this.#restore({ isOnTop: true });
    for (const type of [...FULLSCREEN_EVENTS, "close"]) document.addEventListener(type, onTop, options);
    /** @param {Event} event */
    const onToggle = ({ target }) => /** @type {Element} */ (target).matches?.("dialog,[popover]") && onTop();
    document.addEventListener("toggle", onToggle, options);
    // Not all browsers tell of dialogs by `toggle`, and no event leaves a shadow root, but a dialog takes the focus.
    window.addEventListener("focusin", (event) => this.#dialogs.noteTargetOf(event) && onTop(), options);
    this.#timer = setInterval(() => this.#check(), CHECK_MS);
    for (const element of [this.#host, document.documentElement]) {
      try {
        this.#attributeObserver.observe(element, { attributeFilter: BARRIERS });
      } catch {
        // A sandbox that hides shared elements.
      }
    }
    this.#removeBarriers();
    onTop();
  }

  /** Repair what no event told of. */
  #check() {
    this.#mount.check();
    if (!this.#isUnreachable) {
      this.#failures = 0;
      return;
    }
    this.#restore({ isOnTop: true });
    if (!this.#isInCall || !this.#isUnreachable) return;
    this.#failures += 1;
    // Not for what covers it a moment, such as a transition of the page.
    if (this.#failures === 2) this.#escape();
  }

  /** Leave the place where nobody can press the phone: out of the page's element for it, or else as a modal dialog. */
  #escape() {
    const wasInline = this.#isInline;
    this.#isAway = true;
    this.#isInline = false;
    this.#moveTo(this.#home, true);
    if (!wasInline) {
      this.#keepingFocus(() => this.#ownModal.show(this.#root));
      // The page may open the next dialog before the next check.
      if (!this.#isUnreachable) this.#failures = 0;
      return;
    }
    this.#failures = 0;
    this.#render();
  }

  get #isUnreachable() {
    // On paper, where the phone is not shown, nobody presses it.
    if (this.#page.window.matchMedia?.("print").matches) return false;
    const isScrolled = this.#isInline || !this.#isInCall;
    return isReachable(this.#host, this.#root, { isScrolled }) === false;
  }

  /**
   * Put the phone where a person can use it.
   * @param {{isOnTop?: boolean}} [options] `isOnTop`: something may have come above it.
   */
  #restore({ isOnTop = false } = {}) {
    if (!this.#isNeeded) return;
    this.#mount.check();
    if (isOnTop) this.#keepingFocus(() => this.#ownModal.hide());
    const { shadowRoot } = this.#host;
    if (!shadowRoot?.contains(this.#root)) shadowRoot?.append(this.#root);
    const places = this.#places();
    if (places.length === 1 && !fullscreenElement(this.#page.document)) {
      // Most pages: nothing to choose, so nothing is measured, which would lay the page out within a press.
      this.#moveTo(places[0], isOnTop);
      this.#measure();
      return;
    }
    // Nothing says for sure that a dialog is the topmost one, but all others are inert.
    for (const place of places) {
      this.#moveTo(place, isOnTop);
      if (!this.#isUnreachable) break;
    }
    if (this.#isUnreachable) {
      this.#moveTo(places[0], isOnTop);
      if (this.#isInCall) this.#leaveForeignFullscreen();
    }
    this.#measure();
  }

  /**
   * The possible places of the host, the most likely one first. Null is its usual one.
   * @returns {(Element | null)[]}
   */
  #places() {
    const dialogs = this.#dialogs.find();
    const fullscreen = fullscreenElement(this.#page.document);
    const within = fullscreen && !fullscreen.matches(REPLACED) ? [fullscreen] : [];
    // A dialog may be one that is not drawn.
    if (dialogs.length > 0) return [...dialogs, ...within, this.#home];
    // A popover is above fullscreen elements wherever it is in the document.
    return this.#canBePopover ? [this.#home, ...within] : [...within, this.#home];
  }

  /** The usual place; null is the host's own home. */
  get #home() {
    return this.#isAway ? this.#page.document.documentElement : null;
  }

  get #canBePopover() {
    // The layout of the page has no place for the elements of the top layer.
    return Boolean(this.#root.showPopover) && !this.#isInline;
  }

  /**
   * Show the phone in `place`; null is the host's usual one.
   * @param {Element | null} place
   * @param {boolean} isOnTop
   */
  #moveTo(place, isOnTop) {
    const { body, documentElement } = this.#page.document;
    const parent = this.#host.parentNode;
    // The body has it if the root takes no element.
    const isThere = place ? parent === place || (place === documentElement && parent === body) : this.#mount.isHome;
    if (!isThere) this.#keepingFocus(() => this.#mount.attach(place));
    this.#showAsPopover(isOnTop || !isThere);
  }

  /**
   * Give the focus back that browsers take from an element that is moved.
   * @param {() => void} move
   */
  #keepingFocus(move) {
    const shadow = /** @type {ShadowRoot} */ (this.#host.shadowRoot);
    const focused = /** @type {HTMLInputElement | null} */ (shadow.activeElement);
    const { selectionStart = null, selectionEnd = null } = focused ?? {};
    move();
    if (!focused || shadow.activeElement === focused) return;
    focused.focus({ preventScroll: true });
    if (selectionStart !== null) focused.setSelectionRange(selectionStart, selectionEnd);
  }

  /** @param {boolean} isOnTop True to come above all that is in the top layer now. */
  #showAsPopover(isOnTop) {
    const root = this.#root;
    if (!this.#isNeeded || !this.#canBePopover || !root.isConnected || this.#ownModal.isShown) return;
    root.setAttribute("popover", "manual");
    // Otherwise browsers take a popover for a group.
    root.setAttribute("role", "none");
    const isShown = root.matches(":popover-open");
    if (isShown && !isOnTop) return;
    if (isShown) root.hidePopover();
    root.showPopover();
  }

  /** A video or a frame shows no phone, and the browser may keep people from pressing anything outside it. */
  #leaveForeignFullscreen() {
    const { document } = this.#page;
    if (!fullscreenElement(document)?.matches(REPLACED)) return;
    const exit = document.exitFullscreen ?? /** @type {any} */ (document).webkitExitFullscreen;
    Promise.resolve(exit?.call(document)).catch(() => {});
  }

  #removeBarriers() {
    for (const name of BARRIERS) if (this.#host.hasAttribute(name)) this.#host.removeAttribute(name);
  }

  /** Observe the size of an element that always has one where it is shown. */
  #measure() {
    const element = this.#root.querySelector("[role=status]");
    if (!element || element === this.#measured) return;
    this.#measured = element;
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
    // Lightning Web Security forbids to ask.
    return null;
  }
}
