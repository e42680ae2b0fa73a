/** Joins EcoFlow's cloud and mirrors the stations' raw bytes to the local broker. */
export type { CloudBridgeConfig } from "./config.ts";
