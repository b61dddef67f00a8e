import { Agent, request } from "node:http";
import { type Line, median } from "./line.ts";

/** The deployed API, called with its key over kept connections. */
interface Api {
  readonly url: string;
  readonly key: string;
}
const CALLS = 300;
const WARM_UP = 60;
const LOAD_MS = 5_000;
const PHONES = 32;

export async function apiLines(api: Api): Promise<Line[]> {
  const call = caller(api);
  await call("POST", "/delivery", { delivery_id: "bench", status: "in_transit" });
  const getDelivery = (): Promise<void> => call("GET", "/delivery/bench");
  let fixes = 0;
  const postVehicle = (): Promise<void> =>
    call("POST", "/vehicle", { vehicle_id: `bench-${fixes++ % 200}`, position: { lat: 4.6 + (fixes % 100) / 1000, lon: -74.1 } });
  const [get, post] = [await medianMs(getDelivery), await medianMs(postVehicle)];
  return [
    { name: "GET /delivery, one phone, half within", value: get, unit: "ms", atMost: 1.2 },
    { name: "POST /vehicle, one phone, half within", value: post, unit: "ms", atMost: 4 },
    { name: `GET /delivery, ${PHONES} phones`, value: await callsPerSecond(getDelivery), unit: "a second" },
    { name: `POST /vehicle, ${PHONES} phones`, value: await callsPerSecond(postVehicle), unit: "a second" },
    ...(await batchLines(call)),
  ];
}

/** A batch of 500 fixes in one call, compared with twenty calls of one fix. A phone that was offline sends such a batch. */
async function batchLines(call: ReturnType<typeof caller>): Promise<Line[]> {
  const began = Date.now() - 3 * 3_600_000;
  const fix = (vehicle: string, i: number) => ({
    vehicle_id: vehicle,
    position: { lat: 4.6 + i * 0.0005, lon: -74.1 },
    recorded_at: new Date(began + i * 10_000).toISOString(),
  });
  const [singles, batches]: [number[], number[]] = [[], []];
  for (let round = 0; round < 5; round++) {
    const [singleVehicle, batchVehicle] = [`single-${round}-${began}`, `batch-${round}-${began}`];
    singles.push(await timed(async () => repeat(20, (i) => call("POST", "/vehicle", fix(singleVehicle, i)))));
    batches.push(await timed(() => call("POST", "/vehicle", { events: Array.from({ length: 500 }, (_, i) => fix(batchVehicle, i)) })));
  }
  return [{ name: "500 fixes in one call", value: median(batches) / median(singles), unit: "×", of: "20 calls of one", atMost: 1 }];
}

async function repeat(times: number, work: (i: number) => Promise<void>): Promise<void> {
  for (let i = 0; i < times; i++) await work(i);
}
async function timed(work: () => Promise<void>): Promise<number> {
  const began = performance.now();
  await work();
  return performance.now() - began;
}

async function medianMs(work: () => Promise<void>): Promise<number> {
  await repeat(WARM_UP, work);
  const times: number[] = [];
  await repeat(CALLS, async () => void times.push(await timed(work)));
  return median(times);
}

async function callsPerSecond(work: () => Promise<void>): Promise<number> {
  const end = performance.now() + LOAD_MS;
  let count = 0;
  const phone = async (): Promise<void> => {
    while (performance.now() < end) {
      await work();
      count += 1;
    }
  };
  await Promise.all(Array.from({ length: PHONES }, phone));
  return count / (LOAD_MS / 1000);
}

function caller({ url, key }: Api) {
  const agent = new Agent({ keepAlive: true, maxSockets: PHONES });
  return (method: string, path: string, body?: object): Promise<void> =>
    new Promise((resolve, reject) => {
      const headers = { "x-api-key": key, "content-type": "application/json" };
      const outgoing = request(url + path, { method, agent, headers }, (answer) => {
        answer.resume();
        answer.on("end", () => (answer.statusCode === 200 ? resolve() : reject(new Error(`${method} ${path}: ${answer.statusCode}`))));
      });
      outgoing.on("error", reject);
      outgoing.end(body && JSON.stringify(body));
    });
}
