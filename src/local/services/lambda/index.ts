import { rmSync } from "node:fs";
import type { ServerResponse } from "node:http";
import { join } from "node:path";
import { dataFolderOf, prepareDataFolder } from "../../core/data-folder.ts";
import { REST_JSON_REFUSALS } from "../../core/refusals.ts";
import { type LocalEnv, LocalFault, type LocalService } from "../../core/service.ts";
import { loadModel } from "../../core/validation.ts";
import { aliasOperations } from "./aliases.ts";
import { bootstrapFile } from "./bootstrap-file.ts";
import { type CodeStore, openCode } from "./code.ts";
import { eventConfigOperations } from "./event-configs.ts";
import { createEvents } from "./events.ts";
import { createExecutor } from "./execute.ts";
import { functionOperations } from "./functions.ts";
import { invokeOperations } from "./invoke.ts";
import { lambdaPermissions } from "./permissions.ts";
import { policyOperations } from "./policy.ts";
import { createPools } from "./pool.ts";
import { settingOperations } from "./settings.ts";
import { openLambda } from "./state.ts";
import { tagOperations } from "./tags.ts";
import { nodeFor } from "./unprivileged.ts";
import { updateOperations } from "./updates.ts";
import { versionOperations } from "./versions.ts";

/** AWS's limit: 50 MB of zip in base64. */
const MAX_REQUEST_BYTES = 70_167_211;
const requestTooLarge = (path: string): LocalFault => {
  const operation = /\/code(\?|$)/.test(path) ? "UpdateFunctionCode" : "CreateFunction";
  return new LocalFault(
    "RequestEntityTooLargeException",
    `Request must be smaller than ${MAX_REQUEST_BYTES} bytes for the ${operation} operation`,
    413,
  );
};
const CODE_PATH = "/_aws/lambda/code/";

/** AWS Lambda: functions run from zips with their role, each sandbox in its own process. */
export function lambdaService(env: LocalEnv): LocalService {
  const place = dataFolderOf(env.dataDir, "lambda");
  prepareDataFolder(place, env.dataDir);
  const lambda = openLambda(env);
  const code = openCode(join(env.dataDir, "lambda", "zips"), place.folder);
  let file: Promise<string> | undefined;
  const bootstrap = (): Promise<string> => {
    file ??= bootstrapFile(place.folder);
    return file;
  };
  const pools = createPools({ lambda, code, bootstrap, place, node: nodeFor(place) });
  const executor = createExecutor(lambda, pools);
  const events = createEvents(lambda, executor);
  const keepUsedCode = (): void =>
    code.keepOnly(new Set([...lambda.functions.values().map((fn) => fn.latest), ...lambda.versions.values()].map((r) => r.codeSha256)));
  return {
    name: "lambda",
    sdk: () => import("@aws-sdk/client-lambda"),
    model: () => loadModel("lambda"),
    refusals: REST_JSON_REFUSALS,
    pageTokens: { all: ["Marker", "NextMarker"] },
    maxBodyBytes: MAX_REQUEST_BYTES,
    tooLarge: (path) => requestTooLarge(path),
    // The generated rules do not list the runtimes; `checkConfig` does.
    inputRules: { own: ["Runtime"] },
    operations: {
      ...functionOperations({ lambda, code, onDeleted: pools.retire }),
      ...updateOperations(lambda, code),
      ...versionOperations(lambda),
      ...aliasOperations(lambda),
      ...policyOperations(lambda),
      ...settingOperations(lambda),
      ...tagOperations(lambda),
      ...eventConfigOperations(lambda),
      ...invokeOperations(lambda, executor, events),
    },
    permissions: (operation, input, call) => lambdaPermissions(lambda, operation, input, call),
    http: async (_request, response, url) => sendCode(code, response, url),
    async start() {
      rmSync(join(place.folder, "tmp"), { recursive: true, force: true });
      keepUsedCode();
      events.resume();
    },
    async stop() {
      events.stop();
      await pools.stop();
    },
    facts: () => ({ functions: lambda.functions.size, sandboxes: pools.size() }),
  };
}

/** Serves the zips at the address that GetFunction returns. The hash in the address is the only authorization. */
function sendCode(code: CodeStore, response: ServerResponse, url: URL): boolean {
  if (!url.pathname.startsWith(CODE_PATH)) return false;
  const zip = code.zip(url.pathname.slice(CODE_PATH.length));
  response.writeHead(zip ? 200 : 404, { "content-type": "application/zip" }).end(zip);
  return true;
}
