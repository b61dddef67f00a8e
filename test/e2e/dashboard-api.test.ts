import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { afterEach, beforeEach, expect, test } from "vitest";
import { type RunningDashboard, startDashboard } from "../../src/dashboard/dashboard.ts";
import type { Feed, Update } from "../../src/dashboard/model.ts";
import { FleetlogixError } from "../../src/errors.ts";

/** The dashboard's calls of the API that it reads. A stub of the API counts the calls and gives the answers that a test sets. */
const KEY = "the-key-of-the-api";
let api: Server;
let calls: { readonly path: string; readonly key: string | undefined }[];
let status: number;
let validKey: string;
let hasCredentials: boolean;
let stop: AbortController;
let running: RunningDashboard;
let asked: boolean[];

const EMPTY = { vehicles: [], alerts: [], deliveries: [], next: null };
const VEHICLE = {
  vehicle_id: "V-1",
  position: { lat: 4.7, lon: -74 },
  state: "moving",
  recorded_at: "2026-01-01T00:00:00Z",
  secret_of_a_newer_api: "not shown",
};

beforeEach(async () => {
  [calls, status, validKey, hasCredentials, stop, asked] = [[], 200, KEY, true, new AbortController(), []];
  api = createServer((request, response) => {
    const key = request.headers["x-api-key"] as string | undefined;
    calls.push({ path: request.url ?? "", key });
    const code = key === validKey ? status : 403;
    const body = request.url?.startsWith("/vehicle") ? { vehicles: [VEHICLE], next: null } : EMPTY;
    response.writeHead(code, { "content-type": "application/json", ...(code === 429 && { "retry-after": "5" }) });
    response.end(JSON.stringify(code === 200 ? body : { message: "no" }));
  });
  await new Promise<void>((resolve) => api.listen(0, "127.0.0.1", resolve));
  const url = `http://127.0.0.1:${(api.address() as AddressInfo).port}`;
  running = await startDashboard({
    port: undefined,
    folder: "dist/dashboard",
    about: { stack: "a/b", region: "us-east-1", local: false, tiles: "https://{s}.tile.example/{z}/{x}/{y}.png", silentAfterMinutes: 15 },
    access: async (fresh) => {
      asked.push(fresh);
      const headers = async () => {
        if (!hasCredentials) throw new FleetlogixError("CREDENTIALS", "The session has expired.", { hint: "Log in again." });
        return { "x-api-key": fresh ? validKey : KEY };
      };
      return { url, signs: false, headers };
    },
    traffic: async () => {
      throw Object.assign(new Error(`arn:aws:iam::123456789012:user/somebody ${KEY}`), { code: "ACCESS_DENIED" });
    },
    rate: 50,
    signal: stop.signal,
  });
});
afterEach(async () => {
  stop.abort();
  await running.ended;
  api.closeAllConnections();
  await new Promise((resolve) => api.close(resolve));
});

/** Opens a page and collects the updates that it receives. */
async function open(): Promise<{ readonly heard: Update[]; readonly text: () => string }> {
  const page = await fetch(running.url);
  expect(page.headers.get("content-security-policy")).toContain("img-src 'self' data: https://*.tile.example;");
  const cookie = page.headers.get("set-cookie")?.split(";")[0] ?? "";
  const stream = await fetch(new URL("/events", running.url), { headers: { cookie } });
  const heard: Update[] = [];
  let all = "";
  const listen = async () => {
    const decoder = new TextDecoder();
    for await (const part of stream.body as unknown as AsyncIterable<Uint8Array>) {
      all += decoder.decode(part, { stream: true });
      const events = all.split("\n\n").slice(0, -1);
      heard.splice(0, heard.length, ...events.map((event) => JSON.parse(event.slice(event.indexOf("data: ") + 6)) as Update));
    }
  };
  listen().catch(() => {});
  return { heard, text: () => all };
}
const feedOf = (heard: readonly Update[], name: Feed["name"]) =>
  heard
    .flatMap(({ feeds = [] }) => feeds)
    .filter((feed) => feed.name === name)
    .at(-1);
const inTime = { timeout: 50_000 };

test("reads nothing while no page is open, and sends the same updates to all pages with the calls of one", async () => {
  expect(calls).toEqual([]);
  const pages = await Promise.all([open(), open(), open()]);
  const vehicleCalls = () => calls.filter(({ path }) => path.startsWith("/vehicle"));
  await expect.poll(() => vehicleCalls().length, inTime).toBe(2);
  for (const { heard } of pages) expect(heard.flatMap(({ vehicles = [] }) => vehicles).map(({ id }) => id)).toContain("V-1");
  expect(calls.filter(({ path }) => path.startsWith("/delivery?status=pending")).length).toBe(1);
});

test("a 429 pauses all reads for the API's Retry-After", async () => {
  status = 429;
  const { heard } = await open();
  await expect.poll(() => feedOf(heard, "vehicles")?.failing?.reason, inTime).toBe("limited");
  const seen = calls.length;
  await new Promise((resolve) => setTimeout(resolve, 3_500));
  expect(calls.length).toBeLessThanOrEqual(seen + 3);
  status = 200;
  await expect.poll(() => feedOf(heard, "vehicles")?.failing, inTime).toBeNull();
});

test("sends no AWS message and no unknown member to the page", async () => {
  const { heard, text } = await open();
  await expect.poll(() => feedOf(heard, "traffic")?.failing?.reason, inTime).toBe("denied");
  await expect.poll(() => text(), inTime).toContain("V-1");
  expect(text()).not.toMatch(/arn:|the-key|not shown/);
});

test("shows that the credentials have expired, and continues when they work again", async () => {
  hasCredentials = false;
  const { heard } = await open();
  await expect.poll(() => feedOf(heard, "vehicles")?.failing?.reason, inTime).toBe("credentials");
  expect(calls).toEqual([]);
  hasCredentials = true;
  await expect.poll(() => feedOf(heard, "vehicles")?.failing, inTime).toBeNull();
});

test("the one-time link opens the page only once", async () => {
  expect((await fetch(running.onceUrl)).status).toBe(200);
  expect((await fetch(running.onceUrl)).status).toBe(403);
  expect((await fetch(running.url)).status).toBe(200);
});
