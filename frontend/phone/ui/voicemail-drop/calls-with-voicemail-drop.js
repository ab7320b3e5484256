/**
 * The ids of this page's calls that were ended by a voicemail drop: a recorded message was left in the mailbox.
 * @type {Set<string>}
 */
export const callsWithVoicemailDrop = new Set();
