import { execFileSync } from "node:child_process";

/** The path of a real browser. Tests that need one are skipped without it: `apt-get install chromium`, or set CHROMIUM. */
export const chromiumPath = [process.env.CHROMIUM, "chromium", "chromium-browser", "google-chrome"]
  .map((name) => {
    try {
      return name && execFileSync("which", [name], { encoding: "utf8", stdio: ["ignore", "pipe", "ignore"] }).trim();
    } catch {
      return undefined;
    }
  })
  .find(Boolean);
if (!chromiumPath) process.stderr.write("skipped: this machine has no Chromium\n");
