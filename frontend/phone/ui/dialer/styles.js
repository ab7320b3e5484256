/** The style sheet of the call view, and of what the dialer adds to the panel. */
export const DIALER_STYLES = `
.status[data-live]{font-size:28px;color:var(--text)}
.person{display:-webkit-box;-webkit-box-orient:vertical;-webkit-line-clamp:3;overflow:hidden;font-size:20px;line-height:28px;font-weight:600;overflow-wrap:anywhere}
.person:not(:empty)+.number{font-size:16px;line-height:24px;font-weight:400}
.sent{min-height:28px;margin-top:8px;text-align:center;font-size:20px;line-height:28px;overflow-wrap:anywhere}
.tools{display:grid;grid-template-columns:repeat(3,1fr);gap:8px;margin-top:auto}
.tool{display:grid;place-items:center;align-content:center;gap:4px;min-height:64px;padding:4px;background:var(--raised);font-size:13px;font-weight:600;overflow-wrap:anywhere}
.tool:nth-child(2) svg{stroke-width:4}
.tool[aria-pressed=true],.tool[aria-expanded=true]{background:var(--text);color:var(--surface)}
.bar{position:absolute;bottom:0;right:0;display:flex;align-items:center;gap:4px;padding:4px;border-radius:30px;background:var(--surface);border:1px solid var(--line);box-shadow:var(--shadow)}
.round.back{background:none;color:var(--quiet)}.round.back:hover{background:var(--press)}
.time{min-width:104px;text-align:center;padding-inline-end:8px;font-weight:600;font-size:16px}
.round{display:grid;place-items:center;width:44px;height:44px;border-radius:50%;background:var(--raised)}
.round[aria-pressed=true]{background:var(--text);color:var(--surface)}
.heading{display:flex;align-items:center;justify-content:space-between;margin-top:4px;font-size:13px;color:var(--quiet)}
.clear{min-height:44px;min-width:44px;padding:0 8px;color:var(--quiet)}.clear:hover{background:var(--press)}
ul{list-style:none;margin:0;padding:0}ul[aria-labelledby=recent]{max-height:172px;overflow-y:auto;overscroll-behavior:contain}
.recent{display:flex;flex-wrap:wrap;align-items:center;justify-content:space-between;gap:0 8px;width:100%;min-height:44px;padding:4px 8px;
margin-top:4px;text-align:start;font-weight:600}
.recent:hover{background:var(--press)}
.recent .who{flex:1;min-width:0;overflow:hidden;text-overflow:ellipsis;white-space:nowrap}
.recent .below{flex-basis:100%;margin:0}
.recent small{font-size:13px;font-weight:400;color:var(--quiet)}
@media (forced-colors:active){.tool[aria-pressed=true],.tool[aria-expanded=true],.round[aria-pressed=true]{background:Highlight;color:HighlightText;forced-color-adjust:none}}
`;
