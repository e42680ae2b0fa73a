/** What of a figure is the machine's: how fast its disk is, and what a program pays there for having slept. */
import { closeSync, fdatasyncSync, mkdtempSync, openSync, readFileSync, rmSync, writeSync } from "node:fs";
import { availableParallelism, cpus, loadavg, tmpdir } from "node:os";
import { join } from "node:path";
import { type Distribution, distributionOf } from "./distribution.ts";
import { column, pause } from "./waiting.ts";

/** One machine, as it is just now. */
export interface MachineFigures {
  readonly cores: number;
  readonly processor: string;
  /** Of the last minute. */
  readonly load: number;
  /** 4 kB, written and flushed to the disk that the parts write to, ms. */
  readonly flushMs: Distribution;
  /** A page of memory read first after a second of sleep, and again, ns. */
  readonly pageNs: { readonly slept: number; readonly awake: number };
}

const FLUSHES = 200;
const FLUSH_EVERY_MS = 10;
const PAGE_BYTES = 4096;
const PAGES = 2048;
const SLEEPS = 3;
const SLEEP_MS = 1000;
/**
 * A virtual machine may give the tables of its memory back while it sleeps. From so much on each wake costs more than what is done
 * in it, ns a page; a machine of its own has some tens.
 */
const FORGETFUL_NS = 1000;

/** Takes about six seconds. */
export async function measureMachine(): Promise<MachineFigures> {
  return {
    cores: availableParallelism(),
    processor: cpus()[0]?.model.trim() ?? "unknown",
    load: loadavg()[0] ?? NaN,
    flushMs: distributionOf(await flushes()),
    pageNs: await pages(),
  };
}

async function flushes(): Promise<number[]> {
  const dir = mkdtempSync(join(tmpdir(), "ecoflow-bench-"));
  const file = openSync(join(dir, "flushed"), "w");
  try {
    const samples: number[] = [];
    for (let i = 0; i < FLUSHES; i++) {
      await pause(FLUSH_EVERY_MS);
      const startMs = performance.now();
      // Two places in turns, as the policy's snapshot has.
      writeSync(file, crypto.getRandomValues(new Uint8Array(PAGE_BYTES)), 0, PAGE_BYTES, i % 2 * PAGE_BYTES);
      fdatasyncSync(file);
      samples.push(performance.now() - startMs);
    }
    return samples;
  } finally {
    closeSync(file);
    rmSync(dir, { recursive: true });
  }
}

async function pages(): Promise<MachineFigures["pageNs"]> {
  const memory = new Uint8Array(PAGES * PAGE_BYTES).fill(1);
  const readNs = () => {
    const startMs = performance.now();
    let sum = 0;
    for (let at = 0; at < memory.length; at += PAGE_BYTES) sum += memory[at] ?? 0;
    const ns = (performance.now() - startMs) * 1e6 / PAGES;
    if (sum !== PAGES) throw new Error(`Cannot measure: ${sum} of ${PAGES} pages were read`);
    return ns;
  };
  let [slept, awake] = [0, 0];
  for (let i = 0; i < SLEEPS; i++) {
    await pause(SLEEP_MS);
    slept += readNs() / SLEEPS;
    awake += readNs() / SLEEPS;
  }
  return { slept, awake };
}

/** For the head of a run. */
export function machineText({ cores, processor, load, flushMs, pageNs }: MachineFigures): string {
  const memory = pageNs.slept < FORGETFUL_NS
    ? ""
    : "\nThis machine forgets where its memory is while it sleeps. So what a quiet house needs, and what is done for the first time, is mostly the machine's here.";
  return `${cores} cores (${processor}), ${systemName()}, load ${column(load, 1)}. ` +
    `4 kB flushed to the disk: median ${column(flushMs.median, 2)} ms, p99 ${column(flushMs.p99, 1)} ms. ` +
    `A page of memory after a second of sleep: ${column(pageNs.slept)} ns, again: ${
      column(pageNs.awake)
    } ns.` +
    `${memory}\n`;
}

function systemName(): string {
  try {
    const name = /^PRETTY_NAME="(.*)"/m.exec(readFileSync("/etc/os-release", "utf8"))?.[1];
    return name ?? "Linux";
  } catch {
    return Deno.build.os;
  }
}
