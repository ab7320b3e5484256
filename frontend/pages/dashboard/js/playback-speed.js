/** A list of playback speeds beside each audio player: one choice sets the speed of all players, on later pages too. */

const STORAGE_KEY = "playback-speed";
const SPEEDS = ["0.75", "1", "1.25", "1.5", "1.75", "2"];
const NORMAL_SPEED = "1";

/** @param {ParentNode} parent The document, or a part that was loaded later. */
export function enablePlaybackSpeed(parent) {
  for (const element of parent.querySelectorAll("audio[controls]:not([data-speed])")) {
    const audio = /** @type {HTMLAudioElement} */ (element);
    audio.dataset.speed = "";
    audio.after(createSpeedList(audio));
    setSpeed(audio, readSpeed());
  }
}

/** @param {HTMLAudioElement} audio */
function createSpeedList(audio) {
  const list = audio.ownerDocument.createElement("select");
  list.className = "speed";
  list.setAttribute("aria-label", `Speed: ${audio.getAttribute("aria-label") ?? ""}`);
  for (const speed of SPEEDS) list.append(new Option(`${speed} ×`, speed));
  list.addEventListener("change", () => {
    storeSpeed(list.value);
    for (const other of audio.ownerDocument.querySelectorAll("audio[data-speed]")) {
      setSpeed(/** @type {HTMLAudioElement} */ (other), list.value);
    }
  });
  return list;
}

/**
 * @param {HTMLAudioElement} audio
 * @param {string} speed
 */
function setSpeed(audio, speed) {
  // The default rate too: the first play loads the audio, which resets the rate to the default.
  audio.defaultPlaybackRate = audio.playbackRate = Number(speed);
  if (audio.nextElementSibling instanceof HTMLSelectElement) audio.nextElementSibling.value = speed;
}

/** @returns {string} */
function readSpeed() {
  try {
    const speed = localStorage.getItem(STORAGE_KEY) ?? NORMAL_SPEED;
    return SPEEDS.includes(speed) ? speed : NORMAL_SPEED;
  } catch {
    return NORMAL_SPEED; // Storage is blocked for this site.
  }
}

/** @param {string} speed */
function storeSpeed(speed) {
  try {
    localStorage.setItem(STORAGE_KEY, speed);
  } catch {
    // Storage is blocked for this site: the choice applies to this page only.
  }
}
