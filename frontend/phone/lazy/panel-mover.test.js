/** Checks the moving of the panel by dragging its header, and the stored position. */
import { afterEach, expect, test, vi } from "vitest";
import { makeMovable, moverOf } from "./panel-mover.js";

const WINDOW = { width: 1000, height: 800 };
const OWN = { left: 660, top: 340, width: 320, height: 400 };

/** A panel at its own place in a window, with what jsdom has no layout for. */
function panelIn({ place, position = "absolute", size = WINDOW } = {}) {
  const element = document.createElement("div");
  const header = element.appendChild(document.createElement("header"));
  const button = header.appendChild(document.createElement("button"));
  document.body.append(element);
  element.style.position = position;
  const own = { ...OWN };
  element.getBoundingClientRect = () => {
    const [x = 0, y = 0] = element.style.translate.split(" ").map(Number.parseFloat).filter(Number.isFinite);
    return { ...own, left: own.left + x, top: own.top + y };
  };
  header.setPointerCapture = vi.fn();
  const view = Object.assign(new EventTarget(), { innerHeight: size.height, localStorage: { setItem: vi.fn() } });
  const env = {
    preferences: { place },
    window: view,
    document: { documentElement: { clientWidth: size.width } },
  };
  const panel = { env, adoptStyles: vi.fn() };
  const mover = makeMovable(panel, { panel: element, header });
  const point = (type, clientX, clientY, target = header) =>
    target.dispatchEvent(Object.assign(new MouseEvent(type, { bubbles: true, clientX, clientY }), { pointerId: 1 }));
  const resize = (width, height) => {
    own.left += width - env.document.documentElement.clientWidth;
    own.top += height - view.innerHeight;
    env.document.documentElement.clientWidth = width;
    view.innerHeight = height;
    view.dispatchEvent(new Event("resize"));
  };
  return { panel, mover, element, header, button, env, point, resize, translate: () => element.style.translate };
}

afterEach(() => document.body.replaceChildren());

test("a drag by the header moves the panel and is remembered at its end", () => {
  const { point, header, env, translate } = panelIn();
  point("pointerdown", 700, 360);
  expect(header.setPointerCapture).toHaveBeenCalledWith(1);
  point("pointermove", 698, 361);
  expect(translate()).toBe("");
  point("pointermove", 600, 300);
  expect([translate(), env.preferences.place]).toEqual(["-100px -60px", undefined]);
  point("pointerup", 600, 300);
  expect(env.preferences.place).toEqual({ x: -100, y: -60 });
  point("pointermove", 500, 300);
  expect(translate()).toBe("-100px -60px");
});

test("a click on the header moves and stores nothing, and its buttons do not drag", () => {
  const { point, button, env, translate } = panelIn();
  point("pointerdown", 700, 360);
  point("pointerup", 700, 360);
  point("pointerdown", 900, 360, button);
  point("pointermove", 500, 300, button);
  expect([translate(), env.window.localStorage.setItem.mock.calls]).toEqual(["", []]);
});

test("the panel stays in the window, and returns when there is room again", () => {
  const { mover, resize, translate, env } = panelIn();
  mover.moveBy(-5000, 5000);
  expect(translate()).toBe("-652px 52px");
  resize(700, 800);
  expect(translate()).toBe("-352px 52px");
  resize(1000, 800);
  expect(translate()).toBe("-652px 52px");
  expect(env.preferences.place).toEqual({ x: -652, y: 52 });
  resize(200, 300);
  expect(translate()).toBe("");
});

test("a stored place is taken up, something else is not", () => {
  expect(panelIn({ place: { x: -40, y: -50 } }).translate()).toBe("-40px -50px");
  expect(panelIn({ place: { x: "1;", y: null } }).translate()).toBe("");
});

test("a double click on the header moves the panel back", () => {
  const { header, env, translate } = panelIn({ place: { x: -40, y: -50 } });
  header.dispatchEvent(new MouseEvent("dblclick"));
  expect([translate(), env.preferences.place]).toEqual(["", undefined]);
});

test("a panel that fills the window is not moved", () => {
  const { panel, point, translate } = panelIn({ place: { x: -40, y: -50 }, position: "static" });
  point("pointerdown", 700, 360);
  point("pointermove", 600, 300);
  expect([translate(), moverOf(panel)]).toEqual(["", undefined]);
});

test("a stopped mover moves nothing", () => {
  const { mover, point, translate } = panelIn();
  mover.stop();
  point("pointerdown", 700, 360);
  point("pointermove", 600, 300);
  expect(translate()).toBe("");
});
