import { execFileSync } from "node:child_process";

/** A real browser. Tests that need one are skipped where there is none: `apt-get install chromium`, or name one in CHROMIUM. */
export const chromiumPath = [process.env.CHROMIUM, "chromium", "chromium-browser", "google-chrome"]
  .map((name) => {
    try {
      return name && execFileSync("which", [name], { encoding: "utf8", stdio: ["ignore", "pipe", "ignore"] }).trim();
    } catch {
      return undefined;
    }
  })
  .find(Boolean);
if (!chromiumPath) process.stderr.write("skipped: no Chromium on this machine to open pages with\n");
