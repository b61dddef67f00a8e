import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { Agent, request } from "node:http";

/**
 * Requests a second of the local DynamoDB, compared with a bare HTTP server that keeps the same items in a Map. Each is a process of its
 * own. The same client calls them in turns over the same number of kept-alive connections, so a busy machine slows both.
 */
export interface Rates {
  readonly operation: string;
  readonly perSecond: number;
  readonly ofBare: number;
}

const CONNECTIONS = 16;
const ROUND_MS = 1_500;
const ROUNDS = 3;
const ITEMS = 2_000;
const TABLE = "bench";

const BARE = `
  const items = new Map();
  const server = require("node:http").createServer((request, response) => {
    const chunks = [];
    request.on("data", (chunk) => chunks.push(chunk)).on("end", () => {
      const { Key, Item } = JSON.parse(Buffer.concat(chunks).toString());
      if (Item) items.set(Item.vehicle.S + Item.at.N, Item);
      const found = Key && items.get(Key.vehicle.S + Key.at.N);
      const body = JSON.stringify(found ? { Item: found } : {});
      response.writeHead(200, { "content-type": "application/x-amz-json-1.0", "content-length": Buffer.byteLength(body) }).end(body);
    });
  });
  server.listen(0, "127.0.0.1", () => console.log(server.address().port));
`;

const item = (i: number) => ({
  vehicle: { S: `vehicle-${i % 200}` },
  at: { N: String(i) },
  latitude: { N: "4.60971" },
  longitude: { N: "-74.08175" },
  speed: { N: "43.5" },
  route: { S: "route-17" },
  driver: { M: { name: { S: "Driver" }, shift: { S: "day" } } },
});
const key = (i: number) => ({ vehicle: { S: `vehicle-${i % 200}` }, at: { N: String(i) } });
const BODIES: Readonly<Record<string, (i: number) => object>> = {
  GetItem: (i) => ({ TableName: TABLE, Key: key(i % ITEMS) }),
  PutItem: (i) => ({ TableName: TABLE, Item: item(i % ITEMS) }),
  Query: (i) => ({
    TableName: TABLE,
    KeyConditionExpression: "vehicle = :v",
    ExpressionAttributeValues: { ":v": { S: `vehicle-${i % 200}` } },
  }),
};

export async function benchDynamodb(port: number): Promise<Rates[]> {
  const bare = spawn(process.execPath, ["-e", BARE], { stdio: ["ignore", "pipe", "inherit"] });
  try {
    const [line] = (await once(bare.stdout as NonNullable<ChildProcess["stdout"]>, "data")) as [Buffer];
    const barePort = Number(line.toString());
    await fill(port, barePort);
    const rates: Rates[] = [];
    for (const operation of Object.keys(BODIES)) rates.push(await compare(operation, port, barePort));
    return rates;
  } finally {
    bare.kill();
  }
}

async function fill(port: number, barePort: number): Promise<void> {
  const agent = new Agent({ keepAlive: true });
  await send(agent, port, "CreateTable", {
    TableName: TABLE,
    BillingMode: "PAY_PER_REQUEST",
    AttributeDefinitions: [
      { AttributeName: "vehicle", AttributeType: "S" },
      { AttributeName: "at", AttributeType: "N" },
    ],
    KeySchema: [
      { AttributeName: "vehicle", KeyType: "HASH" },
      { AttributeName: "at", KeyType: "RANGE" },
    ],
  });
  for (let i = 0; i < ITEMS; i++) for (const to of [port, barePort]) await send(agent, to, "PutItem", { TableName: TABLE, Item: item(i) });
  agent.destroy();
}

/** The bare server returns one item where a query returns ten, so its rate is the rate of HTTP alone. */
async function compare(operation: string, port: number, barePort: number): Promise<Rates> {
  const bareOperation = operation === "PutItem" ? "PutItem" : "GetItem";
  let [local, bare] = [0, 0];
  await round(operation, port, ROUND_MS / 3);
  for (let i = 0; i < ROUNDS; i++) {
    bare += await round(bareOperation, barePort, ROUND_MS);
    local += await round(operation, port, ROUND_MS);
  }
  return { operation, perSecond: Math.round(local / ROUNDS / (ROUND_MS / 1000)), ofBare: Math.round((local / bare) * 100) / 100 };
}

/** The number of answers within this time. */
async function round(operation: string, port: number, milliseconds: number): Promise<number> {
  const agent = new Agent({ keepAlive: true, maxSockets: CONNECTIONS });
  const end = performance.now() + milliseconds;
  let count = 0;
  const connection = async (first: number): Promise<void> => {
    for (let i = first; performance.now() < end; i += CONNECTIONS) {
      await send(agent, port, operation, (BODIES[operation] as (i: number) => object)(i));
      count++;
    }
  };
  await Promise.all(Array.from({ length: CONNECTIONS }, (_, i) => connection(i)));
  agent.destroy();
  return count;
}

function send(agent: Agent, port: number, operation: string, body: object): Promise<void> {
  const text = JSON.stringify(body);
  const headers = {
    "content-type": "application/x-amz-json-1.0",
    "content-length": Buffer.byteLength(text),
    "x-amz-target": `DynamoDB_20120810.${operation}`,
    authorization: "AWS4-HMAC-SHA256 Credential=bench/20260101/us-east-1/dynamodb/aws4_request, SignedHeaders=host, Signature=0",
  };
  return new Promise((resolve, reject) => {
    const sent = request({ agent, port, host: "127.0.0.1", method: "POST", path: "/", headers }, (response) => {
      response.resume().on("end", () => {
        if (response.statusCode === 200) resolve();
        else reject(new Error(`${operation}: status ${response.statusCode}`));
      });
    });
    sent.on("error", reject).end(text);
  });
}
