/** The widget's looks, for its shadow root alone; colour roles first, everything else uses them. */
const LIGHT = `--surface:#fff;--raised:#f4f6f5;--press:#e4e9e6;--line:#d5dbd8;--edge:#7b8580;--text:#111a16;--quiet:#56605b;
--danger:#dc2626;--danger-ink:#fff;--danger-text:#b91c1c;--warn:#92400e;--ok:#34d399;--focus:#111a16;--shadow:0 16px 48px #0b1a1338,0 2px 8px #0b1a131f;`;
const DARK = `--surface:#161c19;--raised:#212925;--press:#2f3934;--line:#35403a;--edge:#7d8a83;--text:#eef3f0;--quiet:#a5b1ab;
--danger:#f87171;--danger-ink:#1c0707;--danger-text:#fca5a5;--warn:#fcd34d;--ok:#34d399;--focus:#eef3f0;--shadow:0 16px 48px #000a,0 2px 8px #0006;`;
// White text on the light accent would be too faint: under words it is a shade stronger.
const ACCENT = {
  light: { fill: "#059669", strong: "#047857", ink: "#fff" },
  dark: { fill: "#34d399", strong: "#34d399", ink: "#052e1c" },
};

export const STYLES = `
:host{display:contents!important}
.root{all:initial;${LIGHT}color-scheme:light;position:fixed;z-index:2147483000;bottom:var(--y);right:var(--x);
font:400 14px/1.45 system-ui,-apple-system,"Segoe UI",Roboto,"Helvetica Neue",Arial,sans-serif;color:var(--text);
font-variant-numeric:tabular-nums;-webkit-text-size-adjust:100%}
.root[data-side=left]{right:auto;left:var(--x)}
.root[data-theme=dark]{${DARK}color-scheme:dark}
@media (prefers-color-scheme:dark){.root[data-theme=auto]{${DARK}color-scheme:dark}}
*,*::before,*::after{box-sizing:border-box}
[hidden]{display:none!important}
button{font:inherit;color:inherit;background:none;border:0;border-radius:8px;padding:0;margin:0;cursor:pointer;
touch-action:manipulation;-webkit-tap-highlight-color:transparent;transition:background-color .14s,transform .14s,opacity .14s}
button:disabled{cursor:default}
:focus-visible{outline:2px solid var(--focus);outline-offset:2px}
svg{width:20px;height:20px;fill:currentColor;display:block;flex:none}
.sr{position:absolute;width:1px;height:1px;overflow:hidden;clip-path:inset(50%);white-space:nowrap}
.ltr{direction:ltr;unicode-bidi:isolate}
.fab{position:relative;display:grid;place-items:center;width:56px;height:56px;border-radius:50%;margin-inline-start:auto;
background:var(--accent);color:var(--accent-ink);box-shadow:0 6px 20px #0b1a1340,0 1px 4px #0b1a1333}
.root[data-side=left] .fab{margin-inline:0 auto}
.fab:hover{transform:scale(1.05)}.fab:active{transform:scale(.97)}
.fab svg{width:26px;height:26px}
.dot{position:absolute;right:1px;bottom:1px;width:16px;height:16px;border-radius:50%;border:3px solid var(--surface);background:var(--quiet)}
.root[data-mood=ready] .dot{background:var(--ok)}
.root[data-mood=problem] .dot{background:var(--danger);border-radius:4px}
.root[data-mood=busy] .dot{background:#f59e0b}
.panel{position:absolute;bottom:68px;right:0;width:320px;max-height:calc(100vh - 68px - var(--y) - 12px);overflow:auto;overscroll-behavior:contain;
background:var(--surface);border:1px solid var(--line);border-radius:16px;box-shadow:var(--shadow);animation:rise .16s ease-out}
.root[data-side=left] .panel{right:auto;left:0}
@keyframes rise{from{opacity:0;transform:translateY(8px)}}
header{display:flex;align-items:center;gap:8px;padding:12px 8px 12px 16px;border-bottom:1px solid var(--line)}
.who{flex:1;min-width:0}
.title{display:flex;align-items:center;gap:8px;margin-bottom:2px}
.name{font-weight:600;overflow:hidden;text-overflow:ellipsis;white-space:nowrap}
.from{font-size:13px;color:var(--quiet);white-space:nowrap;overflow:hidden;text-overflow:ellipsis}
.mark{flex:none;font-size:13px;line-height:18px;padding:0 8px;border:1px solid currentColor;border-radius:10px;color:var(--warn)}
.icon{display:grid;place-items:center;width:44px;height:44px;color:var(--quiet)}
.icon:hover,.key:hover,.second:hover,.tool:hover{background:var(--press)}
.body{padding:16px}
.field{display:flex;align-items:center;border:1px solid var(--edge);border-radius:8px;background:var(--surface);height:48px}
.field:focus-within{outline:2px solid var(--focus);outline-offset:2px}
.field[data-wrong]{border-color:var(--danger)}
.country{padding-inline-start:12px;color:var(--quiet);font-size:13px;white-space:nowrap}
input{all:unset;flex:1;min-width:0;height:100%;padding-inline:8px;font-size:20px;line-height:24px;color:var(--text);cursor:text}
input:focus-visible{outline:none}
input::placeholder{color:var(--quiet);opacity:1;font-size:16px}
.keys{display:grid;grid-template-columns:repeat(3,1fr);gap:8px;margin-top:12px;direction:ltr}
.key{height:48px;display:grid;place-content:center;justify-items:center;background:var(--raised);font-size:20px;line-height:22px}
.key small{font-size:11px;line-height:12px;letter-spacing:.08em;color:var(--quiet);min-height:12px}
.key:active,.key[data-down]{background:var(--press);transform:scale(.97)}
.main{display:flex;align-items:center;justify-content:center;gap:8px;width:100%;min-height:48px;margin-top:16px;font-size:16px;font-weight:600;
background:var(--accent-strong);color:var(--accent-ink)}
.main:hover,.stop:hover{filter:brightness(.95)}
.main:disabled{background:var(--raised);color:var(--quiet);filter:none}
.main.stop,.round.stop{background:var(--danger);color:var(--danger-ink)}
.second{display:flex;align-items:center;justify-content:center;width:100%;min-height:44px;margin-top:8px;font-weight:600;border:1px solid var(--line)}
.peer{text-align:center;padding:8px 0}
.number{font-size:20px;line-height:28px;font-weight:600;overflow-wrap:anywhere}
.status{color:var(--quiet);font-size:16px;min-height:24px}
.status[data-live]{font-size:28px;line-height:40px;color:var(--text)}
.line-state{min-height:20px;color:var(--warn)}
.tools{display:grid;grid-template-columns:1fr 1fr;gap:8px;margin-top:8px}
.tool{display:flex;align-items:center;justify-content:center;gap:8px;min-height:48px;background:var(--raised);font-weight:600}
.tool[aria-pressed=true],.tool[aria-expanded=true]{background:var(--text);color:var(--surface)}
.alert{overflow-wrap:anywhere}
.message{font-weight:600;color:var(--danger-text)}
.fix{color:var(--quiet);margin-top:4px}
.below{margin-top:8px}
.notice{padding:12px;border:1px solid var(--danger);border-radius:8px}
.calm{text-align:center}.calm .message{color:var(--text)}
.spin{display:block;width:16px;height:16px;border-radius:50%;border:2px solid currentColor;border-top-color:transparent;animation:turn .8s linear infinite}
@keyframes turn{to{transform:rotate(1turn)}}
.bar{display:flex;align-items:center;gap:4px;padding:4px;border-radius:30px;background:var(--surface);border:1px solid var(--line);box-shadow:var(--shadow)}
.back{display:flex;align-items:center;gap:8px;min-height:44px;padding:0 12px;border-radius:22px;font-weight:600;font-size:16px}
.back:hover{background:var(--press)}
.back svg{color:var(--quiet)}
.round{display:grid;place-items:center;width:44px;height:44px;border-radius:50%;background:var(--raised)}
.round[aria-pressed=true]{background:var(--text);color:var(--surface)}
@media (max-width:400px){
.root[data-open]{right:0;left:0;bottom:0}
.root[data-open] .fab{display:none}
.panel,.root[data-side=left] .panel{position:static;width:auto;max-height:100vh;border-radius:16px 16px 0 0;border-width:1px 0 0;padding-bottom:env(safe-area-inset-bottom,0)}
}
@media (max-height:700px){.body{padding:12px 16px}.key{height:44px}.keys{gap:4px;margin-top:8px}.main{margin-top:12px}.peer{padding:0}}
@media (prefers-reduced-motion:reduce){*{animation-duration:.01ms!important;animation-iteration-count:1!important;transition:none!important}.spin{border-top-color:currentColor;opacity:.6}}
@media (forced-colors:active){.fab,.main,.key,.tool,.round,.panel,.bar,.field{border:1px solid ButtonText}
.tool[aria-pressed=true],.tool[aria-expanded=true],.round[aria-pressed=true]{background:Highlight;color:HighlightText;forced-color-adjust:none}
.dot{forced-color-adjust:none}:focus-visible,.field:focus-within{outline-color:Highlight}}
`;

