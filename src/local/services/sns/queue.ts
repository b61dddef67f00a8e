import { randomUUID } from "node:crypto";
import { mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { LocalEnv } from "../../core/service.ts";
import type { Message } from "./message.ts";

/** A pending delivery to a subscription: a message, or the request to confirm when there is no message. */
export interface Delivery {
  readonly subscriptionArn: string;
  readonly message?: Message | undefined;
}
/** The result of one delivery attempt. `failed` is permanent, `retryable` is not. */
export type DeliveryAttempt = "delivered" | "retryable" | "failed";
export interface Queue {
  /** Stores the delivery on disk and returns; it is attempted later. */
  add(delivery: Delivery): void;
  /** Schedules the deliveries that an earlier process left. */
  resume(): void;
  stop(): void;
}
/** Makes the deliveries of a queue. */
export interface Deliverer {
  attempt(delivery: Delivery): Promise<DeliveryAttempt>;
  /** The delays before the second, third, … attempt, in ms. */
  delays(delivery: Delivery): number[];
}
const MAX_CONCURRENT = 16;

/** A queue of deliveries. Each is a file until it is done, so that a `kill -9` after the publisher's response loses none. */
export function queueOf(env: LocalEnv, { attempt, delays }: Deliverer): Queue {
  const folder = join(env.dataDir, "sns", "queue");
  const waiting: { file: string; delivery: Delivery; tries: number }[] = [];
  const timers = new Set<() => void>();
  let running = 0;
  let stopped = false;
  let added = 0;

  const startWaiting = (): void => {
    while (!stopped && running < MAX_CONCURRENT && waiting.length > 0) {
      const next = waiting.shift() as (typeof waiting)[number];
      running++;
      deliver(next).finally(() => {
        running--;
        startWaiting();
      });
    }
  };
  const deliver = async (entry: (typeof waiting)[number]): Promise<void> => {
    const outcome = await attempt(entry.delivery).catch((error): DeliveryAttempt => {
      env.log(`sns: delivery to ${entry.delivery.subscriptionArn} failed: ${String(error)}`);
      return "retryable";
    });
    const delay = outcome === "retryable" ? delays(entry.delivery)[entry.tries] : undefined;
    if (delay === undefined) {
      if (outcome !== "delivered")
        env.log(`sns: gave up the delivery to ${entry.delivery.subscriptionArn} after ${entry.tries + 1} attempts`);
      rmSync(entry.file, { force: true });
      return;
    }
    const cancel = env.clock.after(delay, () => {
      timers.delete(cancel);
      waiting.push({ ...entry, tries: entry.tries + 1 });
      startWaiting();
    });
    timers.add(cancel);
  };
  return {
    add(delivery) {
      mkdirSync(folder, { recursive: true, mode: 0o700 });
      const file = join(folder, `${String(Date.now()).padStart(14, "0")}-${String(added++).padStart(9, "0")}-${randomUUID()}.json`);
      writeFileSync(file, JSON.stringify(delivery), { mode: 0o600 });
      waiting.push({ file, delivery, tries: 0 });
      setImmediate(startWaiting);
    },
    resume() {
      mkdirSync(folder, { recursive: true, mode: 0o700 });
      for (const name of readdirSync(folder).sort()) {
        const file = join(folder, name);
        const delivery = readDelivery(file);
        if (delivery) waiting.push({ file, delivery, tries: 0 });
        else rmSync(file, { force: true });
      }
      setImmediate(startWaiting);
    },
    stop() {
      stopped = true;
      for (const cancel of timers) cancel();
    },
  };
}

/** Undefined for an incomplete file: its publisher got no response. */
function readDelivery(file: string): Delivery | undefined {
  try {
    return JSON.parse(readFileSync(file, "utf8")) as Delivery;
  } catch {
    return undefined;
  }
}
