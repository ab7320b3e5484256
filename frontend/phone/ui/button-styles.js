/**
 * The style sheets that the shadow root has from the start: BUTTON_STYLES with colour roles, basic rules and the floating
 * button, and pageStyles() with the page's accent colour and the distance from the corner.
 */
import { colorRoles } from "./color-roles.js";

/** @import { Settings } from "../types.d.ts" */

const LIGHT = colorRoles(`surface:#fff;text:#111a16;quiet:#56605b;danger:#dc2626;danger-ink:#fff;focus:#111a16;`);
const DARK = colorRoles(`surface:#161c19;text:#eef3f0;quiet:#a5b1ab;danger:#f87171;danger-ink:#1c0707;focus:#eef3f0;`);
// White text on the light accent has too little contrast: areas with text get `strong`, a darker shade.
const ACCENT = {
  light: { fill: "#059669", strong: "#047857", ink: "#fff" },
  dark: { fill: "#34d399", strong: "#34d399", ink: "#052e1c" },
};
// Black or white, whichever contrasts more with the accent: they contrast equally at a luminance of 0.179.
const INK_LEVEL = "clamp(0,(.179 - .2126*r - .7152*g - .0722*b)*9999,1)";
const INK = `color(from var(--accent-strong) srgb-linear ${INK_LEVEL} ${INK_LEVEL} ${INK_LEVEL})`;

// `.root` has a size of 1 px: in Chromium an element without a size causes a layout shift when it becomes a popover.
export const BUTTON_STYLES = `
:host{display:contents!important}
.root{all:initial;width:1px;height:1px;--r:var(--epoch-radius,8px);${LIGHT}color-scheme:light;position:fixed;z-index:var(--epoch-z-index,2147483000);bottom:var(--y);right:var(--x);
font:400 14px/1.45 var(--epoch-font,system-ui,-apple-system,"Segoe UI",Roboto,"Helvetica Neue",Arial,sans-serif);color:var(--text);
-webkit-text-size-adjust:100%}
.root[data-side=left]{right:auto;left:var(--x)}
.root[data-theme=dark]{${DARK}color-scheme:dark}
@media (prefers-color-scheme:dark){.root[data-theme=auto]{${DARK}color-scheme:dark}}
*,*::before,*::after{box-sizing:border-box}
[hidden]{display:none!important}
button{font:inherit;color:inherit;background:none;border:0;border-radius:var(--r);padding:0;margin:0;cursor:pointer;
touch-action:manipulation;-webkit-tap-highlight-color:transparent;transition:background-color .14s,transform .14s,opacity .14s}
:focus-visible{outline:2px solid var(--focus);outline-offset:2px}
.sr{position:absolute;width:1px;height:1px;overflow:hidden;clip-path:inset(50%);white-space:nowrap}
.fab{position:absolute;bottom:0;right:0;display:grid;place-items:center;width:56px;height:56px;border-radius:50%;
background:var(--accent);color:var(--accent-ink);box-shadow:0 6px 20px #0b1a1340,0 1px 4px #0b1a1333}
.fab:hover{transform:scale(1.05)}.fab:active{transform:scale(.97)}
.fab svg{width:26px;height:26px;fill:currentColor;stroke:none}
.stop svg{transform:rotate(135deg)}.fab.stop{background:var(--danger);color:var(--danger-ink)}
.fab[aria-busy=true]::after{content:"";position:absolute;inset:3px;border:2px solid;border-top-color:transparent;border-radius:50%;animation:turn .8s linear infinite}
@keyframes turn{to{transform:rotate(1turn)}}
.note{position:absolute;bottom:68px;right:0;width:260px;padding:12px;border:1px solid var(--danger);border-radius:var(--r);background:var(--surface)}
.dot{position:absolute;right:1px;bottom:1px;width:16px;height:16px;border-radius:50%;border:3px solid var(--surface);background:var(--quiet)}
.root[data-indicator=ready] .dot{background:#34d399}
.root[data-indicator=problem] .dot{background:var(--danger);border-radius:4px}
.root[data-indicator=busy] .dot{background:#f59e0b}
.root[data-side=left] :is(.fab,.note){right:auto;left:0}
@media (prefers-reduced-motion:reduce){*,::after{animation-duration:.01ms!important;animation-iteration-count:1!important;transition:none!important}}
@media print{.root{display:none!important}}
@media (forced-colors:active){.fab{border:1px solid ButtonText}.dot{forced-color-adjust:none}:focus-visible{outline-color:Highlight}}
`;

/**
 * The rules that depend on the page: accent colour, and distance in px from the corner.
 * @param {Settings} settings
 */
export function pageStyles({ color, offsetX, offsetY }) {
  const pageColor = color && CSS.supports("color", color) ? color : null;
  /** @param {"light" | "dark"} scheme */
  const accent = (scheme) => {
    const { fill, strong, ink } = ACCENT[scheme];
    return `--accent:var(--epoch-accent,${pageColor ?? fill});--accent-strong:var(--epoch-accent,${pageColor ?? strong});--ink:${pageColor ? "#fff" : ink};`;
  };
  /**
   * @param {"right" | "bottom"} side
   * @param {string | number | undefined} offset
   */
  const edge = (side, offset) => {
    const length = side === "right" ? "100vw" : "100vh";
    // A large offset leaves the button inside the window.
    return `calc(min(${pixelsOf(offset)}px,max(0px,${length} - 76px)) + env(safe-area-inset-${side},0px))`;
  };
  return `.root{${accent("light")}--accent-ink:var(--epoch-accent-ink,var(--ink));--x:${edge("right", offsetX)};--y:${edge("bottom", offsetY)}}
.root[data-theme=dark]{${accent("dark")}}
@media (prefers-color-scheme:dark){.root[data-theme=auto]{${accent("dark")}}}
@supports (color:color(from red srgb-linear r g b)){.root.root.root{--ink:${INK}}}`;
}

/**
 * The offset in px, at most 2,000; 20 if it is no number.
 * @param {string | number | undefined} offset
 */
function pixelsOf(offset) {
  const pixels = Number.parseInt(String(offset), 10);
  return Number.isFinite(pixels) ? Math.min(Math.max(pixels, 0), 2000) : 20;
}
