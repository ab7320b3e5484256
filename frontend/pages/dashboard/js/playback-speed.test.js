import { beforeEach, expect, test } from "vitest";
import { enablePlaybackSpeed } from "./playback-speed.js";

const PLAYERS = `<audio controls aria-label="Message from Ann"></audio><audio controls aria-label="Message from Bo"></audio>`;

const players = () => [...document.querySelectorAll("audio")];
const lists = () => [...document.querySelectorAll("select")];

beforeEach(() => {
  localStorage.clear();
  document.body.innerHTML = PLAYERS;
});

test("one choice sets the speed of all players, and is kept for the next page", () => {
  enablePlaybackSpeed(document);
  enablePlaybackSpeed(document); // again, as after a part of the page was loaded
  expect(lists().map((list) => list.getAttribute("aria-label"))).toEqual([
    "Speed: Message from Ann",
    "Speed: Message from Bo",
  ]);
  expect([...lists()[0].options].map(({ value }) => value)).toEqual(["0.75", "1", "1.25", "1.5", "1.75", "2"]);
  expect(players().map(({ playbackRate }) => playbackRate)).toEqual([1, 1]);

  lists()[1].value = "1.5";
  lists()[1].dispatchEvent(new Event("change"));
  expect(players().map(({ playbackRate, defaultPlaybackRate }) => [playbackRate, defaultPlaybackRate])).toEqual([
    [1.5, 1.5],
    [1.5, 1.5],
  ]);
  expect(lists().map(({ value }) => value)).toEqual(["1.5", "1.5"]);

  document.body.innerHTML = PLAYERS;
  enablePlaybackSpeed(document);
  expect(lists().map(({ value }) => value)).toEqual(["1.5", "1.5"]);
  expect(players()[0].playbackRate).toBe(1.5);
});

test("a stored speed that is not in the list is not used", () => {
  localStorage.setItem("playback-speed", "16");
  enablePlaybackSpeed(document);
  expect(lists()[0].value).toBe("1");
});
