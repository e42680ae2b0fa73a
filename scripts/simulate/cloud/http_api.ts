/** The emulated cloud's HTTPS side: both APIs, with the checks of the real ones as far as they are known. */
import { Buffer } from "node:buffer";
import { createHmac } from "node:crypto";
import { type Account, type Certificate, USER_ID } from "./account.ts";

/** Where the certification sends its callers. */
export interface BrokerAddress {
  readonly host: string;
  readonly port: number;
}

/** How far the caller's clock may be off, ms. */
const CLOCK_TOLERANCE_MS = 5 * 60_000;

const OK = "0";
const CODE_SIGNATURE = "8521";
const CODE_KEY = "8513";
const CODE_NOT_LINKED = "1006";

/** Makes the request handler. */
export function httpApi(
  account: Account,
  broker: () => BrokerAddress,
): (request: Request) => Promise<Response> {
  const nonces = new Set<string>();
  return async (request) => {
    const url = new URL(request.url);
    const { faults } = account;
    const body = await request.text();
    if (faults.httpStatus !== undefined) {
      return new Response("<html>fault</html>", { status: faults.httpStatus });
    }
    if (faults.rateLimit) return answer("500", "Server is too busy, please try again later");
    switch (`${request.method} ${url.pathname}`) {
      case "POST /auth/login":
        return logIn(account, request, body);
      case "GET /iot-auth/app/certification":
        if (!hasToken(account, request) || url.searchParams.get("userId") !== USER_ID) {
          return answer("401", "token");
        }
        return certification(account, account.app, broker());
      case "GET /iot-service/user/device":
        return hasToken(account, request) ? appDevices(account) : answer("401", "token");
    }
    if (!url.pathname.startsWith("/iot-open/sign/")) return new Response("not found", { status: 404 });
    const refusal = checkSignature(account, request, url, nonces);
    if (refusal) return refusal;
    switch (`${request.method} ${url.pathname}`) {
      case "GET /iot-open/sign/certification":
        return certification(account, account.open, broker());
      case "GET /iot-open/sign/device/list":
        return openDevices(account);
      case "GET /iot-open/sign/device/quota/all":
        return quotaAll(account, url.searchParams.get("sn") ?? "");
    }
    return new Response("not found", { status: 404 });
  };
}

function logIn({ options, faults, record, token }: Account, request: Request, body: string): Response {
  record.logIns++;
  const { email, password, scene, userType } = tryJson(body);
  const isWhole = request.headers.get("lang") === "en_US" && scene === "IOT_APP" && userType === "ECOFLOW";
  if (!isWhole) return answer("400", "parameter error");
  const pass = Buffer.from(String(password), "base64").toString("utf8");
  if (faults.refuseCredentials || email !== options.user || pass !== options.pass) {
    return answer("2026", `The account ${email} does not exist or the password is wrong`);
  }
  return answer(OK, "Success", { token, user: { userId: USER_ID, name: "simulation" } });
}

function hasToken({ token }: Account, request: Request): boolean {
  return request.headers.get("authorization") === `Bearer ${token}`;
}

function certification(
  { record, faults }: Account,
  { account, password }: Certificate,
  broker: BrokerAddress,
) {
  record.certifications++;
  return answer(OK, "Success", {
    url: faults.brokerHost ?? broker.host,
    port: String(broker.port),
    protocol: "mqtts",
    certificateAccount: account,
    certificatePassword: password,
  });
}

function appDevices({ options: { stations } }: Account): Response {
  const bound = Object.fromEntries(
    stations.map(({ sn, name, productName }) => [sn, { sn, deviceName: name, productName, online: 1 }]),
  );
  return answer(OK, "Success", { bound, share: {} });
}

function openDevices({ options: { stations } }: Account): Response {
  const list = stations.map(({ sn, name, productName }) => ({
    sn,
    deviceName: name,
    online: 1,
    productName,
  }));
  return answer(OK, "Success", list);
}

function quotaAll(account: Account, sn: string): Response {
  account.record.quotaCalls++;
  const station = account.station(sn);
  if (!station) return answer(CODE_NOT_LINKED, "The device is not linked to the developer");
  if (!station.quotaAll) return answer("1008", "current device is not allowed to get device info");
  return answer(OK, "Success", station.quotaAll());
}

/** The rule of ../shared/protocol/cloud.md section 2.1, written a second time on purpose: for requests with a flat query. */
function checkSignature(
  account: Account,
  request: Request,
  url: URL,
  nonces: Set<string>,
): Response | undefined {
  const { options: { open }, faults } = account;
  const header = (name: string) => request.headers.get(name) ?? "";
  if (!open || header("accessKey") !== open.accessKey) return answer(CODE_KEY, "accessKey is invalid");
  if (faults.signatureFaults > 0) {
    faults.signatureFaults--;
    return answer(CODE_SIGNATURE, "signature is wrong");
  }
  const [nonce, timestamp] = [header("nonce"), header("timestamp")];
  const query = [...url.searchParams].map(([key, value]) => `${key}=${value}`).sort().join("&");
  const text = `${query}${query && "&"}accessKey=${open.accessKey}&nonce=${nonce}&timestamp=${timestamp}`;
  const expected = createHmac("sha256", open.secretKey).update(text).digest("hex");
  const isFresh = Math.abs(Date.now() - Number(timestamp)) <= CLOCK_TOLERANCE_MS;
  const isOnce = /^\d{6}$/.test(nonce) && !nonces.has(`${nonce} ${timestamp}`);
  nonces.add(`${nonce} ${timestamp}`);
  const isRight = header("sign") === expected && isFresh && isOnce && !request.headers.has("content-type");
  return isRight ? undefined : answer(CODE_SIGNATURE, "signature is wrong");
}

function answer(code: string, message: string, data?: unknown): Response {
  return Response.json({ code, message, data, eagleEyeTraceId: "", tid: "" });
}

function tryJson(text: string): Record<string, unknown> {
  try {
    return JSON.parse(text);
  } catch {
    return {};
  }
}
