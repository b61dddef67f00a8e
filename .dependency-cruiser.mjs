/** Who may import whom. One row for each folder or file below src; anything not allowed is an error. Each comment is the text a developer reads. */
const allowed = {
  errors: [],
  secret: [],
  printable: [],
  "normal-form": [],
  defined: [],
  "stack-ids": [],
  engine: ["defined", "errors"],
  aws: ["defined", "errors", "secret", "printable", "normal-form"],
  resources: ["defined", "aws", "errors", "secret", "printable"],
  config: ["errors"],
  stack: ["defined", "resources", "config", "errors", "stack-ids"],
  artifacts: ["errors"],
  local: [], // it is reached by HTTP like AWS and must not know what fleetlogix expects
  simulate: ["defined", "errors"],
  database: ["defined", "errors", "secret", "printable", "stack-ids"],
  lake: ["errors", "stack-ids"],
  dashboard: ["errors"],
  cli: ["defined", "app", "config", "errors", "secret", "printable", "normal-form", "simulate", "stack-ids"],
  library: ["app", "config", "errors", "secret"],
  app: [
    "defined",
    "engine",
    "aws",
    "resources",
    "config",
    "stack",
    "artifacts",
    "database",
    "lake",
    "dashboard",
    "errors",
    "secret",
    "printable",
    "stack-ids",
  ],
};
// Types only: the folder may name these types without depending on their code.
const typesFrom = {
  aws: ["engine"],
  resources: ["engine"],
  stack: ["engine", "artifacts"],
  artifacts: ["config"],
  cli: ["engine"],
  library: ["engine"],
};
// Single files: the stack calls the engine's declare(); the handlers' contract describes the API to all;
// the command starts the local AWS through its daemon's control.
const valuesFrom = {
  stack: ["^src/engine/contract[.]ts$", "^handlers/contract/"],
  cli: ["^src/local/daemon/control[.]ts$", "^handlers/contract/"],
};
const FILES = ["library", "defined", "errors", "secret", "printable", "normal-form", "stack-ids"];
const at = (part) => (FILES.includes(part) ? `^src/${part}[.]ts$` : part === "app" ? "^src/app([.]ts$|/)" : `^src/${part}/`);

export default {
  forbidden: [
    ...Object.entries(allowed).map(([part, may]) => ({
      name: `imports-of:${part}`,
      severity: "error",
      comment: `src/${part} may import: ${may.join(", ") || "nothing of ours"}${typesFrom[part] ? `; types only from ${typesFrom[part]}` : ""}. See docs/architecture.md.`,
      from: { path: at(part) },
      to: {
        path: "^(src|handlers|test|scripts|bin)/",
        pathNot: [at(part), ...may.map(at), ...(typesFrom[part] ?? []).map(at), ...(valuesFrom[part] ?? [])],
      },
    })),
    ...Object.entries(typesFrom).map(([part, from]) => ({
      name: `types-only:${part}`,
      severity: "error",
      comment: `src/${part} may use ${from} as types only (import type): it must work without that code.`,
      from: { path: at(part) },
      to: { path: from.map(at), pathNot: valuesFrom[part] ?? "^$", dependencyTypesNot: ["type-only", "type-import"] },
    })),
    {
      name: "sdk-stays-at-the-edge",
      severity: "error",
      comment: "The AWS SDK is imported by src/aws and src/local; src/resources, the app and the handlers use its types only.",
      from: { path: "^(src|handlers)/", pathNot: "^src/(aws|local)/" },
      to: { path: "@aws-sdk|@smithy|^src/aws/sdk/", dependencyTypesNot: ["type-only", "type-import"] },
    },
    {
      name: "engine-is-pure-of-node",
      severity: "error",
      comment: "The engine touches no file, process or network: it asks its ports.",
      from: { path: "^src/engine/" },
      to: { dependencyTypes: ["core"] },
    },
    {
      name: "closed-by-default",
      severity: "error",
      comment: "No rule names this folder: give it a row in the table above before anything is imported there.",
      from: { path: "^src/", pathNot: Object.keys(allowed).map(at) },
      to: {},
    },
    {
      name: "one-kind-does-not-know-another",
      severity: "error",
      comment: "A resource kind imports no other kind: they meet in src/stack. A kind is a file, or a folder of its name.",
      from: { path: "^src/resources/(?!index[.]ts$)([^/.]+)(?:/|[.]ts$)" },
      to: { path: "^src/resources/", pathNot: "^src/resources/$1(?:/|[.]ts$)" },
    },
    {
      name: "kinds-through-their-index",
      severity: "error",
      comment: "From outside, kinds are imported from src/resources/index.ts, and a kind's folder from its index.ts.",
      from: { path: "^(src|test|scripts)/", pathNot: "^src/resources/" },
      to: { path: "^src/resources/", pathNot: "^src/resources/index[.]ts$" },
    },
    {
      name: "one-local-service-does-not-know-another",
      severity: "error",
      comment: "Local services meet through env.dispatch, by the operations that everybody uses.",
      from: { path: "^src/local/services/([^/]+)/" },
      to: { path: "^src/local/services/", pathNot: "^src/local/services/$1/" },
    },
    {
      name: "api-gateway-imports-one-way",
      severity: "error",
      comment: "API Gateway's control plane serves openapi and execute-api: it imports neither, and they do not import each other.",
      from: { path: "^src/local/services/apigateway/(control|openapi|execute-api)/" },
      to: { path: "^src/local/services/apigateway/(openapi|execute-api)/", pathNot: "^src/local/services/apigateway/$1/" },
    },
    {
      name: "handlers-stand-alone",
      severity: "error",
      comment: "A handler is shipped alone: it imports handlers/ only.",
      from: { path: "^handlers/" },
      to: { path: "^(src|test|scripts|bin)/" },
    },
    {
      name: "no-circles",
      severity: "error",
      comment: "No file imports itself through others, by `import type` either: move what both need into a file of its own.",
      from: {},
      to: { circular: true },
    },
  ],
  options: {
    tsPreCompilationDeps: true,
    tsConfig: { fileName: "tsconfig.json" },
    doNotFollow: { path: "node_modules" },
    exclude: { path: "^dist/" },
    enhancedResolveOptions: { exportsFields: ["exports"], conditionNames: ["import", "node", "types"] },
  },
};
