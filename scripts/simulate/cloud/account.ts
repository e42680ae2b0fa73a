/** What the emulated cloud knows: one account, its stations, who holds which credentials, and what is to go wrong. */

/** One station behind the cloud, played by the simulation. */
export interface EmulatedStation {
  readonly sn: string;
  readonly name: string;
  /** Empty as the cloud leaves it for newer models. */
  readonly productName: string;
  /** Which get-all request it understands; it ignores the other one, as real stations do. */
  readonly family: "protobuf" | "json";
  /** The answer to a get-all request, as bytes of the topic; undefined: it does not answer. */
  getAllReply(): Uint8Array | undefined;
  /** Every key that the developer API tells; absent: the API does not serve this model. */
  quotaAll?(): Readonly<Record<string, unknown>>;
}

/** Who may use the cloud. */
export interface AccountOptions {
  /** The app account. */
  readonly user: string;
  readonly pass: string;
  /** Keys of the developer API; absent: nobody has any. */
  readonly open?: { readonly accessKey: string; readonly secretKey: string };
  readonly stations: readonly EmulatedStation[];
}

/** What goes wrong while it is set. Change it at any time. */
export interface CloudFaults {
  /** The log-in answers that account or password are wrong. */
  refuseCredentials: boolean;
  /** Every API call answers "Server is too busy". */
  rateLimit: boolean;
  /** Every API call answers with this status and no JSON. */
  httpStatus: number | undefined;
  /** So many of the next signed calls answer 8521, whatever their signature. */
  signatureFaults: number;
  /** The broker answers CONNACK 5. */
  notAuthorised: boolean;
  /** The broker hangs up without a CONNACK, as it does with accounts of another region. */
  closeBeforeConnack: boolean;
  /** The stations do not answer get-all requests. */
  silent: boolean;
  /** The certification names this host instead of the broker's. */
  brokerHost: string | undefined;
}

/** What was seen, for tests and the live view. */
export interface CloudRecord {
  logIns: number;
  certifications: number;
  quotaCalls: number;
  /** Every client id that tried to connect, in order. */
  readonly clientIds: string[];
  /** Every get-all request that arrived. */
  readonly getAllRequests: { readonly sn: string; readonly form: "protobuf" | "json" }[];
  /** Topics of everything else that somebody tried to publish: must stay empty. */
  readonly forbiddenPublishes: string[];
}

/** MQTT credentials that the cloud handed out. */
export interface Certificate {
  readonly account: string;
  readonly password: string;
}

/** The account number that the cloud gave the app account. */
export const USER_ID = "1234567890123456789";

/** The cloud's memory. */
export class Account {
  readonly faults: CloudFaults = {
    refuseCredentials: false,
    rateLimit: false,
    httpStatus: undefined,
    signatureFaults: 0,
    notAuthorised: false,
    closeBeforeConnack: false,
    silent: false,
    brokerHost: undefined,
  };
  readonly record: CloudRecord = {
    logIns: 0,
    certifications: 0,
    quotaCalls: 0,
    clientIds: [],
    getAllRequests: [],
    forbiddenPublishes: [],
  };
  app: Certificate = newCertificate("app");
  open: Certificate = newCertificate("open");
  token = crypto.randomUUID();

  readonly #bySerial: ReadonlyMap<string, EmulatedStation>;

  constructor(readonly options: AccountOptions) {
    this.#bySerial = new Map(options.stations.map((station) => [station.sn, station]));
  }

  /** From now on the credentials handed out before are worth nothing. */
  expireCredentials(): void {
    this.app = newCertificate("app");
    this.open = newCertificate("open");
    this.token = crypto.randomUUID();
  }

  /** The station of a serial number. */
  station(sn: string): EmulatedStation | undefined {
    return this.#bySerial.get(sn);
  }
}

function newCertificate(kind: "app" | "open"): Certificate {
  return { account: `${kind}-${crypto.randomUUID().replaceAll("-", "")}`, password: crypto.randomUUID() };
}
