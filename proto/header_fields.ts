/** The fields of EcoFlow's envelope header, as data: number, name and kind. */

/** How a header field is written on the wire. */
export type HeaderFieldKind = "int32" | "string";

/** A field of the header besides `pdata`. */
export interface HeaderField {
  readonly number: number;
  readonly name: Exclude<keyof Header, "pdata" | "unknown">;
  readonly kind: HeaderFieldKind;
}

/**
 * One header of an envelope with its inner message. Names are the wire's; **absent means not sent**, and a 0 that was
 * sent is kept.
 */
export interface Header {
  /** The inner message as it lies on the wire, perhaps masked: read it with `plainPdata`. */
  pdata?: Uint8Array;
  /** Sender: 2 main board, 3 or 7 BMS, 4 inverter, 11 panel, 20 alternator, 32 app, 53 Wi-Fi module. */
  src?: number;
  /** 32 = app. */
  dest?: number;
  d_src?: number;
  d_dest?: number;
  /** Absent or 0: plain. 1: masked, except when `src` is 32. */
  enc_type?: number;
  check_type?: number;
  /** First dispatch key. */
  cmd_func?: number;
  /** Second dispatch key. */
  cmd_id?: number;
  /** Length of `pdata`, bytes. */
  data_len?: number;
  /** 1 asks for an acknowledgement; pushes need none. */
  need_ack?: number;
  is_ack?: number;
  /** Sequence, a signed 32-bit number; its low byte is the mask's key. */
  seq?: number;
  /** Not unique to a model. */
  product_id?: number;
  version?: number;
  payload_ver?: number;
  time_snap?: number;
  is_rw_cmd?: number;
  is_queue?: number;
  ack_type?: number;
  /** "-2": the station is offline. */
  code?: string;
  /** The sender's label in requests. */
  from?: string;
  module_sn?: string;
  device_sn?: string;
  /** Fields that no source names, as they lay on the wire. */
  unknown?: Uint8Array;
}

/** Field number of the inner message. */
export const PDATA_FIELD = 1;

/** All fields besides the inner message, ascending: the order in which stations send them. */
export const HEADER_FIELDS: readonly HeaderField[] = ([
  [2, "src"],
  [3, "dest"],
  [4, "d_src"],
  [5, "d_dest"],
  [6, "enc_type"],
  [7, "check_type"],
  [8, "cmd_func"],
  [9, "cmd_id"],
  [10, "data_len"],
  [11, "need_ack"],
  [12, "is_ack"],
  [14, "seq"],
  [15, "product_id"],
  [16, "version"],
  [17, "payload_ver"],
  [18, "time_snap"],
  [19, "is_rw_cmd"],
  [20, "is_queue"],
  [21, "ack_type"],
  [22, "code", "string"],
  [23, "from", "string"],
  [24, "module_sn", "string"],
  [25, "device_sn", "string"],
] as const).map(([number, name, kind = "int32"]) => ({ number, name, kind } as HeaderField));
