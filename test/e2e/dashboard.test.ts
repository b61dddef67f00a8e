import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { request } from "node:http";
import { tmpdir } from "node:os";
import { resolve } from "node:path";
import { text } from "node:stream/consumers";
import { type Browser, chromium, type Page } from "playwright-core";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { caller, drive } from "../../src/simulate/drive.ts";
import { makePlan } from "../../src/simulate/plan.ts";
import { newTally } from "../../src/simulate/report.ts";
import { chromiumPath } from "../support/chromium.ts";
import { makeSwitch, type Switch } from "../support/switch.ts";
import { type Deployed, deploy } from "./deployed.ts";

/** The real command over a deployed back end, its page in a real Chromium. */
const LONG = 180_000;
const MINUTE_MS = 60_000;
let deployed: Deployed;
let way: Switch;
let child: ChildProcess;
let url: string;

const command = (...words: string[]): ChildProcess =>
  spawn(process.execPath, [resolve("bin/fleetlogix.js"), "dashboard", "--endpoint-url", `http://127.0.0.1:${way.port}`, ...words], {
    cwd: tmpdir(),
    env: { PATH: process.env.PATH, FLEETLOGIX_LOCAL: "1", AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED: "true" },
    stdio: ["ignore", "pipe", "pipe"],
  });
const firstLine = (stream: NodeJS.ReadableStream | null): Promise<string> =>
  new Promise((done) => {
    let output = "";
    stream?.on("data", (chunk) => {
      output += chunk;
      if (output.includes("\n")) done(output);
    });
  });

beforeAll(async () => {
  deployed = await deploy();
  way = await makeSwitch(deployed.aws.port);
  child = command("--no-open", "--json");
  url = JSON.parse(await firstLine(child.stdout)).url;
}, LONG);
afterAll(async () => {
  child?.kill("SIGKILL");
  await way?.off();
  await deployed?.close();
});

interface Got {
  readonly status: number;
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  readonly body: string;
}
/** Sends any headers. `fetch` would not send a Host header of ours. */
const get = (path: string, headers: Record<string, string> = {}, method = "GET"): Promise<Got> =>
  new Promise((done, fail) => {
    const { port } = new URL(url);
    request({ host: "127.0.0.1", port, path, headers, method }, async (response) => {
      done({ status: response.statusCode ?? 0, headers: response.headers, body: await text(response) });
    })
      .on("error", fail)
      .end();
  });
const cookieFrom = async (): Promise<string> =>
  String((await get(new URL(url).pathname + new URL(url).search)).headers["set-cookie"]).split(";")[0] ?? "";

describe("the server", () => {
  test("accepts only its token and its own host name, and sends a strict content security policy", async () => {
    const opened = await get(`/${new URL(url).search}`);
    expect(opened.status).toBe(200);
    expect(String(opened.headers["set-cookie"])).toMatch(/; HttpOnly; SameSite=Strict; Path=\/$/);
    expect(opened.headers["cache-control"]).toBe("no-store");
    expect(opened.headers["referrer-policy"]).toBe("no-referrer");
    expect(opened.headers["content-security-policy"]).toContain("default-src 'none'; script-src 'self'");
    const cookie = await cookieFrom();
    for (const path of ["/", "/app.js", "/events", "/?token=", "/?token=guess", "//", "/app.js?token=guess"])
      expect([path, (await get(path)).status]).toEqual([path, 403]);
    expect((await get("/app.js", { cookie })).status).toBe(200);
    expect((await get("/nothing", { cookie })).status).toBe(404);
    expect((await get("/", { cookie }, "POST")).status).toBe(405);
    expect((await get("/", { cookie, host: "evil.example" })).status).toBe(421);
    expect((await get("/app.js", { cookie, origin: "http://evil.example" })).status).toBe(403);
    expect((await get("/events", { cookie, "sec-fetch-site": "same-site" })).status).toBe(403);
  });

  test("a port in use and a missing stack give one clear error each", async () => {
    const second = command("--no-open", "--port", new URL(url).port);
    const [stderr] = await Promise.all([text(second.stderr as NodeJS.ReadableStream), once(second, "close")]);
    expect(stderr).toMatch(/^PORT_BUSY {2}Port \d+ is taken/m);
    expect(second.exitCode).toBe(1);
    const absent = command("--no-open", "--port", "4567", "--env", "elsewhere", "--json");
    const [document] = await Promise.all([text(absent.stdout as NodeJS.ReadableStream), once(absent, "close")]);
    const { ok, error } = JSON.parse(document);
    expect([ok, error.code]).toEqual([false, "NOT_DEPLOYED"]);
    // `up` has no flag for the port of the page.
    expect(error.hint).toMatch(/ up /);
    expect(error.hint).not.toContain("--port");
  });
});

