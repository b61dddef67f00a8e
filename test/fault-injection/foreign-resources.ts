/** In the name of each thing of somebody else: no run may touch them, and no writing call may name them. */
export const STRANGER = "someone-elses";

type Seed = readonly [service: string, operation: string, input: Record<string, unknown>];
const TRUST = JSON.stringify({
  Version: "2012-10-17",
  Statement: [{ Effect: "Allow", Principal: { Service: "lambda.amazonaws.com" }, Action: "sts:AssumeRole" }],
});
const THINGS: readonly Seed[] = [
  ["apigateway", "CreateRestApi", { name: STRANGER }],
  ["apigateway", "CreateUsagePlan", { name: STRANGER }],
  ["apigateway", "CreateApiKey", { name: STRANGER }],
  ["sns", "CreateTopic", { Name: STRANGER }],
  ["logs", "CreateLogGroup", { logGroupName: `/aws/lambda/${STRANGER}` }],
  ["iam", "CreateRole", { RoleName: STRANGER, AssumeRolePolicyDocument: TRUST }],
  ["ec2", "DescribeVpcs", {}],
  [
    "dynamodb",
    "CreateTable",
    {
      TableName: STRANGER,
      AttributeDefinitions: [{ AttributeName: "id", AttributeType: "S" }],
      KeySchema: [{ AttributeName: "id", KeyType: "HASH" }],
      BillingMode: "PAY_PER_REQUEST",
    },
  ],
  ["s3", "CreateBucket", { Bucket: `${STRANGER}-data` }],
];

/** An account in which somebody else was before us. */
export async function seedStrangers(dispatch: (...call: Seed) => Promise<unknown>): Promise<void> {
  for (const thing of THINGS) await dispatch(...thing);
}
