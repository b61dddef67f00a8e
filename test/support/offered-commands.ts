import { readdirSync, readFileSync } from "node:fs";
import ts from "typescript";

/** Each command in backticks in the product's texts, with the files that contain it; values are `…`. */
export function offeredCommands(folder: string, leaveOut: RegExp): ReadonlyMap<string, readonly string[]> {
  const found = new Map<string, string[]>();
  const files = readdirSync(folder, { recursive: true, encoding: "utf8" }).map((file) => `${folder}/${file}`);
  for (const file of files.filter((name) => name.endsWith(".ts") && !leaveOut.test(name)))
    for (const text of textsOf(file))
      for (const [, command = ""] of text.matchAll(/`((?:fleetlogix|aws|--[a-z][\w-]*)(?: [^`\n]+)?)`/g))
        found.set(command, [...(found.get(command) ?? []), file]);
  return found;
}

/** String literals and templates, as they are printed, and the arguments of `nextCommand(run, …)`, but no comments. */
function textsOf(file: string): readonly string[] {
  const texts: string[] = [];
  const visit = (node: ts.Node): void => {
    if (ts.isStringLiteral(node) || ts.isNoSubstitutionTemplateLiteral(node)) texts.push(node.text);
    if (ts.isTemplateExpression(node)) texts.push(node.head.text + node.templateSpans.map(({ literal }) => `…${literal.text}`).join(""));
    if (ts.isCallExpression(node) && ts.isIdentifier(node.expression) && node.expression.text === "nextCommand") {
      const words = node.arguments.slice(1).map((word) => (ts.isStringLiteral(word) ? word.text : "…"));
      texts.push(`\`fleetlogix ${words.join(" ")}\``);
    }
    ts.forEachChild(node, visit);
  };
  visit(ts.createSourceFile(file, readFileSync(file, "utf8"), ts.ScriptTarget.Latest));
  return texts;
}
