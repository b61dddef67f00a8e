import { type LocalAws, type LocalAwsOptions, startLocalAws } from "../../src/local/index.ts";

/** Options of every SDK client. One attempt, so that a test sees each answer and not the last of three. */
interface ClientOptions {
  readonly region: string;
  readonly endpoint: string;
  readonly credentials: { readonly accessKeyId: string; readonly secretAccessKey: string; readonly sessionToken?: string };
  readonly maxAttempts: number;
}
interface LocalAwsFixture extends LocalAws {
  /** A client of any service for this server: `aws.client(SNS)`, `aws.client(S3Client, { maxAttempts: 3 })`. */
  client<Client, Extra extends object = object>(Client: new (options: ClientOptions & Extra) => Client, extra?: Extra): Client;
}

/** A local AWS on a free port; control planes only by default. Call `await aws.close()` at the end. */
export async function localAws(options: LocalAwsOptions = {}): Promise<LocalAwsFixture> {
  const aws = await startLocalAws({ ...options, settings: { databases: "none", ...options.settings } });
  const made: { destroy(): void }[] = [];
  return {
    ...aws,
    client(Client, extra) {
      const client = new Client({
        region: "us-east-1",
        endpoint: aws.url,
        credentials: { accessKeyId: "test", secretAccessKey: "test" },
        maxAttempts: 1,
        ...(extra as NonNullable<typeof extra>),
      });
      made.push(client as { destroy(): void });
      return client;
    },
    async close() {
      for (const client of made) client.destroy();
      await aws.close();
    },
  };
}
