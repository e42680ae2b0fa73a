import assert from "node:assert/strict";
import type { AtSeat, FromWorker, ToWorker } from "./control.ts";
import { type SharedHandle, WorkerGroup } from "./worker_group.ts";

class FakeShared implements SharedHandle {
  readonly got: string[] = [];
  isTerminated = false;
  say: (message: AtSeat<FromWorker>) => void = () => {};
  crash: (text: string) => void = () => {};
  post({ seat, message }: AtSeat<ToWorker>): void {
    this.got.push(`${seat} ${message.kind}`);
  }
  onMessage(handle: (message: AtSeat<FromWorker>) => void): void {
    this.say = handle;
  }
  onError(handle: (text: string) => void): void {
    this.crash = handle;
  }
  terminate(): void {
    this.isTerminated = true;
  }
}

function group() {
  const workers: FakeShared[] = [];
  const shared = new WorkerGroup(["history", "page"], () => {
    const worker = new FakeShared();
    workers.push(worker);
    return worker;
  });
  const heard: string[] = [];
  const spawn = (name: string) => {
    const handle = shared.spawn();
    handle.onMessage(({ kind }) => heard.push(`${name} ${kind}`));
    handle.onError((text) => heard.push(`${name} failed: ${text}`));
    return handle;
  };
  return { workers, heard, spawn };
}

Deno.test("WorkerGroup starts one worker for all, and each hears only what is for it", () => {
  const { workers, heard, spawn } = group();
  const history = spawn("history");
  const page = spawn("page");
  assert.equal(workers.length, 1);
  history.post({ kind: "ping", seq: 1 });
  page.post({ kind: "stop" });
  assert.deepEqual(workers[0]?.got, ["0 ping", "1 stop"]);
  workers[0]?.say({ seat: 1, message: { kind: "ready" } });
  assert.deepEqual(heard, ["page ready"]);
});

Deno.test("WorkerGroup tells all of them when the worker ended, who was in it, and begins a new one", () => {
  const { workers, heard, spawn } = group();
  const history = spawn("history");
  spawn("page");
  workers[0]?.crash("Uncaught boom");
  const text = "failed: Uncaught boom (in the worker of history, page)";
  assert.deepEqual(heard, [`history ${text}`, `page ${text}`]);
  assert.ok(workers[0]?.isTerminated);
  history.terminate();
  history.post({ kind: "ping", seq: 1 });
  spawn("history");
  assert.equal(workers.length, 2);
  assert.deepEqual(workers[0]?.got, []);
  assert.deepEqual(workers[1]?.got, []);
});

Deno.test("WorkerGroup lets one that could not start begin anew beside the others, and hears nothing of its former life", () => {
  const { workers, heard, spawn } = group();
  spawn("history");
  const page = spawn("page");
  workers[0]?.say({ seat: 1, message: { kind: "failed", text: "the port is taken" } });
  page.terminate();
  spawn("page");
  assert.equal(workers.length, 1);
  assert.deepEqual(workers[0]?.got, ["1 stop"]);
  workers[0]?.say({ seat: 1, message: { kind: "stopped" } });
  workers[0]?.say({ seat: 2, message: { kind: "ready" } });
  assert.deepEqual(heard, ["page failed", "page ready"]);
  assert.equal(workers[0]?.isTerminated, false);
});

Deno.test("WorkerGroup ends the worker with the last of them, and what that says afterwards is nobody's", () => {
  const { workers, heard, spawn } = group();
  const both = [spawn("history"), spawn("page")];
  for (const one of both) one.terminate();
  assert.ok(workers[0]?.isTerminated);
  spawn("history");
  workers[0]?.crash("Uncaught, long ago");
  workers[0]?.say({ seat: 2, message: { kind: "ready" } });
  assert.deepEqual(heard, []);
});
