/** The widget's looks, for its shadow root alone; colour roles first, everything else uses them. */
// A page may set each of these as --epoch-<name> (see the guide).
const themed = (roles) => roles.replace(/([\w-]+):([^;]+)/g, "--$1:var(--epoch-$1,$2)");
const LIGHT =
  themed(`surface:#fff;raised:#f4f6f5;press:#e4e9e6;line:#d5dbd8;edge:#7b8580;text:#111a16;quiet:#56605b;danger:#dc2626;
danger-ink:#fff;danger-text:#b91c1c;warn:#92400e;focus:#111a16;shadow:0 16px 48px #0b1a1338,0 2px 8px #0b1a131f;`);
const DARK =
  themed(`surface:#161c19;raised:#212925;press:#2f3934;line:#35403a;edge:#7d8a83;text:#eef3f0;quiet:#a5b1ab;danger:#f87171;
danger-ink:#1c0707;danger-text:#fca5a5;warn:#fcd34d;focus:#eef3f0;shadow:0 16px 48px #000a,0 2px 8px #0006;`);
// White text on the light accent would be too faint: under words it is a shade stronger.
const ACCENT = {
  light: { fill: "#059669", strong: "#047857", ink: "#fff" },
  dark: { fill: "#34d399", strong: "#34d399", ink: "#052e1c" },
};
// Black or white, whichever contrasts more: they contrast equally at a luminance of 0.179.
const LEVEL = "clamp(0,(.179 - .2126*r - .7152*g - .0722*b)*9999,1)";
const INK = `color(from var(--accent-strong) srgb-linear ${LEVEL} ${LEVEL} ${LEVEL})`;

