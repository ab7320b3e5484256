/** The style sheet of the list of missed calls. */
export const MISSED_CALLS_STYLES = `
.missed-calls{margin-top:8px}
.missed-calls .heading span{font-weight:600;color:var(--text)}
.missed-call{display:flex;align-items:center;gap:8px;min-height:44px;margin-top:4px;padding-inline-start:8px}
.missed-call div{flex:1;min-width:0}
.missed-call bdi{display:block;font-weight:600;white-space:nowrap}
.missed-call small{font-size:13px;color:var(--quiet)}
.back-call{flex:none;min-height:44px;padding:0 12px;border:1px solid var(--edge);border-radius:var(--r);font-weight:600}
.back-call:hover{background:var(--press)}
@media (forced-colors:active){.back-call{border:1px solid ButtonText}}
`;
