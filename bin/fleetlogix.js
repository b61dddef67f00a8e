#!/usr/bin/env node
// The SDK warns on every client that Node 20 ends its support; the warning is no news to a user of this command.
process.env.AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED ??= "true";
await import("../dist/src/cli/main.js");