export const STYLES = `
:host{display:contents!important}
.root{all:initial;width:0;height:0;--r:var(--epoch-radius,8px);${LIGHT}color-scheme:light;position:fixed;z-index:var(--epoch-z-index,2147483000);bottom:var(--y);right:var(--x);
font:400 14px/1.45 var(--epoch-font,system-ui,-apple-system,"Segoe UI",Roboto,"Helvetica Neue",Arial,sans-serif);color:var(--text);
font-variant-numeric:tabular-nums;-webkit-text-size-adjust:100%}
.root[data-side=left]{right:auto;left:var(--x)}
.root[data-theme=dark]{${DARK}color-scheme:dark}
@media (prefers-color-scheme:dark){.root[data-theme=auto]{${DARK}color-scheme:dark}}
*,*::before,*::after{box-sizing:border-box}
[hidden]{display:none!important}
button{font:inherit;color:inherit;background:none;border:0;border-radius:var(--r);padding:0;margin:0;cursor:pointer;
touch-action:manipulation;-webkit-tap-highlight-color:transparent;transition:background-color .14s,transform .14s,opacity .14s}
button:disabled{cursor:default}
:focus-visible{outline:2px solid var(--focus);outline-offset:2px}
svg{width:20px;height:20px;display:block;flex:none;fill:none;stroke:currentColor;stroke-width:2;stroke-linecap:round;stroke-linejoin:round}
.fab svg,.main svg,.stop svg{fill:currentColor;stroke:none}.stop svg{transform:rotate(135deg)}
.sr{position:absolute;width:1px;height:1px;overflow:hidden;clip-path:inset(50%);white-space:nowrap}
.ltr{direction:ltr;unicode-bidi:isolate}
.fab{position:absolute;bottom:0;right:0;display:grid;place-items:center;width:56px;height:56px;border-radius:50%;
background:var(--accent);color:var(--accent-ink);box-shadow:0 6px 20px #0b1a1340,0 1px 4px #0b1a1333}
.fab:hover{transform:scale(1.05)}.fab:active{transform:scale(.97)}
.fab svg{width:26px;height:26px}
.dot{position:absolute;right:1px;bottom:1px;width:16px;height:16px;border-radius:50%;border:3px solid var(--surface);background:var(--quiet)}
.root[data-mood=ready] .dot{background:#34d399}
.root[data-mood=problem] .dot{background:var(--danger);border-radius:4px}
.root[data-mood=busy] .dot{background:#f59e0b}
.panel{position:absolute;bottom:68px;right:0;width:320px;max-height:calc(100vh - 68px - var(--y) - 12px);max-height:calc(100dvh - 68px - var(--y) - 12px);overflow:auto;overscroll-behavior:contain;scroll-padding-bottom:80px;
background:var(--surface);border:1px solid var(--line);border-radius:16px;box-shadow:var(--shadow);animation:rise .16s ease-out}
.root[data-side=left] :is(.fab,.panel,.bar){right:auto;left:0}
@keyframes rise{from{opacity:0;transform:translateY(8px)}}
header{display:flex;align-items:center;padding-block:12px;padding-inline:16px 8px;border-bottom:1px solid var(--line)}
.who{flex:1;min-width:0}
.title{display:flex;align-items:center;gap:8px;margin-bottom:2px}
.name{font-weight:600;overflow:hidden;text-overflow:ellipsis;white-space:nowrap}
.from{min-height:19px;font-size:13px;color:var(--quiet);white-space:nowrap;overflow:hidden;text-overflow:ellipsis}
.mark{flex:none;font-size:13px;line-height:18px;padding:0 8px;border:1px solid currentColor;border-radius:10px;color:var(--warn)}
.icon{display:grid;place-items:center;width:44px;height:44px;color:var(--quiet)}
header [aria-expanded] svg{stroke-width:4}
.icon[aria-expanded=true],.icon:hover,.key:hover,.second:hover,.tool:hover{background:var(--press)}
.body,.stage{display:flex;flex-direction:column}.body{padding:16px;min-height:372px}.stage{flex:1}
.field{display:flex;padding-inline-start:12px;align-items:center;border:1px solid var(--edge);border-radius:var(--r);background:var(--surface);height:48px}
.field:focus-within{outline:2px solid var(--focus);outline-offset:2px}
.field[data-wrong]{border-color:var(--danger)}
.country{min-width:42px;color:var(--quiet);font-size:13px;white-space:nowrap}
input{all:unset;flex:1;min-width:0;height:100%;padding-inline:8px;font-size:18px;line-height:24px;color:var(--text);cursor:text}
input:focus-visible{outline:none}
input::placeholder{color:var(--quiet);opacity:1;font-size:16px}
.keys{display:grid;grid-template-columns:repeat(3,1fr);gap:8px;margin-top:12px;direction:ltr}
.key{height:48px;display:grid;place-content:center;justify-items:center;background:var(--raised);font-size:20px;line-height:22px}
.key small{font-size:11px;line-height:12px;letter-spacing:.08em;color:var(--quiet);min-height:12px}
.key:active,.key[data-down]{background:var(--press);transform:scale(.97)}
.actions{display:flex;gap:8px;margin-top:16px;position:sticky;bottom:12px;z-index:1;background:var(--surface);box-shadow:0 0 0 12px var(--surface)}
.main{display:flex;align-items:center;justify-content:center;gap:8px;width:100%;min-height:48px;padding:0 8px;font-size:16px;line-height:20px;font-weight:600;
background:var(--accent-strong);color:var(--accent-ink)}
.main:hover,.stop:hover{filter:brightness(.95)}
.main:disabled{background:var(--raised);color:var(--quiet);filter:none}
.main.stop,.round.stop{background:var(--danger);color:var(--danger-ink)}
.second{display:flex;align-items:center;justify-content:center;width:100%;min-height:48px;padding:0 8px;font-weight:600;border:1px solid var(--line)}
.peer{text-align:center;padding:8px 0}
.number{font-size:20px;line-height:28px;font-weight:600;overflow-wrap:anywhere}
.status{color:var(--quiet);font-size:16px;line-height:40px}
.status:empty,.status:empty+.line{display:none}
.line{min-height:20px;color:var(--quiet)}.status[data-live]+.line{color:var(--warn)}
.sheet>.spin{margin:24px auto}
.alert{overflow-wrap:anywhere}
.message{font-weight:600;color:var(--danger-text)}
.fix{color:var(--quiet);margin-top:4px}
.below{margin-top:8px}
.notice{padding:12px;border:1px solid var(--danger);border-radius:var(--r)}
.peer+.alert{margin-top:12px}.calm{text-align:center}.calm .message{color:var(--text)}
.spin{display:block;width:16px;height:16px;border-radius:50%;border:2px solid currentColor;border-top-color:transparent;animation:turn .8s linear infinite}
@keyframes turn{to{transform:rotate(1turn)}}
@media (max-width:400px){
.root[data-open]{right:0;left:0;bottom:0;width:auto;height:auto}
.root[data-open] .fab{display:none}
.panel,.root[data-side=left] .panel{position:static;width:auto;max-height:100vh;border-radius:16px 16px 0 0;border-width:1px 0 0;padding-bottom:env(safe-area-inset-bottom,0)}
}
@media (max-height:700px){.body{padding:12px 16px;min-height:328px}.key{height:44px}.keys{gap:4px;margin-top:8px}.actions{margin-top:12px}.peer{padding:0}}
@media (max-height:440px){.body{min-height:0}}
@media (prefers-reduced-motion:reduce){*{animation-duration:.01ms!important;animation-iteration-count:1!important;transition:none!important}.spin{border-top-color:currentColor;opacity:.6}}
@media (forced-colors:active){.fab,.main,.key,.tool,.round,.panel,.bar,.field{border:1px solid ButtonText}
.dot{forced-color-adjust:none}:focus-visible,.field:focus-within{outline-color:Highlight}}
`;

/** The rules that depend on the page: accent colour, and distance in px from the corner. */
export function ownStyles({ color, offsetX, offsetY }) {
  const own = color && CSS.supports("color", color) ? color : null;
  const accent = (scheme) => {
    const { fill, strong, ink } = ACCENT[scheme];
    return `--accent:var(--epoch-accent,${own ?? fill});--accent-strong:var(--epoch-accent,${own ?? strong});--ink:${own ? "#fff" : ink};`;
  };
  const edge = (side, offset) => `calc(${distance(offset)}px + env(safe-area-inset-${side},0px))`;
  return `.root{${accent("light")}--accent-ink:var(--epoch-accent-ink,var(--ink));--x:${edge("right", offsetX)};--y:${edge("bottom", offsetY)}}
.root[data-theme=dark]{${accent("dark")}}
@media (prefers-color-scheme:dark){.root[data-theme=auto]{${accent("dark")}}}
@supports (color:color(from red srgb-linear r g b)){.root.root.root{--ink:${INK}}}`;
}

function distance(offset) {
  const pixels = Number.parseInt(offset, 10);
  return Number.isFinite(pixels) ? Math.min(Math.max(pixels, 0), 2000) : 20;
}
