import { type Browser, type BrowserContextOptions, chromium, type Page } from "playwright-core";
import { startDashboard } from "../../src/dashboard/dashboard.ts";
import type { Traffic } from "../../src/dashboard/model.ts";
import { findChromium } from "./chromium.ts";

/** Opens the dashboard of the API at this address in Chromium, without a GPU as on a server. */
export async function openPages(url: string) {
  const controller = new AbortController();
  const running = await startDashboard({
    port: undefined,
    folder: "dist/dashboard",
    about: { stack: "FleetLogix/dev", region: "us-east-1", local: true, tiles: null, silentAfterMinutes: 15 },
    access: async () => ({ url, signs: false, headers: async () => ({}) }),
    traffic: async () => inventedTraffic(),
    rate: 50,
    signal: controller.signal,
  });
  const browser: Browser = await chromium.launch({ executablePath: findChromium(), args: ["--no-sandbox", "--disable-gpu"] });
  return {
    version: browser.version(),
    async open(options: BrowserContextOptions): Promise<Page> {
      const page = await (await browser.newContext({ locale: "en-GB", ...options })).newPage();
      await page.goto(running.url);
      return page;
    },
    async close() {
      await browser.close();
      controller.abort();
      await running.ended;
    },
  };
}

function inventedTraffic(): Traffic {
  const end = Math.floor(Date.now() / 60_000) * 60_000;
  const minutes = Array.from({ length: 60 }, (_, i) => {
    const calls = Math.round(1800 + 500 * Math.sin(i / 7) + 220 * Math.sin(i * 1.7));
    return { at: end - (59 - i) * 60_000, calls, refused: i % 11 === 0 ? 60 : 9, failed: i > 40 && i < 44 ? 190 : 0 };
  });
  return { minutes, latencyMs: 148 };
}
