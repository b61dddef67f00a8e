import { execFileSync } from "node:child_process";

/** The machine's browser: CHROMIUM, or the first of its usual names. */
export function findChromium(): string {
  const names = [process.env.CHROMIUM, "chromium", "chromium-browser", "google-chrome"];
  for (const name of names) {
    try {
      if (name) return execFileSync("which", [name], { encoding: "utf8", stdio: ["ignore", "pipe", "ignore"] }).trim();
    } catch {
      // The next one.
    }
  }
  throw new Error("There is no Chromium: apt-get install chromium, or name one in CHROMIUM.");
}