/** The rules that depend on the page: accent colour, and distance in px from the corner. */
export function ownStyles({ color, offsetX, offsetY }) {
  const own = color && CSS.supports("color", color) ? color : null;
  const accent = (scheme) => {
    const { fill, strong, ink } = own ? { fill: own, strong: own, ink: inkOn(own) } : ACCENT[scheme];
    return `--accent:${fill};--accent-strong:${strong};--accent-ink:${ink};`;
  };
  const edge = (side, offset) => `calc(${distance(offset)}px + env(safe-area-inset-${side},0px))`;
  return `.root{${accent("light")}--x:${edge("right", offsetX)};--y:${edge("bottom", offsetY)}}
.root[data-theme=dark]{${accent("dark")}}
@media (prefers-color-scheme:dark){.root[data-theme=auto]{${accent("dark")}}}`;
}

function distance(offset) {
  const pixels = Number.parseInt(offset, 10);
  return Number.isFinite(pixels) ? Math.min(Math.max(pixels, 0), 2000) : 20;
}

/** Black or white, whichever contrasts more on `color`; white where the colour is not a plain hex one. */
export function inkOn(color) {
  const hex = /^#([\da-f]{3}|[\da-f]{6})$/i.exec(color)?.[1];
  if (!hex) return "#fff";
  const full = hex.length === 3 ? hex.replace(/./g, "$&$&") : hex;
  const [red, green, blue] = [0, 2, 4].map((at) => {
    const level = Number.parseInt(full.slice(at, at + 2), 16) / 255;
    return level <= 0.03928 ? level / 12.92 : ((level + 0.055) / 1.055) ** 2.4;
  });
  const luminance = 0.2126 * red + 0.7152 * green + 0.0722 * blue;
  // Where black and white contrast equally.
  return luminance > 0.179 ? "#000" : "#fff";
}
