import type { InvariantId } from "../catalogue.ts";

/** A bug that somebody might write, and the invariant that must catch it. */
export interface PlantedBug {
  /** The suite that catches it; default: the campaign. */
  readonly suite?: "campaign" | "kill";
  readonly invariant: InvariantId;
  readonly bug: string;
  readonly file: string;
  /** Each pair: a text that is in the file exactly once, and what stands there instead. */
  readonly edits: readonly (readonly [was: string, is: string])[];
  /** Regular expression for the names of the scenarios that are played. */
  readonly scenarios: string;
}

/** For every invariant at least one: a check that nothing can break proves nothing. */
export const PLANTED_BUGS: readonly PlantedBug[] = [
  {
    invariant: "I14",
    bug: "an attribute of a function is left out of the comparison",
    file: "src/resources/lambda-function/index.ts",
    edits: [
      [
        "...attributeChanges(ATTRIBUTES, live.latest.attributes, spec, live),",
        '...attributeChanges(ATTRIBUTES, live.latest.attributes, spec, live).filter(({ path }) => path !== "memoryMb"),',
      ],
    ],
    scenarios: "^F16 function.calculate-eta memoryMb",
  },
  {
    invariant: "I1",
    bug: "whether a function's calls are traced is left out of the comparison",
    file: "src/resources/lambda-function/index.ts",
    edits: [
      [
        "...attributeChanges(ATTRIBUTES, live.latest.attributes, spec, live),",
        '...attributeChanges(ATTRIBUTES, live.latest.attributes, spec, live).filter(({ path }) => path !== "tracing"),',
      ],
    ],
    scenarios: "^F16 function.calculate-eta tracing",
  },
  {
    invariant: "I2",
    bug: "a resource is tagged in a second call",
    file: "src/resources/logs-group.ts",
    edits: [
      [
        "await logs.createLogGroup({ logGroupName: name, kmsKeyId, tags: ctx.tags });",
        "await logs.createLogGroup({ logGroupName: name, kmsKeyId }); await logs.tagResource({ resourceArn: arnOf(name, ctx.place), tags: ctx.tags });",
      ],
    ],
    scenarios: "^F2 killed after at up write \\d+ logs:CreateLogGroup",
  },
  {
    invariant: "I2",
    bug: "a database that is still being created counts as ready",
    file: "src/resources/rds-instance/index.ts",
    edits: [['const READY = ["available",', 'const READY = ["creating", "available",']],
    scenarios: "^F12 the database is creating for ever",
  },
  {
    invariant: "I3",
    bug: "a second API of ours with the same name is not noticed",
    file: "src/resources/apigateway-rest-api.ts",
    edits: [["...differences({ doubles: [live.doubles, []] }),", ""]],
    scenarios: "^F16 api.rest doubles",
  },
  {
    invariant: "I4",
    bug: "log groups are not looked at again at the end of a teardown",
    file: "src/resources/logs-group.ts",
    edits: [["comesBack: true,", ""]],
    scenarios: "^F11 a late writer creates each log group again",
  },
  {
    invariant: "I5",
    bug: "a resource with the tag of any stack counts as ours",
    file: "src/engine/decide.ts",
    edits: [['tags[STACK_TAG] === stack) return "ours";', 'tags[STACK_TAG] !== undefined) return "ours";']],
    scenarios: "^F18 topic.alerts belongs to another stack",
  },
  {
    invariant: "I6",
    bug: "a table's way of billing is changed by replacing the table",
    file: "src/resources/dynamodb-table/index.ts",
    edits: [
      ["holdsData: true,", "holdsData: false,"],
      [
        '...differences({ key: [live.key, keySchemaOf(spec)] }, "replace").map(',
        '...differences({ key: [live.key, keySchemaOf(spec)], billing: [live.attributes.billing, "PAY_PER_REQUEST"] }, "replace").map(',
      ],
    ],
    scenarios: "^F16 table.routes billing",
  },
  {
    invariant: "I7",
    bug: "the value of the API key is read, and shown as its ARN",
    file: "src/resources/apigateway-api-key.ts",
    edits: [
      ["includeValues: false", "includeValues: true"],
      ["const { id, tags = {} } = chosen;", "const { id, value = id, tags = {} } = chosen;"],
      ["const arn = gatewayArn(", "const arn = value + gatewayArn("],
    ],
    scenarios: "^I13 1 calls at a time",
  },
  {
    invariant: "I8",
    bug: "the lock is taken although there is nothing to do",
    file: "src/app/changes.ts",
    edits: [["if (!changes) return execution();", ""]],
    scenarios: "^I13 1 calls at a time",
  },
  {
    invariant: "I9",
    bug: "a create without an answer is sent again at once",
    file: "src/resources/apigateway-api-key.ts",
    edits: [
      [
        "await (await ctx.world.apigateway()).createApiKey({ name, description, enabled: true, tags: ctx.tags });",
        "const make = async () => (await ctx.world.apigateway()).createApiKey({ name, description, enabled: true, tags: ctx.tags });\n    await make().catch(make);",
      ],
    ],
    scenarios: "^F8 hangs, then takes effect at up apigateway:CreateApiKey",
  },
  {
    invariant: "I10",
    bug: "AWS's own code is left out of an error",
    file: "src/engine/errors.ts",
    edits: [
      [
        'hint: "Correct what AWS names, then run the same command again: it continues from here.",\n    resource: subject.id,\n    awsCode: fault.code,',
        'hint: "Correct what AWS names, then run the same command again: it continues from here.",\n    resource: subject.id,',
      ],
    ],
    scenarios: "^F7 invalid at up (sns:CreateTopic|iam:CreateRole)",
  },
  {
    invariant: "I11",
    bug: "the database can be reached from everywhere",
    file: "src/resources/ec2-security-group.ts",
    edits: [["IpRanges: [{ CidrIp: cidr, Description }]", 'IpRanges: [{ CidrIp: "0.0.0.0/0", Description }]']],
    scenarios: "^I13 1 calls at a time",
  },
  {
    invariant: "I12",
    bug: "a refused call is sent for ever",
    file: "src/engine/retry.ts",
    edits: [["const MAX_ATTEMPTS = 10;", "const MAX_ATTEMPTS = 40;"]],
    scenarios: "^F7 throttled for ever at up (sns:CreateTopic|lambda:CreateFunction)",
  },
  {
    invariant: "I13",
    bug: "a table's tag holds its number among the tables that the run creates",
    file: "src/resources/dynamodb-table/index.ts",
    edits: [
      ["Tags: toTagList(defined({ ...ctx.tags,", "Tags: toTagList(defined({ ...ctx.tags, nth: nth(ctx.world),"],
      [
        "const keySchemaOf = (",
        `const counts = new WeakMap<object, number>();
const nth = (world: object) => String(counts.set(world, (counts.get(world) ?? 0) + 1).get(world));
const keySchemaOf = (`,
      ],
    ],
    scenarios: "^I13 [5-8] calls at a time",
  },
  {
    suite: "kill",
    invariant: "I2",
    bug: "the lock of a dead process is not taken over",
    file: "src/aws/lock.ts",
    edits: [["(held.pid === owner.pid || !place.alive(held.pid))", "held.pid === owner.pid"]],
    scenarios: "^F2 up: killed after apigateway POST /usageplans \\(1\\)$",
  },
  {
    suite: "kill",
    invariant: "I2",
    bug: "a topic gets the tag that makes it ours in a second call",
    file: "src/resources/sns-topic.ts",
    edits: [
      [
        "await sns.createTopic({ Name: name, Tags: toTagList(ctx.tags), Attributes });",
        "const { TopicArn: ResourceArn } = await sns.createTopic({ Name: name, Attributes });\n    await sns.tagResource({ ResourceArn, Tags: toTagList(ctx.tags) });",
      ],
    ],
    scenarios: "^F2 up: killed after sns CreateTopic \\(1\\)$",
  },
  {
    suite: "kill",
    invariant: "I3",
    bug: "a usage plan gets its tag in a second call, and only tagged ones are looked for",
    file: "src/resources/apigateway-usage-plan.ts",
    edits: [
      ["filter((plan) => plan.name === name)", "filter((plan) => plan.name === name && plan.tags?.Project)"],
      [
        "await (await ctx.world.apigateway()).createUsagePlan({",
        "const gateway = await ctx.world.apigateway();\n    const { id } = await gateway.createUsagePlan({",
      ],
      [
        "      tags: ctx.tags,\n    });",
        '    });\n    await gateway.tagResource({ resourceArn: gatewayArn(ctx.place, "/usageplans/" + id), tags: ctx.tags });',
      ],
    ],
    scenarios: "^F2 up: killed after apigateway POST /usageplans \\(1\\)$",
  },
  {
    suite: "kill",
    invariant: "I3",
    bug: "an API without its document, from an interrupted run, is not looked for",
    file: "src/resources/apigateway-rest-api.ts",
    edits: [
      ["filter((api) => api.name === name)", "filter((api) => api.name === name && hashOf(api.description))"],
      [
        "await (await ctx.world.apigateway()).createRestApi({ name, description: words, endpointConfiguration, tags: ctx.tags });",
        `const gateway = await ctx.world.apigateway();
    const { id: restApiId } = await gateway.createRestApi({ name, description: words, endpointConfiguration, tags: ctx.tags });
    const body = new TextEncoder().encode(JSON.stringify(spec.document));
    await gateway.putRestApi({ restApiId, mode: "overwrite", failOnWarnings: true, parameters: REGIONAL, body });`,
      ],
    ],
    scenarios: "^F2 up: killed after apigateway POST /restapis \\(1\\)$",
  },
  {
    suite: "kill",
    invariant: "I1",
    bug: "a table counts as complete after the first of the calls that complete it",
    file: "src/resources/dynamodb-table/index.ts",
    edits: [
      [
        "...attributeChanges(ATTRIBUTES, live.attributes, spec, live),",
        "...(live.attributes.pointInTimeRecovery ? [] : attributeChanges(ATTRIBUTES, live.attributes, spec, live)),",
      ],
    ],
    scenarios: "^F1 up: killed before dynamodb UpdateTimeToLive ",
  },
];
