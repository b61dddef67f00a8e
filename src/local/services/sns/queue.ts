import { randomUUID } from "node:crypto";
import { mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { LocalEnv } from "../../core/service.ts";
import type { Message } from "./message.ts";

/** Something that is on its way to a subscription: a message, or without one the request to confirm. */
export interface Delivery {
  readonly subscriptionArn: string;
  readonly message?: Message | undefined;
}
/** What became of one try. `retryable`: another try may help. */
export type Outcome = "delivered" | "retryable" | "hopeless";
export interface Queue {
  /** Returns when the delivery is kept on disk; it is made later. */
  add(delivery: Delivery): void;
  /** Takes up what an earlier process left undone. */
  resume(): void;
  stop(): void;
}
/** How deliveries are made. */
export interface Deliverer {
  attempt(delivery: Delivery): Promise<Outcome>;
  /** The waits before the second, third, … try, in ms. */
  delays(delivery: Delivery): number[];
}
const AT_ONCE = 16;

/** Deliveries under way, each a file until it is done, so that `kill -9` after the publisher's answer loses none. */
export function queueOf(env: LocalEnv, { attempt, delays }: Deliverer): Queue {
  const folder = join(env.dataDir, "sns", "queue");
  const waiting: { file: string; delivery: Delivery; tries: number }[] = [];
  const timers = new Set<() => void>();
  let running = 0;
  let stopped = false;
  let made = 0;

  const pump = (): void => {
    while (!stopped && running < AT_ONCE && waiting.length > 0) {
      const next = waiting.shift() as (typeof waiting)[number];
      running++;
      work(next).finally(() => {
        running--;
        pump();
      });
    }
  };
  const work = async (entry: (typeof waiting)[number]): Promise<void> => {
    const outcome = await attempt(entry.delivery).catch((error): Outcome => {
      env.log(`sns: delivery to ${entry.delivery.subscriptionArn} failed: ${String(error)}`);
      return "retryable";
    });
    const delay = outcome === "retryable" ? delays(entry.delivery)[entry.tries] : undefined;
    if (delay === undefined) {
      if (outcome !== "delivered") env.log(`sns: gave up a delivery to ${entry.delivery.subscriptionArn} after ${entry.tries + 1} tries`);
      rmSync(entry.file, { force: true });
      return;
    }
    const cancel = env.clock.after(delay, () => {
      timers.delete(cancel);
      waiting.push({ ...entry, tries: entry.tries + 1 });
      pump();
    });
    timers.add(cancel);
  };
  return {
    add(delivery) {
      mkdirSync(folder, { recursive: true, mode: 0o700 });
      const file = join(folder, `${String(Date.now()).padStart(14, "0")}-${String(made++).padStart(9, "0")}-${randomUUID()}.json`);
      writeFileSync(file, JSON.stringify(delivery), { mode: 0o600 });
      waiting.push({ file, delivery, tries: 0 });
      setImmediate(pump);
    },
    resume() {
      mkdirSync(folder, { recursive: true, mode: 0o700 });
      for (const name of readdirSync(folder).sort()) {
        const file = join(folder, name);
        const delivery = readDelivery(file);
        if (delivery) waiting.push({ file, delivery, tries: 0 });
        else rmSync(file, { force: true });
      }
      setImmediate(pump);
    },
    stop() {
      stopped = true;
      for (const cancel of timers) cancel();
    },
  };
}

/** A half-written file belongs to a publisher that never got its answer. */
function readDelivery(file: string): Delivery | undefined {
  try {
    return JSON.parse(readFileSync(file, "utf8")) as Delivery;
  } catch {
    return undefined;
  }
}
