import { execFileSync } from "node:child_process";

/** The path of Chromium: the variable CHROMIUM, or the first of its usual names. */
export function findChromium(): string {
  const names = [process.env.CHROMIUM, "chromium", "chromium-browser", "google-chrome"];
  for (const name of names) {
    try {
      if (name) return execFileSync("which", [name], { encoding: "utf8", stdio: ["ignore", "pipe", "ignore"] }).trim();
    } catch {
      // This name is not installed: try the next one.
    }
  }
  throw new Error("Chromium is not installed: run `apt-get install chromium`, or set CHROMIUM to its path.");
}
