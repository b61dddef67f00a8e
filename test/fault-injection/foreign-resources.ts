/** In the name of each thing of somebody else: no run may touch them, and no writing call may name them. */
export const FOREIGN_NAME = "someone-elses";

type Seed = readonly [service: string, operation: string, input: Record<string, unknown>];
const TRUST = JSON.stringify({
  Version: "2012-10-17",
  Statement: [{ Effect: "Allow", Principal: { Service: "lambda.amazonaws.com" }, Action: "sts:AssumeRole" }],
});
const THINGS: readonly Seed[] = [
  ["apigateway", "CreateRestApi", { name: FOREIGN_NAME }],
  ["apigateway", "CreateUsagePlan", { name: FOREIGN_NAME }],
  ["apigateway", "CreateApiKey", { name: FOREIGN_NAME }],
  ["sns", "CreateTopic", { Name: FOREIGN_NAME }],
  ["logs", "CreateLogGroup", { logGroupName: `/aws/lambda/${FOREIGN_NAME}` }],
  ["iam", "CreateRole", { RoleName: FOREIGN_NAME, AssumeRolePolicyDocument: TRUST }],
  ["ec2", "DescribeVpcs", {}],
  [
    "dynamodb",
    "CreateTable",
    {
      TableName: FOREIGN_NAME,
      AttributeDefinitions: [{ AttributeName: "id", AttributeType: "S" }],
      KeySchema: [{ AttributeName: "id", KeyType: "HASH" }],
      BillingMode: "PAY_PER_REQUEST",
    },
  ],
  ["s3", "CreateBucket", { Bucket: `${FOREIGN_NAME}-data` }],
];

/** An account in which somebody else was before us. */
export async function createForeignResources(dispatch: (...call: Seed) => Promise<unknown>): Promise<void> {
  for (const thing of THINGS) await dispatch(...thing);
}
