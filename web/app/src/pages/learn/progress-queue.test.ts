import { expect, test } from "vitest";
import { createProgressQueue, type Batch, type Outcome } from "./progress-queue";

function setup(outcome: (batch: Batch) => Outcome) {
  const values = new Map<string, string>();
  const storage = {
    getItem: (key: string) => values.get(key) ?? null,
    setItem: (key: string, value: string) => void values.set(key, value),
    removeItem: (key: string) => void values.delete(key),
  };
  const sent: Batch[] = [];
  let keys = 0;
  const open = (viewerId = "ada") => createProgressQueue({
    viewerId, storage, newKey: () => `key${++keys}`,
    send: async (batch) => { sent.push(batch); return outcome(batch); },
  });
  return { open, sent, values };
}

const event = (progressSeconds: number) => ({ videoId: "v", progressSeconds, watchedAt: "2026-11-30T12:00:00Z" });

test("a batch without a response is sent again with its key, also by another page", async () => {
  let online = false;
  const { open, sent, values } = setup(() => (online ? "recorded" : "retry"));
  const queue = open();
  queue.add(event(5));
  expect(await queue.flush()).toBe(false);
  queue.add(event(10));
  online = true;
  expect(await open().flush()).toBe(true);
  expect(sent).toEqual([
    { key: "key1", events: [event(5)] },
    { key: "key1", events: [event(5)] },
    { key: "key2", events: [event(10)] },
  ]);
  expect(values.size).toBe(0);
});

test("a rejected batch does not hold up the next one", async () => {
  const { open, sent } = setup(({ key }) => (key === "key1" ? "rejected" : "recorded"));
  const queue = open();
  queue.add(event(5));
  await queue.flush();
  queue.add(event(10));
  expect(await queue.flush()).toBe(true);
  expect(sent.map(({ key }) => key)).toEqual(["key1", "key2"]);
});

test("long queues are sent in several batches", async () => {
  const { open, sent } = setup(() => "recorded");
  const queue = open();
  for (let second = 0; second < 250; second++) queue.add(event(second));
  expect(queue.waiting()).toBe(250);
  await queue.flush();
  expect(sent.map(({ events }) => events.length)).toEqual([100, 100, 50]);
  expect(queue.waiting()).toBe(0);
});

test("each viewer has a queue", () => {
  const { open } = setup(() => "recorded");
  open("ada").add(event(5));
  expect(open("ben").waiting()).toBe(0);
});

test("calls at the same time share one request, which starts at once", async () => {
  const { open, sent } = setup(() => "recorded");
  const queue = open();
  queue.add(event(5));
  const both = [queue.flush(), queue.flush()];
  expect(sent).toHaveLength(1);
  expect(await Promise.all(both)).toEqual([true, true]);
  expect(sent).toHaveLength(1);
});

test("positions that wait outlive the page", async () => {
  const { open } = setup(() => "retry");
  const queue = open();
  queue.add(event(7));
  await queue.flush();
  queue.add(event(5));
  expect(Object.values(open().positions())).toEqual([7]);
});
