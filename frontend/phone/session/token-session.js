/** The life of the access token: exchanged, kept fresh, checked, given up when the server refuses. */
import { Problem } from "../errors.js";
import { ask, exchange } from "./api-client.js";

const REFRESH_AT = 0.8;
const QUICK_RETRIES_MS = [400, 1_200];
const SLOW_RETRY_MS = 5_000;
const SLOWEST_RETRY_MS = 60_000;
const TICK_MS = 60_000;
// Looked at every minute: five minutes are never exceeded.
const CHECK_WHILE_VISIBLE_MS = 240_000;
const CHECK_BEFORE_CALL_MS = 60_000;
const CHECK_ON_FOCUS_MS = 3_000;
const OUTCOME_TIMEOUT_MS = 4_000;
const LONGEST_TIMER_MS = 2_147_483_647;
const NETWORK = ["online", "offline"];
const WAKING = [
  ["window", "focus"],
  ["window", "online"],
  ["window", "pageshow"],
  ["document", "visibilitychange"],
];

export class Session {
  /** The exchange's last answer, or null. */
  data = null;
  #config;
  #env;
  #on;
  #until = 0;
  #refreshAt = 0;
  #checkedAt = 0;
  #failures = 0;
  #timer = 0;
  #interval = 0;
  #pending = null;
  #checking = null;
  #stopped = true;

  /**
   * `on`: `granted(data)` after each exchange, `refused(problem)` when there is no session, or no more, `network()` when
   * the browser came online or went offline.
   */
  constructor(config, env, on) {
    this.#config = config;
    this.#env = env;
    this.#on = on;
  }

  /** Whether the access token still lives. */
  get alive() {
    return this.data !== null && this.#env.now() < this.#until;
  }

  /**
   * `{token, ticket?}`, for the server. The ticket of the last exchange keeps this phone's identity: the carrier takes a
   * live call up again only for it.
   */
  get credentials() {
    const { token, ticket } = this.#config;
    const latest = this.data?.ticket ?? ticket;
    return latest ? { token, ticket: latest } : { token };
  }

  start() {
    this.#stopped = false;
    for (const [target, event] of WAKING) this.#env[target].addEventListener(event, this.#wake);
    for (const event of NETWORK) this.#env.window.addEventListener(event, this.#on.network);
    // Timers also sleep with the machine: after it woke, the clock is right and they are late.
    this.#interval = setInterval(() => this.#failures === 0 && this.#look(CHECK_WHILE_VISIBLE_MS), TICK_MS);
    this.refresh().catch(() => {});
  }

  stop() {
    this.#stopped = true;
    for (const [target, event] of WAKING) this.#env[target].removeEventListener(event, this.#wake);
    for (const event of NETWORK) this.#env.window.removeEventListener(event, this.#on.network);
    clearInterval(this.#interval);
    clearTimeout(this.#timer);
  }

  /** Exchange now; callers at the same time share one request. Raises Problem. */
  refresh() {
    this.#pending ??= this.#exchange().finally(() => {
      this.#pending = null;
    });
    return this.#pending;
  }

  /** Make sure a call may be placed now. Raises Problem when the server says no, or no live token can be had. */
  async fresh() {
    if (this.#env.now() >= this.#refreshAt) {
      try {
        await this.refresh();
      } catch (problem) {
        if (!problem.transient || !this.alive) throw problem;
      }
    } else if (this.#env.now() - this.#checkedAt >= CHECK_BEFORE_CALL_MS) {
      const problem = await this.check();
      if (problem) throw problem;
    }
  }

  /** The record of a call that ended, or null when it cannot be had. Raises Problem when the server refuses us. */
  async outcome(callId) {
    try {
      return (await this.#status({ call_id: callId })).call ?? null;
    } catch (problem) {
      if (problem.transient) return null;
      this.#refuse(problem);
      throw problem;
    }
  }

  /** Ask whether the embed token still lives; the refusal, or null. */
  check() {
    this.#checking ??= this.#status({})
      .then(() => null)
      .catch((problem) => {
        if (problem.transient || this.#stopped) return null;
        this.#refuse(problem);
        return problem;
      })
      .finally(() => {
        this.#checking = null;
      });
    return this.#checking;
  }

  async #exchange() {
    clearTimeout(this.#timer);
    const asked = this.#env.now();
    try {
      const data = await exchange(this.#env, this.#config.base, this.credentials);
      if (this.#stopped) return;
      this.data = data;
      this.#failures = 0;
      this.#checkedAt = this.#env.now();
      this.#until = asked + data.expires_in * 1000;
      this.#refreshAt = asked + data.expires_in * 1000 * REFRESH_AT;
      this.#schedule(this.#refreshAt - this.#env.now());
      this.#on.granted(data);
    } catch (problem) {
      if (!this.#stopped) this.#failed(problem);
      throw problem;
    }
  }

  #failed(problem) {
    if (!problem.transient) {
      this.#refuse(problem);
      return;
    }
    const quick = QUICK_RETRIES_MS[this.#failures];
    const wait = quick ?? Math.min(SLOWEST_RETRY_MS, SLOW_RETRY_MS * 2 ** (this.#failures - QUICK_RETRIES_MS.length));
    this.#failures += 1;
    // Spread, so that a recovering server is not met by every page at once.
    this.#schedule(wait * (0.75 + this.#env.random() / 2));
    const hopeless = quick === undefined || problem.code === "too_many_requests" || problem.code === "offline";
    if (hopeless && !this.alive) this.#on.refused(problem);
  }

  #refuse(problem) {
    this.data = null;
    this.stop();
    this.#on.refused(problem);
  }

  #schedule(delay) {
    this.#timer = setTimeout(() => this.refresh().catch(() => {}), Math.min(Math.max(delay, 0), LONGEST_TIMER_MS));
  }

  // The clock is asked again when somebody comes back.
  #wake = ({ type }) => this.#look(CHECK_ON_FOCUS_MS, type === "online");

  /** Make up for what a sleeping timer missed: a refresh, or a check when the last one is older than `age` ms. */
  #look(age, isOnline = false) {
    if (this.#stopped || this.#env.document.visibilityState === "hidden") return;
    if (this.#failures > 0 || this.#env.now() >= this.#refreshAt) {
      if (this.data || isOnline || this.#failures > QUICK_RETRIES_MS.length) this.refresh().catch(() => {});
    } else if (this.#env.now() - this.#checkedAt >= age) {
      this.check();
    }
  }

  async #status(more) {
    const answer = await ask(
      this.#env,
      this.#config.base,
      "status",
      { ...this.credentials, ...more },
      OUTCOME_TIMEOUT_MS,
    );
    this.#checkedAt = this.#env.now();
    return answer;
  }
}

/** The refusal of a phone that does not know where its server is. */
export const homeless = () =>
  new Problem("network_error", { fix: "Set data-api, or apiBase, to the address of the phone service." });
