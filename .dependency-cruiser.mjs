/** Who may import whom. One row per room; anything not allowed is an error. Each comment is the text a developer reads. */
const rooms = {
  errors: [],
  secret: [],
  printable: [],
  "normal-form": [],
  engine: ["errors"],
  aws: ["errors", "secret", "printable", "normal-form"],
  resources: ["aws", "errors", "secret", "printable"],
  config: ["errors"],
  stack: ["resources", "config", "errors"],
  artifacts: ["errors"],
  local: [], // it imitates AWS: it must not know what we expect of it
  simulate: ["errors"],
  database: ["errors", "secret"],
  lake: ["errors"],
  dashboard: ["errors"],
  cli: ["app", "config", "errors", "secret", "printable", "normal-form", "simulate"],
  app: ["engine", "aws", "resources", "config", "stack", "artifacts", "database", "lake", "dashboard", "errors", "secret", "printable"],
};
// Types-only contact points: a room may name these shapes without depending on their code.
const typesFrom = {
  aws: ["engine"],
  resources: ["engine"],
  stack: ["engine", "artifacts"],
  artifacts: ["config"],
  cli: ["engine"],
};
// The values that cross: declare() is the one engine function a stack calls; the handlers' contract is the API's one source;
// the command starts the local AWS through its daemon's door.
const valuesFrom = {
  stack: ["^src/engine/contract[.]ts$", "^handlers/contract/"],
  cli: ["^src/local/daemon/control[.]ts$", "^handlers/contract/"],
};
const FILES = ["errors", "secret", "printable", "normal-form"];
const at = (room) => (FILES.includes(room) ? `^src/${room}[.]ts$` : room === "app" ? "^src/app([.]ts$|/)" : `^src/${room}/`);

export default {
  forbidden: [
    ...Object.entries(rooms).map(([room, may]) => ({
      name: `room:${room}`,
      severity: "error",
      comment: `src/${room} may import: ${may.join(", ") || "nothing of ours"}${typesFrom[room] ? `; types only from ${typesFrom[room]}` : ""}. See docs/architecture.md.`,
      from: { path: at(room) },
      to: {
        path: "^(src|handlers|test|scripts|bin)/",
        pathNot: [at(room), ...may.map(at), ...(typesFrom[room] ?? []).map(at), ...(valuesFrom[room] ?? [])],
      },
    })),
    ...Object.entries(typesFrom).map(([room, from]) => ({
      name: `types-only:${room}`,
      severity: "error",
      comment: `src/${room} may use ${from} as types only (import type): it must work without that code.`,
      from: { path: at(room) },
      to: { path: from.map(at), pathNot: valuesFrom[room] ?? "^$", dependencyTypesNot: ["type-only", "type-import"] },
    })),
    {
      name: "sdk-stays-at-the-edge",
      severity: "error",
      comment: "The AWS SDK is imported by src/aws and src/local; src/resources, the app and the handlers use its types only.",
      from: { path: "^(src|handlers)/", pathNot: "^src/(aws|local)/" },
      to: { path: "@aws-sdk|@smithy", dependencyTypesNot: ["type-only", "type-import"] },
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
      from: { path: "^src/", pathNot: Object.keys(rooms).map(at) },
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
    { name: "nobody-imports-tests", severity: "error", from: { path: "^(src|handlers|bin)/" }, to: { path: "^(test|scripts)/" } },
    {
      name: "no-cycles",
      severity: "error",
      from: {},
      to: { circular: true, viaOnly: { dependencyTypesNot: ["type-only", "type-import"] } },
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
