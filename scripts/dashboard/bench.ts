import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { gzipSync } from "node:zlib";
import { inventFleet } from "./invented-fleet.ts";
import { openPages } from "./open-page.ts";

/**
 * npm run bench:dashboard -- [--vehicles 2000] [--seconds 10]: frames a second of the dashboard in Chromium without a GPU while this
 * number of vehicles moves: with the whole country, zoomed in, and while the map is dragged. A frame counts when the browser asks the
 * page for it and the page has drawn. Needs `npm run build`.
 */
const { values } = parseArgs({ options: { vehicles: { type: "string", default: "2000" }, seconds: { type: "string", default: "10" } } });
const [vehicles, seconds] = [Number(values.vehicles), Number(values.seconds)];

const fleet = await inventFleet({ vehicles, deviating: 20, silent: 40, speedup: 40 });
const pages = await openPages(fleet.url);
const page = await pages.open({ viewport: { width: 1920, height: 1080 } });
const vehicleCount = vehicles.toLocaleString("en-GB");
await page.locator('[data-kind="vehicles"] dd').getByText(vehicleCount, { exact: true }).waitFor();
await page.waitForTimeout(4_000);

/** Milliseconds between one frame and the next. The code runs in the page, so it is text. */
const frames = (ms: number): Promise<number[]> =>
  page.evaluate(`new Promise((resolve) => {
    const gaps = [];
    const began = performance.now();
    let last = began;
    requestAnimationFrame(function tick(now) {
      gaps.push(now - last);
      last = now;
      if (now - began < ${ms}) requestAnimationFrame(tick);
      else resolve(gaps.slice(1));
    });
  })`);
const report = (title: string, gaps: readonly number[]) => {
  const sorted = [...gaps].sort((a, b) => a - b);
  const total = gaps.reduce((sum, gap) => sum + gap, 0);
  const slow = sorted[Math.floor(sorted.length * 0.99)] ?? 0;
  console.log(`${title}: ${((gaps.length * 1000) / total).toFixed(1)} frames a second; 99 of 100 within ${slow.toFixed(0)} ms`);
};

console.log(`${vehicles} vehicles, Chromium ${pages.version}, 1920 × 1080, no GPU`);
report("whole fleet", await frames(seconds * 1000));
for (let i = 0; i < 4; i++) await page.click(".leaflet-control-zoom-in");
report("closer", await frames(seconds * 1000));
const dragging = (async () => {
  await page.mouse.move(700, 600);
  await page.mouse.down();
  for (let i = 0; i < seconds * 15; i++) {
    await page.mouse.move(700 + 200 * Math.sin(i / 12), 600 + 150 * Math.cos(i / 9));
    await page.waitForTimeout(16);
  }
  await page.mouse.up();
})();
report("dragging", await frames((seconds * 1000) / 4));
await dragging;

const folder = "dist/dashboard";
const sizes = readdirSync(folder).map((name) => readFileSync(join(folder, name)));
const kb = (bytes: number) => `${Math.round(bytes / 1024)} KB`;
const sum = (of: (file: Buffer) => number) => kb(sizes.reduce((total, file) => total + of(file), 0));
console.log(`page: ${sum((file) => file.length)}, packed ${sum((file) => gzipSync(file).length)}`);
const callCounts = [...fleet.calls].map(([path, count]) => `${path} ${count}`);
console.log(`calls of the API meanwhile: ${callCounts.join(", ")}`);
await pages.close();
fleet.close();
