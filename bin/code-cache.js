"use strict";
// Keeps V8's compiled code of the bundled files between runs, so that a command need not compile them each time.
// Node 22.8 and newer can do this by themselves (module.enableCompileCache); for Node 20 it is done here.
const module_ = require("node:module");
const path = require("node:path");

/** Installs the cache for the files in `folder`. It stores what was compiled when the process ends; where it may not write, it does nothing. */
exports.keepCompiledCode = (folder) => {
  if (module_.enableCompileCache) {
    module_.enableCompileCache();
    return;
  }
  const fs = require("node:fs");
  const vm = require("node:vm");
  require("node:v8").setFlagsFromString("--no-flush-bytecode");
  const bundled = `${path.resolve(folder)}${path.sep}`;
  // Compiled code holds for one V8 and one set of its flags only. V8 itself checks this again before it takes it.
  const store = path.join(bundled, ".compiled", `${process.version}-${process.arch}-${require("node:v8").cachedDataVersionTag()}`);
  const fresh = new Map();
  const plain = module_.prototype._compile;

  const read = (file) => {
    try {
      return fs.readFileSync(file);
    } catch {
      return undefined;
    }
  };
  // V8 compares only the length of the source. A bundled chunk has the hash of its content in its name; the entries do not, and a server
  // that still runs after a new build would leave the code of its own.
  const nameOf = (file, content) => {
    const name = path.basename(file);
    return /-[A-Z0-9]{8}\.cjs$/.test(name) ? name : `${name}-${require("node:crypto").createHash("sha1").update(content).digest("hex")}`;
  };
  module_.prototype._compile = function compile(content, filename, ...rest) {
    if (!filename.startsWith(bundled)) return plain.call(this, content, filename, ...rest);
    const kept = path.join(store, `${nameOf(filename, content)}.bin`);
    const cachedData = read(kept);
    const script = new vm.Script(module_.wrap(content), { filename, ...(cachedData && { cachedData }) });
    if (!cachedData || script.cachedDataRejected) fresh.set(kept, script);
    const require_ = module_.createRequire(filename);
    script.runInThisContext()(this.exports, require_, this, filename, path.dirname(filename));
  };
  process.once("exit", () => {
    try {
      if (fresh.size > 0) fs.mkdirSync(store, { recursive: true });
      for (const [kept, script] of fresh) {
        const mine = `${kept}.${process.pid}`;
        fs.writeFileSync(mine, script.createCachedData());
        fs.renameSync(mine, kept);
      }
    } catch {
      // A package that cannot be written (a global installation) runs without the cache.
    }
  });
};
