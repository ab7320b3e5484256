/** The style sheet of the panel, with the colour roles that button-styles.js does not have. */
import { colorRoles } from "./color-roles.js";

const LIGHT = colorRoles(`raised:#f4f6f5;press:#e4e9e6;line:#d5dbd8;edge:#7b8580;danger-text:#b91c1c;warn:#92400e;
shadow:0 16px 48px #0b1a1338,0 2px 8px #0b1a131f;`);
const DARK = colorRoles(`raised:#212925;press:#2f3934;line:#35403a;edge:#7d8a83;danger-text:#fca5a5;warn:#fcd34d;
shadow:0 16px 48px #000a,0 2px 8px #0006;`);

export const PANEL_STYLES = `
.root{${LIGHT}font-variant-numeric:tabular-nums}
.root[data-theme=dark]{${DARK}}
@media (prefers-color-scheme:dark){.root[data-theme=auto]{${DARK}}}
svg{width:20px;height:20px;display:block;flex:none;fill:none;stroke:currentColor;stroke-width:2;stroke-linecap:round;stroke-linejoin:round}
button:disabled{cursor:default}
.ltr{direction:ltr;unicode-bidi:isolate}
.main svg,.stop svg{fill:currentColor;stroke:none}
.panel{--h:100vh;--up:max(8px - var(--y),min(68px,var(--h) - 272px - var(--y)));position:absolute;bottom:var(--up);right:0;width:320px;max-height:calc(var(--h) - var(--up) - var(--y) - 12px);overflow:auto;overscroll-behavior:contain;touch-action:manipulation;scroll-padding-bottom:80px;
background:var(--surface);border:1px solid var(--line);border-radius:16px;box-shadow:var(--shadow);animation:rise .16s ease-out}
.root[data-side=left] .panel{right:auto;left:0}
@supports (height:100dvh){.panel{--h:100dvh}}
@keyframes rise{from{opacity:0;transform:translateY(8px)}}
header{display:flex;align-items:center;padding-block:12px;padding-inline:16px 8px;border-bottom:1px solid var(--line)}
.who{flex:1;min-width:0}
.title{display:flex;align-items:center;gap:8px;margin-bottom:2px}
.name{font-weight:600;overflow:hidden;text-overflow:ellipsis;white-space:nowrap}
.from{min-height:19px;font-size:13px;color:var(--quiet);white-space:nowrap;overflow:hidden;text-overflow:ellipsis}
.pick-from{display:flex;align-items:center;gap:6px;overflow:visible}.pick-from[hidden]{display:none}.pick-from select{font:inherit;font-size:16px;flex:1;min-width:0;height:32px;padding:0;color:var(--text);background:var(--surface);border:1px solid var(--edge);border-radius:8px;text-overflow:ellipsis}
.mark{flex:none;font-size:13px;line-height:18px;padding:0 8px;border:1px solid currentColor;border-radius:10px;color:var(--warn)}
.icon{display:grid;place-items:center;width:44px;height:44px;color:var(--quiet)}
header [aria-expanded] svg{stroke-width:4}
.icon[aria-expanded=true],.icon:hover,.key:hover,.second:hover,.tool:hover{background:var(--press)}
.body,.stage{display:flex;flex-direction:column}.body{padding:16px;min-height:396px}.stage{flex:1}
.field{display:flex;padding-inline-start:12px;align-items:center;border:1px solid var(--edge);border-radius:var(--r);background:var(--surface);height:48px}
.field:focus-within{outline:2px solid var(--focus);outline-offset:2px}
.field[data-wrong]{border-color:var(--danger)}
.country{min-width:42px;color:var(--quiet);font-size:13px;white-space:nowrap}
input{all:unset;flex:1;min-width:0;height:100%;padding-inline:8px;font-size:18px;line-height:24px;color:var(--text);cursor:text}
input:focus-visible{outline:none}
input::placeholder{color:var(--quiet);opacity:1;font-size:16px}
.reading{min-height:20px;margin-top:4px;padding-inline:12px;font-size:13px;line-height:20px;color:var(--quiet);overflow-wrap:anywhere}.reading small{font-size:inherit}
.keys{display:grid;grid-template-columns:repeat(3,1fr);gap:8px;margin-top:12px;direction:ltr}
.key{-webkit-user-select:none;user-select:none;height:48px;display:grid;place-content:center;justify-items:center;background:var(--raised);font-size:20px;line-height:22px}
.key small{font-size:11px;line-height:12px;letter-spacing:.08em;color:var(--quiet);min-height:12px}
.key:active,.key[data-down]{background:var(--press);transform:scale(.97)}
.actions{display:flex;gap:8px;margin-top:16px;position:sticky;bottom:12px;z-index:1;background:var(--surface);box-shadow:0 0 0 12px var(--surface)}
.main{display:flex;align-items:center;justify-content:center;gap:8px;width:100%;min-height:48px;padding:0 8px;font-size:16px;line-height:20px;font-weight:600;
background:var(--accent-strong);color:var(--accent-ink)}
.main:hover,.stop:hover{filter:brightness(.95)}
.main:disabled{background:var(--raised);color:var(--quiet);filter:none}
.main.stop,.round.stop{background:var(--danger);color:var(--danger-ink)}
.second{overflow-wrap:anywhere;display:flex;align-items:center;justify-content:center;width:100%;min-height:48px;padding:0 8px;font-weight:600;border:1px solid var(--line)}
.peer{text-align:center;padding:8px 0}
.number{font-size:20px;line-height:28px;font-weight:600;overflow-wrap:anywhere}
.status{color:var(--quiet);font-size:16px;line-height:40px}
.status:empty,.status:empty+.call-note{display:none}
.call-note{min-height:20px;color:var(--quiet)}.status[data-live]+.call-note{color:var(--warn)}
.sheet>.spin{margin:24px auto}
.alert{overflow-wrap:anywhere}
.message{font-weight:600;color:var(--danger-text)}
.fix{color:var(--quiet);margin-top:4px}
.below{margin-top:8px}
.notice{padding:12px;border:1px solid var(--danger);border-radius:var(--r)}
.peer+.alert{margin-top:12px}.calm{text-align:center}.calm .message{color:var(--text)}
.spin{display:block;width:16px;height:16px;border-radius:50%;border:2px solid currentColor;border-top-color:transparent;animation:turn .8s linear infinite}
@media (max-width:400px){
.root[data-open]{right:0;left:0;bottom:0;width:auto;height:auto}
.root[data-open] .fab{display:none}
.panel,.root[data-side=left] .panel{position:static;width:auto;max-height:100vh;border-radius:16px 16px 0 0;border-width:1px 0 0;padding-bottom:env(safe-area-inset-bottom,0)}
}
.root[data-open][data-covered]{bottom:var(--covered)}
.root[data-open][data-covered] .fab{display:none}
.root[data-open][data-covered] .panel{bottom:0;max-height:var(--seen)}
@media (max-height:700px){.body{padding:12px 16px;min-height:352px}.key{height:44px}.keys{gap:4px;margin-top:8px}.actions{margin-top:12px}.peer{padding:0}}
@media (max-height:440px){.body{min-height:0}}
@media (prefers-reduced-motion:reduce){.spin{border-top-color:currentColor;opacity:.6}}
@media (forced-colors:active){.main,.key,.tool,.panel,.field{border:1px solid ButtonText}.field:focus-within{outline-color:Highlight}}
.root[data-inline]:not([popover]){position:relative;inset:auto;z-index:0;display:block;width:100%;height:100%}
.root[data-inline]:not([popover]) .panel{position:static;display:flex;flex-direction:column;width:100%;max-width:480px;height:100%;max-height:none;margin:0 auto;padding:0;border-width:1px;border-radius:var(--r);box-shadow:none;animation:none}
.root[data-inline]:not([popover]) .body{flex:1}
.root[data-inline]:not([popover]) [part=minimise]{display:none}
`;
