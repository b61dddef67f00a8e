import type { Call, LocalService, Permission } from "../../core/service.ts";
import { nameOf, type Tables } from "./table.ts";

type Named = { readonly TableName?: string };
const ON_ACCOUNT = new Set(["ListTables", "DescribeLimits", "DescribeEndpoints"]);
const PARTS: Readonly<Record<string, string>> = {
  Put: "PutItem",
  Update: "UpdateItem",
  Delete: "DeleteItem",
  ConditionCheck: "ConditionCheckItem",
  Get: "GetItem",
};

/** An action needs the permission for its table or index. A transaction needs the permissions of its parts. */
export const permissionsOf =
  (tables: Tables): NonNullable<LocalService["permissions"]> =>
  (operation, input, call) => {
    const on = (action: string, name: string, index?: unknown): Permission => {
      const arn = name.startsWith("arn:") ? name : `arn:aws:dynamodb:${call.region}:${call.account}:table/${name}`;
      const resource = typeof index === "string" ? `${arn}/index/${index}` : arn;
      return { action: `dynamodb:${action}`, resource, policy: policyOf(tables, name, call) };
    };
    if (ON_ACCOUNT.has(operation)) return [{ action: `dynamodb:${operation}`, resource: "*" }];
    if (operation === "TransactWriteItems" || operation === "TransactGetItems") {
      const parts = (input.TransactItems ?? []) as Record<string, Named | undefined>[];
      const needed = parts.flatMap((part) =>
        Object.entries(part).flatMap(([kind, one]) => (PARTS[kind] && one ? [on(PARTS[kind], one.TableName ?? "")] : [])),
      );
      return unique(needed);
    }
    if (operation === "BatchGetItem" || operation === "BatchWriteItem")
      return Object.keys((input.RequestItems ?? {}) as object).map((name) => on(operation, name));
    const name = String(input.TableName ?? input.ResourceArn ?? "");
    const own = on(operation, name, operation === "Query" || operation === "Scan" ? input.IndexName : undefined);
    return operation === "CreateTable" && input.Tags ? [own, on("TagResource", name)] : [own];
  };

const policyOf = (tables: Tables, name: string, call: Call): string | undefined => tables.find(call.region, nameOf(name))?.policy;
const unique = (permissions: readonly Permission[]): Permission[] => [
  ...new Map(permissions.map((permission) => [`${permission.action} ${permission.resource}`, permission])).values(),
];
