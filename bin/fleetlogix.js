#!/usr/bin/env node
// Written for any Node, so that an old one gets a sentence instead of a syntax error.
"use strict";
const [major, minor] = process.versions.node.split(".").map(Number);
const dist = `${__dirname}/../dist`;

/** `--version` and plain `--help` are texts that the build wrote: they load neither the command nor its libraries. */
function preparedText() {
  const words = process.argv.slice(2);
  if (words.length !== 1) return undefined;
  const [word] = words;
  if (word === "--version" || word === "-V") return `${require("../package.json").version}\n`;
  if (word !== "--help" && word !== "-h" && word !== "help") return undefined;
  // The prepared help is laid out for 80 columns. A terminal of another width gets its own layout.
  if (process.env.COLUMNS || (require("node:tty").isatty(1) && process.stdout.columns !== 80)) return undefined;
  return require("node:fs").readFileSync(`${dist}/help.txt`, "utf8");
}

/** False where the output takes nothing at the moment or at all: the command then writes it in its own way, with its own errors. */
function printed(text) {
  try {
    return require("node:fs").writeSync(1, text) === Buffer.byteLength(text);
  } catch {
    return false;
  }
}

if (major < 20 || (major === 20 && minor < 12)) {
  process.stderr.write(`fleetlogix needs Node.js 20.12 or newer; this is ${process.versions.node}. Install it from https://nodejs.org.\n`);
  process.exitCode = 2;
} else {
  const text = preparedText();
  if (text === undefined || !printed(text)) {
    // The SDK warns on every client that Node 20 ends its support; the warning is no news to a user of this command.
    process.env.AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED ??= "true";
    // Most commands end within a second. V8's optimizing compiler would take a fifth of their processor time and repay it only later.
    require("node:v8").setFlagsFromString("--interrupt-budget=1000000");
    require("./code-cache.js").keepCompiledCode(dist);
    require("../dist/fleetlogix.cjs").main();
  }
}
