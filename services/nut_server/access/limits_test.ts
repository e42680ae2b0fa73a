import { equal } from "node:assert/strict";
import { AddressBook, FAILURE_MEMORY_MS, LOGIN_DELAY_MS, TokenBucket } from "./limits.ts";

Deno.test("TokenBucket.take() lets a burst through and tells how long the next must wait", () => {
  const bucket = new TokenBucket(10, 3, 0);
  equal(bucket.take(0), 0);
  equal(bucket.take(0), 0);
  equal(bucket.take(0), 0);
  equal(bucket.take(0), 100, "the fourth waits for one token");
  equal(bucket.take(200), 0, "that one was paid back, and one more");
});

Deno.test("TokenBucket.tryTake() refuses 1 ms before a token is there", () => {
  const bucket = new TokenBucket(10, 1, 0);
  equal(bucket.tryTake(0), true);
  equal(bucket.isFull(99), false);
  equal(bucket.tryTake(99), false);
  equal(bucket.tryTake(100), true);
  equal(bucket.isFull(1_000), true, "never more than the burst");
});

Deno.test("AddressBook delays logins of an address that failed too often, and forgets", () => {
  const book = new AddressBook({ connectsPerSec: 10, failedLogins: 5, maxConnections: 256 });
  for (let i = 1; i < 5; i++) book.noteFailure("10.0.0.1", 0);
  equal(book.loginDelayMs("10.0.0.1"), 0);
  book.noteFailure("10.0.0.1", 0);
  equal(book.loginDelayMs("10.0.0.1"), LOGIN_DELAY_MS);
  equal(book.loginDelayMs("10.0.0.2"), 0);
  book.forget(FAILURE_MEMORY_MS - 1);
  equal(book.loginDelayMs("10.0.0.1"), LOGIN_DELAY_MS);
  book.forget(FAILURE_MEMORY_MS);
  equal(book.loginDelayMs("10.0.0.1"), 0);
  equal(book.size, 0);
});

Deno.test("AddressBook limits new connections an address", () => {
  const book = new AddressBook({ connectsPerSec: 2, failedLogins: 5, maxConnections: 256 });
  const tries = (address: string, nowMonoMs: number) =>
    Array.from({ length: 10 }, () => book.mayConnect(address, nowMonoMs)).filter(Boolean).length;
  equal(tries("10.0.0.1", 0), 6);
  equal(tries("10.0.0.2", 0), 6);
  equal(tries("10.0.0.1", 500), 1);
  book.forget(60_000);
  equal(book.size, 0);
});
