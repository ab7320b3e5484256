/**
 * The style sheet of the form for a call's outcome and note, and of the line that reminds of a call without an outcome.
 */
export const OUTCOME_STYLES = `
.outcome{margin-top:16px;border-top:1px solid var(--line);padding-top:12px}
.outcome-head{display:flex;align-items:center;justify-content:space-between;font-weight:600}
.choices{display:grid;grid-template-columns:repeat(2,1fr);gap:8px;margin-top:8px}
.choice{display:flex;align-items:center;gap:8px;min-width:0;min-height:44px;padding:4px 8px;border:1px solid var(--edge);border-radius:var(--r);text-align:start;line-height:18px}
.choice:hover,.later:hover,.missing-outcome button:hover{background:var(--press)}
.choice[aria-pressed=true]{border-color:var(--accent-strong);box-shadow:inset 0 0 0 1px var(--accent-strong);background:var(--raised);font-weight:600}
.choice span{flex:1;min-width:0;overflow-wrap:anywhere}
.choice i{flex:none;width:10px;height:10px;border-radius:50%}
kbd{flex:none;min-width:18px;border:1px solid var(--line);border-radius:4px;font:inherit;font-size:12px;line-height:16px;text-align:center;color:var(--quiet)}
textarea{all:unset;display:block;box-sizing:border-box;width:100%;min-height:56px;max-height:160px;overflow:auto;margin-top:8px;padding:8px 12px;border:1px solid var(--edge);border-radius:var(--r);background:var(--surface);color:var(--text);white-space:pre-wrap;overflow-wrap:anywhere;cursor:text}
textarea:focus-visible{outline:2px solid var(--focus);outline-offset:2px}
textarea[aria-invalid=true]{border-color:var(--danger-text)}
.note-count{margin-top:4px;font-size:13px;text-align:end;color:var(--danger-text)}.note-count:empty{display:none}
textarea::placeholder{color:var(--quiet);opacity:1}
.outcome-foot{display:flex;gap:8px;margin-top:8px}
.save,.later{flex:1;min-height:44px;padding:0 8px;border-radius:var(--r);font-weight:600}
.save{background:var(--text);color:var(--surface)}.save:disabled{background:var(--raised);color:var(--quiet)}
.later{border:1px solid var(--line)}
.outcome-message{margin-top:8px;color:var(--danger-text);overflow-wrap:anywhere}.outcome-message:empty{display:none}
.outcome-message.calm{color:var(--quiet);text-align:start}
.missing-outcome{display:flex;align-items:center;gap:4px;margin-bottom:12px;padding-inline-start:12px;border:1px solid var(--line);border-radius:var(--r);background:var(--raised);font-size:13px}
.missing-outcome span{flex:1;min-width:0;overflow-wrap:anywhere}
.missing-outcome bdi{white-space:nowrap}
.missing-outcome button{min-height:44px;min-width:44px;padding:0 8px;font-weight:600}
@media (forced-colors:active){.choice,.save,.later,textarea{border:1px solid ButtonText}.choice[aria-pressed=true]{outline:2px solid Highlight}}
`;
