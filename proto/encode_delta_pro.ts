/** JSON payloads as a DELTA Pro sends them; for simulations and tests. */
import type { StationEncoder, StationValues } from "./station_values.ts";

type Quotas = Record<string, number>;

/** Design and full capacity of the main pack, mAh at 48 V. */
const DESIGN_MAH = 80_000;
const FULL_MAH = 76_000;

/** `moduleType` of the pushes that carry these keys. */
const MODULE_TYPE: Readonly<Record<string, number>> = { pd: 1, bmsMaster: 2, ems: 2, inv: 3, mppt: 5 };

/** An encoder whose message ids begin at `firstId`. */
export function deltaProEncoder(sn: string, firstId = 590_846_933): StationEncoder {
  const text = new TextEncoder();
  let id = firstId;
  const encode = (value: unknown) => text.encode(JSON.stringify(value));
  return {
    sn,
    pushes(values) {
      const modules = Object.groupBy(Object.entries(quotas(values)), ([key]) => key.split(".")[0] ?? "");
      return Object.entries(modules).map(([module, entries]) =>
        encode({
          addr: module,
          cmdFunc: 32,
          cmdId: 2,
          id: ++id,
          version: "1.0",
          timestamp: id,
          moduleType: MODULE_TYPE[module] ?? 0,
          params: Object.fromEntries(entries ?? []),
        })
      );
    },
    reply(values) {
      return encode({
        id: ++id,
        operateType: "latestQuotas",
        code: "0",
        version: "1.0",
        data: { sn, productType: 14, model: 4, online: 1, quotaMap: quotas(values) },
      });
    },
  };
}

function quotas(v: StationValues): Quotas {
  return {
    "pd.soc": Math.round(v.socPercent),
    "pd.wattsInSum": Math.round(v.acInWatts + v.dcInWatts),
    "pd.wattsOutSum": Math.round(v.acOutWatts),
    "ems.lcdShowSoc": Math.round(v.socPercent),
    "ems.f32LcdShowSoc": v.socPercent,
    "ems.chgRemainTime": Math.round(v.chargeMin),
    "ems.dsgRemainTime": Math.round(v.dischargeMin),
    "ems.maxChargeSoc": v.maxSocPercent,
    "ems.minDsgSoc": v.minSocPercent,
    "bmsMaster.soc": Math.round(v.socPercent),
    "bmsMaster.temp": Math.round(v.tempCelsius),
    "bmsMaster.designCap": DESIGN_MAH,
    "bmsMaster.fullCap": FULL_MAH,
    "bmsMaster.vol": 50_400,
    "inv.acInVol": v.gridPresent ? 230_000 : 0,
    "inv.inputWatts": Math.round(v.acInWatts),
    "inv.outputWatts": Math.round(v.acOutWatts),
    "inv.cfgAcEnabled": v.acOutEnabled ? 1 : 0,
    // 0 in pass-through once the battery is full, although the grid is there.
    "inv.chargerType": v.gridPresent && v.socPercent < v.maxSocPercent ? 1 : 0,
    "mppt.inWatts": Math.round(v.dcInWatts * 10),
  };
}
