/** The version of this checkout, shown in statuses, logs and `--version`. */
export const VERSION = "0.1.0";
