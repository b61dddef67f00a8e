import type { Finding } from "../../app.ts";
import { displayWidth, hanging, padEnd } from "./layout.ts";
import type { Paint, Style } from "./paint.ts";

const NAME_WIDTH = 22;
/** One check: sign, name and finding, and below them the correction. Pure. */
export function findingText({ check, message, ...finding }: Finding, paint: Paint, width: number): string {
  const fix = finding.ok || !finding.fix ? [] : hanging("    fix", finding.fix, width, (label) => paint("accent", label));
  const sign = signOf(finding);
  const label = `${sign.text} ${padEnd(check, NAME_WIDTH)}`;
  const aligned = hanging(label, message, width, (text) => paint(sign.style, sign.text) + text.slice(1));
  const isWide = hanging(label, message, width).some((line) => displayWidth(line) > width);
  const lines =
    width < NARROW || isWide ? hanging(sign.text, `${check}: ${message}`, width, (text) => paint(sign.style, text), " ") : aligned;
  return [...lines, ...fix].join("\n");
}
/** In fewer columns a column of names leaves no space for sentences. */
const NARROW = 70;
const signOf = ({ ok, severity }: Pick<Finding, "ok" | "severity">): { readonly text: string; readonly style: Style } =>
  ok ? { text: "✔", style: "good" } : severity === "error" ? { text: "✖", style: "bad" } : { text: "!", style: "warn" };
