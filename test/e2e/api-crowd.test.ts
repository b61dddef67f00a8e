import { afterAll, beforeAll, expect, test } from "vitest";
import { type Deployed, deploy } from "./deployed.ts";

/**
 * Many concurrent calls with one key. The functions have a longer timeout than by default, because the machine may be busy and each
 * call may start an execution environment.
 */
let api: Deployed;
beforeAll(async () => {
  api = await deploy({ functions: { timeoutSeconds: 25 }, api: { rateLimit: 1000, burstLimit: 2000 } });
  await api.call("PUT", "/route/R", { waypoints: [HERE, { lat: 5.711, lon: -74.0721 }] });
});
afterAll(() => api?.close());

const HERE = { lat: 4.711, lon: -74.0721 };
const at = (second: number) => new Date(Date.UTC(2026, 2, 1, 10, 0, second)).toISOString();
async function crowd(path: string, bodies: readonly object[]): Promise<void> {
  const replies = await Promise.all(bodies.map((body) => api.call("POST", path, body)));
  expect(replies.map((reply) => reply.status)).toEqual(bodies.map(() => 200));
}
const fifty = (event: (i: number) => object) => Array.from({ length: 50 }, (_, i) => event(i));

test("fifty concurrent updates of one delivery are all answered, and the newest one is stored", async () => {
  const time = (i: number) => at(i === 31 ? 100 : i);
  await crowd(
    "/delivery",
    fifty((i) => ({ delivery_id: "hot", status: i === 31 ? "delivered" : "in_transit", occurred_at: time(i), event_id: `hot-d-${i}` })),
  );
  expect((await api.call("GET", "/delivery/hot")).body).toMatchObject({ status: "delivered", updated_at: at(100) });
  expect(await api.rawKeys("-hot-d-")).toHaveLength(50);
});

test("fifty concurrent fixes of one vehicle are all answered, and the newest one is stored", async () => {
  await crowd(
    "/vehicle",
    fifty((i) => ({ vehicle_id: "hot", position: HERE, recorded_at: at(i), event_id: `hot-v-${i}`, speed_kmh: i })),
  );
  expect((await api.call("GET", "/vehicle/hot")).body).toMatchObject({ recorded_at: at(49), speed_kmh: 49 });
  expect(await api.rawKeys("-hot-v-")).toHaveLength(50);
});

test("fifty concurrent deviating fixes of one vehicle open one episode and send one message", async () => {
  const fix = { vehicle_id: "hot-r", route_id: "R", position: { lat: 5.2, lon: -74.1 }, recorded_at: at(0) };
  await crowd(
    "/route",
    fifty((i) => ({ ...fix, event_id: `hot-r-${i}` })),
  );
  expect(await api.alertItems("hot-r")).toHaveLength(1);
  expect(api.published("hot-r")).toHaveLength(1);
});
