import { DynamoDBClient } from "@aws-sdk/client-dynamodb";
import { S3Client } from "@aws-sdk/client-s3";
import { SNSClient } from "@aws-sdk/client-sns";

/**
 * Clients live as long as the execution environment. One call may take seconds, not the function's whole time; the
 * invocation's abort signal ends it before the function's own timeout does.
 */
const QUICK = {
  maxAttempts: 3,
  requestHandler: { connectionTimeout: 1_000, requestTimeout: 2_500, throwOnRequestTimeout: true },
};

export const makeDynamoDB = (): DynamoDBClient => new DynamoDBClient(QUICK);
export const makeSNS = (): SNSClient => new SNSClient({ ...QUICK, maxAttempts: 2 });
/** An endpoint of one's own has no DNS name for each bucket. */
export const makeS3 = (env: NodeJS.ProcessEnv): S3Client => new S3Client({ ...QUICK, forcePathStyle: Boolean(env.AWS_ENDPOINT_URL) });
