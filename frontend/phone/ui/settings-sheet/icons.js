/** Icons of the settings sheet, each the path of a 24 × 24 image. */
export const BACK_ICON = "m15 5-7 7 7 7";
