/** Icons of the settings sheet: SVG path data in a view box of 24 × 24. */
export const BACK_ICON = "m15 5-7 7 7 7";
