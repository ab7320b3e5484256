/** The style sheet of the call view, the call bar and the list of recent calls. */
export const DIALER_STYLES = `
.status[data-live]{font-size:28px;color:var(--text)}
.person{display:-webkit-box;-webkit-box-orient:vertical;-webkit-line-clamp:3;overflow:hidden;font-size:20px;line-height:28px;font-weight:600;overflow-wrap:anywhere}
.person:not(:empty)+.number{font-size:16px;line-height:24px;font-weight:400}
.sent{min-height:28px;margin-top:8px;text-align:center;font-size:20px;line-height:28px;overflow-wrap:anywhere}
.tools{display:grid;grid-template-columns:repeat(3,1fr);gap:8px;margin-top:auto}
.tool{display:grid;place-items:center;align-content:center;gap:4px;min-height:64px;padding:4px;background:var(--raised);font-size:13px;font-weight:600;overflow-wrap:anywhere}
.tool:nth-child(2) svg{stroke-width:4}
.mute[data-on],.tool[aria-expanded=true]{background:var(--text);color:var(--surface)}
.bar,.end{position:absolute;bottom:0;right:0;display:flex;align-items:center;gap:4px;width:max-content;max-width:min(360px,calc(100vw - var(--x) - 12px));padding:4px;border-radius:30px;background:var(--surface);border:1px solid var(--line);box-shadow:var(--shadow);cursor:pointer}
.call{display:grid;justify-items:start;flex:1;min-width:132px;line-height:20px;padding-inline:4px 8px}.call>*{max-width:100%}
.bar-title{font-weight:600;overflow:hidden;text-overflow:ellipsis;white-space:nowrap}
.time{color:var(--quiet)}:is(.bar,.end) .round{outline-offset:0}
.end .call{min-width:0;padding-inline-end:16px}.end .bar-title{white-space:normal}.end[data-bad] .bar-title{color:var(--danger-text)}
.round.back{background:none;color:var(--quiet)}.round.back:hover{background:var(--press)}
.round{display:grid;place-items:center;width:44px;height:44px;border-radius:50%;background:var(--raised)}
.heading{display:flex;align-items:center;justify-content:space-between;margin-top:4px;font-size:13px;color:var(--quiet)}
.clear{min-height:44px;min-width:44px;padding:0 8px;color:var(--quiet)}.clear:hover{background:var(--press)}
ul{list-style:none;margin:0;padding:0}ul[aria-labelledby=recent]{max-height:172px;overflow-y:auto;overscroll-behavior:contain}
.recent{display:flex;flex-wrap:wrap;align-items:center;justify-content:space-between;gap:0 8px;width:100%;min-height:44px;padding:4px 8px;
margin-top:4px;text-align:start;font-weight:600}
.recent:hover{background:var(--press)}
.recent .who{flex:1;min-width:0;overflow:hidden;text-overflow:ellipsis;white-space:nowrap}
.recent .below{flex-basis:100%;margin:0}
.recent small{font-size:13px;font-weight:400;color:var(--quiet)}
.root[data-side=left] :is(.bar,.end){right:auto;left:0}
.root[data-hidden] .end{display:none}
@media (forced-colors:active){.bar,.end,.round{border:1px solid ButtonText}.mute[data-on],.tool[aria-expanded=true]{background:Highlight;color:HighlightText;forced-color-adjust:none}}
`;
