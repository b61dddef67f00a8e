#!/usr/bin/env node
// Written for any Node, so that an old one gets a sentence instead of a syntax error.
import module from "node:module";

const [major, minor] = process.versions.node.split(".").map(Number);
if (major < 20 || (major === 20 && minor < 12)) {
  process.stderr.write(`fleetlogix needs Node.js 20.12 or newer; this is ${process.versions.node}. Install it from https://nodejs.org.\n`);
  process.exitCode = 2;
} else {
  // The SDK warns on every client that Node 20 ends its support; the warning is no news to a user of this command.
  process.env.AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED ??= "true";
  // Keeps compiled code between runs, where Node can (22.8 and newer).
  module.enableCompileCache?.();
  import("../dist/src/cli/main.js");
}
