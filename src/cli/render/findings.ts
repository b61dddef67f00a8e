import type { Finding } from "../../app.ts";
import { beside, displayWidth, padEnd } from "./layout.ts";
import type { Paint, Style } from "./paint.ts";

const NAME_WIDTH = 22;
/** One check: sign, name and finding, and below them the correction. Pure. */
export function findingText({ check, message, ...finding }: Finding, paint: Paint, width: number): string {
  const fix = finding.ok || !finding.fix ? [] : beside("    fix", finding.fix, width, (label) => paint("accent", label));
  const sign = signOf(finding);
  const label = `${sign.text} ${padEnd(check, NAME_WIDTH)}`;
  const aligned = beside(label, message, width, (text) => paint(sign.style, sign.text) + text.slice(1));
  const isWide = beside(label, message, width).some((line) => displayWidth(line) > width);
  const said =
    width < NARROW || isWide ? beside(sign.text, `${check}: ${message}`, width, (text) => paint(sign.style, text), " ") : aligned;
  return [...said, ...fix].join("\n");
}
/** In fewer columns a column of names leaves no space for sentences. */
const NARROW = 70;
const signOf = ({ ok, severity }: Pick<Finding, "ok" | "severity">): { readonly text: string; readonly style: Style } =>
  ok ? { text: "✔", style: "good" } : severity === "error" ? { text: "✖", style: "bad" } : { text: "!", style: "warn" };
