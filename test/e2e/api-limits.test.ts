import { afterAll, beforeAll, expect, test } from "vitest";
import { type Deployed, deploy } from "./deployed.ts";

/** Callers of one key share the limits of the usage plan. This API has the default limits. */
let api: Deployed;
beforeAll(async () => {
  api = await deploy({ functions: { timeoutSeconds: 25 }, api: {} });
});
afterAll(() => api?.close());

const HERE = { lat: 4.711, lon: -74.0721 };
const at = (second: number) => new Date(Date.UTC(2026, 2, 1, 10, 0, second)).toISOString();

test("six hundred stored fixes of one phone in batches throttle no other caller", async () => {
  const stored = (part: number) =>
    Array.from({ length: 300 }, (_, i) => ({
      vehicle_id: "greedy",
      position: HERE,
      recorded_at: at(part * 300 + i),
      event_id: `g${part}-${i}`,
    }));
  const send = async (part: number) => (await api.call("POST", "/vehicle", { events: stored(part) })).body;
  const upload = (async () => [await send(0), await send(1)])();
  const statuses: number[] = [];
  const phone = async (phone: number) => {
    for (let i = 0; i < 10; i++) {
      const reply = await api.call("POST", "/delivery", { delivery_id: `p${phone}`, status: "in_transit", event_id: `${i}` });
      statuses.push(reply.status);
      await new Promise((resolve) => setTimeout(resolve, 400));
    }
  };
  await Promise.all(Array.from({ length: 20 }, (_, i) => phone(i)));
  expect(statuses.filter((status) => status === 429)).toEqual([]);
  expect((await upload).map(({ accepted }) => accepted)).toEqual([300, 300]);
}, 180_000);
