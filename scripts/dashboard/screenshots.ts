import { mkdirSync, statSync } from "node:fs";
import { inventFleet } from "./invented-fleet.ts";
import { openPages } from "./open-page.ts";

/** npm run screenshots: the pictures of the dashboard in docs/images, with an invented fleet. Needs `npm run build`. */
const FOLDER = "docs/images";
const PICTURES = [
  { name: "dashboard-wall", width: 1920, height: 1080, scale: 0.6, colorScheme: "light", select: false },
  { name: "dashboard-dark", width: 1360, height: 820, scale: 0.9, colorScheme: "dark", select: true },
  { name: "dashboard-phone", width: 360, height: 780, scale: 1, colorScheme: "light", select: false },
] as const;

mkdirSync(FOLDER, { recursive: true });
const fleet = await inventFleet({ vehicles: 200, deviating: 4, silent: 6, speedup: 1 });
const pages = await openPages(fleet.url);
for (const { name, width, height, scale, colorScheme, select } of PICTURES) {
  const looks = { viewport: { width, height }, deviceScaleFactor: scale, colorScheme, timezoneId: "America/Bogota" };
  const page = await pages.open({ ...looks, reducedMotion: "reduce" });
  await page.waitForSelector("#traffic svg");
  await page.waitForSelector("#deliveries li:not(.zero)");
  await page.waitForTimeout(8_000);
  if (select) await page.click("#alerts .rows button");
  await page.waitForTimeout(1_000);
  const path = `${FOLDER}/${name}.png`;
  await page.screenshot({ path });
  console.log(`${path} ${Math.round(statSync(path).size / 1024)} KB`);
  await page.context().close();
}
await pages.close();
fleet.close();
