import { join } from "node:path";
import type { LocalEnv, LocalService } from "../../core/service.ts";
import { loadModel } from "../../core/validation.ts";
import { type Engine, openEngine } from "./engine.ts";
import { expiryOf } from "./expiry.ts";
import { itemOperations } from "./items.ts";
import { permissionsOf } from "./permissions.ts";
import { settingOperations } from "./settings.ts";
import { tablesOf } from "./table.ts";
import { clearDiscarded, tableOperations } from "./tables.ts";
import { transactionOperations } from "./transactions.ts";
import { updateOperations } from "./update.ts";

/** Tables described in the journal, items in LevelDB below `dynamodb/`; the database opens on the first call. */
export function dynamodbService(env: LocalEnv): LocalService {
  const tables = tablesOf(env);
  let opening: Promise<Engine> | undefined;
  const engine = (): Promise<Engine> => {
    opening ??= open();
    return opening;
  };
  const expiry = expiryOf(env, tables, engine);
  const open = async (): Promise<Engine> => {
    const opened = await openEngine(join(env.dataDir, "dynamodb"), expiry.changed);
    await clearDiscarded(env, opened);
    expiry.start();
    return opened;
  };
  return {
    name: "dynamodb",
    sdk: () => import("@aws-sdk/client-dynamodb"),
    model: () => loadModel("dynamodb"),
    maxBodyBytes: 16 * 1024 * 1024,
    operations: {
      ...tableOperations(env, tables, engine),
      ...updateOperations(env, tables, engine),
      ...settingOperations(env, tables, expiry.watch),
      ...itemOperations(env, tables, engine),
      ...transactionOperations(env, tables, engine),
    },
    permissions: permissionsOf(tables),
    async start() {
      if (tables.all().some(({ ttl }) => ttl?.enabled)) await engine();
    },
    async stop() {
      expiry.stop();
      if (opening) await (await opening).close();
    },
    facts: () => ({ tables: tables.all().length }),
  };
}