describe.skipIf(!chromiumPath)("the page", () => {
  let browser: Browser;
  let page: Page;
  const bodies: Promise<string>[] = [];
  const problems: string[] = [];

  beforeAll(async () => {
    browser = await chromium.launch({ executablePath: chromiumPath ?? "", args: ["--no-sandbox", "--disable-gpu"] });
    page = await (await browser.newContext({ locale: "en-GB", timezoneId: "America/Bogota" })).newPage();
    page.on("pageerror", (error) => problems.push(String(error)));
    page.on("console", (message) => {
      if (message.type() === "error" && !/ERR_|Failed to load resource/.test(message.text())) problems.push(message.text());
    });
    page.on("response", (answer) => {
      if (!answer.url().endsWith("/events")) bodies.push(answer.text().catch(() => ""));
    });
    await page.goto(url);
  }, LONG);
  afterAll(() => browser?.close());

  const total = (kind: string) => page.locator(`[data-kind="${kind}"] dd`).first();
  const picture = () => page.evaluate(`document.querySelector(".leaflet-vehicles-pane canvas").toDataURL()`);
  const inTime = { timeout: 40_000 };
  const shows = (what: () => Promise<unknown>, expected: unknown) => expect.poll(what, inTime).toEqual(expected);

  test("shows a moving vehicle, a deviation that opens and closes, and a silent vehicle", { timeout: LONG }, async () => {
    const recorded_at = new Date(Date.now() - 15 * MINUTE_MS + 12_000).toISOString();
    await deployed.call("POST", "/vehicle", { vehicle_id: "V-QUIET", position: { lat: 7.1, lon: -73.1 }, recorded_at });
    await shows(() => page.locator('#vehicles [data-vehicle="V-QUIET"] small').textContent(), "moving · –");
    const { signal } = new AbortController();
    const plan = makePlan({ vehicles: 4, minutes: 0.5, interval: 1, seed: 5, rate: 40 }, Date.now());
    const tally = newTally();
    const call = caller({ url: deployed.url, key: deployed.key, rate: plan.rate, signal }, tally);
    const driven = drive(plan, call, tally, signal);
    const followed = plan.trips[0]?.vehicleId ?? "";
    await page.locator(`#vehicles [data-vehicle="${followed}"] button`).click(inTime);
    const place = () => page.locator('#details dl > div:has(dt:text-is("Position")) dd').textContent();
    // A selected vehicle is shown close up, and these vehicles leave that view within seconds.
    await page.locator("#fit").click();
    // The picture is taken first: a move between the two readings then changes both of them later.
    const [drawn, before] = [await picture(), await place()];
    await expect.poll(place, inTime).not.toBe(before);
    await expect.poll(picture, inTime).not.toBe(drawn);
    await expect.poll(() => page.locator("#alerts .rows li").count(), inTime).toBeGreaterThan(0);
    await expect.poll(async () => Number(await total("deviating").textContent()), inTime).toBeGreaterThan(0);
    await driven;
    await shows(() => page.locator('#silent [data-vehicle="V-QUIET"] .mark').getAttribute("class"), "mark silent");
    // The open deviations at the end are those of the back end.
    const { body } = await deployed.call("GET", "/alert?state=open");
    await shows(() => page.locator("#alerts .rows li").count(), body.alerts.length);
    expect(body.alerts.length).toBeLessThan(plan.trips.length);
    await expect.poll(() => page.locator("#deliveries li:not(.zero)").count(), inTime).toBeGreaterThan(0);
    await expect
      .poll(async () => Number((await page.locator('#traffic [data-kind="calls"] dd').textContent())?.replaceAll(",", "")), inTime)
      .toBeGreaterThan(10);
  });

  test("announces an opened and a closed deviation to screen readers", { timeout: LONG }, async () => {
    const planned_route = [
      { lat: 4, lon: -74 },
      { lat: 5, lon: -74 },
    ];
    const report = (lon: number, ageMs: number) =>
      deployed.call("POST", "/route", {
        vehicle_id: "V-OFF",
        position: { lat: 4.5, lon },
        planned_route,
        recorded_at: new Date(Date.now() - ageMs).toISOString(),
      });
    const heard = () => page.locator("#announcer").textContent();
    await report(-74.05, 240_000);
    await expect.poll(heard, inTime).toContain("V-OFF is off its route by 5.5 km.");
    await report(-74, 1_000);
    await expect.poll(heard, inTime).toContain("V-OFF is back on its route.");
  });

  test("shows the time of the last answer, and continues when the API answers again", { timeout: LONG }, async () => {
    await way.off();
    const condition = () => page.locator("#connection").textContent();
    await expect.poll(condition, inTime).toMatch(/^No answer since \d\d:\d\d:\d\d\. Nothing answers/);
    expect(await page.locator("#connection").getAttribute("data-state")).toBe("stale");
    expect(await total("vehicles").textContent()).not.toBe("0");
    await way.on();
    await expect.poll(condition, { timeout: 90_000 }).toMatch(/^Live/);
  });

  test("keeps the API key out of the browser and removes the token from the address", { timeout: LONG }, async () => {
    expect(new URL(page.url()).search + new URL(page.url()).hash).toBe("");
    const kept = String(
      await page.evaluate("JSON.stringify([{ ...localStorage }, { ...sessionStorage }, document.cookie, location.href, history.length])"),
    );
    const cookie = await cookieFrom();
    const stream = await fetch(new URL("/events", url), { headers: { cookie } });
    const reader = stream.body?.getReader();
    const events = new TextDecoder().decode((await reader?.read())?.value);
    await reader?.cancel();
    expect(events).toContain('"full":true');
    for (const seen of [kept, await page.content(), events, ...(await Promise.all(bodies))])
      expect(seen.includes(deployed.key)).toBe(false);
    expect(kept).not.toContain(new URL(url).searchParams.get("token"));
  });

  test("can be used by keyboard: skip, find, select, close", { timeout: LONG }, async () => {
    await page.keyboard.press("Escape");
    await page.reload();
    await page.keyboard.press("Tab");
    expect(await page.evaluate("document.activeElement.className")).toBe("skip");
    await page.keyboard.press("Enter");
    const focused = () =>
      page.evaluate(
        "document.activeElement.id || document.activeElement.className || document.activeElement.closest('li')?.dataset.vehicle",
      );
    for (let i = 0; i < 80 && (await focused()) !== "search"; i++) await page.keyboard.press("Tab");
    expect(await focused()).toBe("search");
    await page.keyboard.type("v-quiet");
    await shows(() => page.locator("#vehicles .rows li").count(), 1);
    await page.keyboard.press("Tab");
    expect(await focused()).toBe("V-QUIET");
    await page.keyboard.press("Enter");
    await shows(() => page.locator("#details h2").textContent(), "V-QUIET");
    expect(await focused()).toBe("close");
    await page.keyboard.press("Escape");
    expect(await page.locator("#details").isHidden()).toBe(true);
    expect(await focused()).toBe("V-QUIET");
  });

  test("fits phones without horizontal scrolling in both languages, and wall screens", { timeout: LONG }, async () => {
    for (const [locale, title] of [
      ["en-GB", "Open deviations"],
      ["es-CO", "Desvíos abiertos"],
    ] as const) {
      const phone = await (await browser.newContext({ viewport: { width: 360, height: 740 }, locale })).newPage();
      await phone.goto(url);
      await expect.poll(() => phone.locator("#alerts h2").textContent(), inTime).toContain(title);
      await expect.poll(() => phone.locator("#vehicles .rows li").count(), inTime).toBeGreaterThan(3);
      expect(await phone.evaluate("document.documentElement.scrollWidth")).toBe(360);
      await phone.context().close();
    }
    await page.setViewportSize({ width: 2560, height: 1440 });
    expect(await page.evaluate("[document.documentElement.scrollWidth, document.documentElement.scrollHeight]")).toEqual([2560, 1440]);
    expect(problems).toEqual([]);
  });

  test("Ctrl-C ends the server, and the page shows it", { timeout: LONG }, async () => {
    child.kill("SIGINT");
    const [code] = await once(child, "close");
    expect(code).toBe(130);
    await expect.poll(() => page.locator("#connection").textContent(), inTime).toContain("The dashboard has ended");
  });
});
