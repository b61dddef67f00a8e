// Made by scripts/service-models.ts. Do not edit.
/** The published model of each service, with the rules for its inputs. Loaded on first use. */
export const MODELS: Readonly<Record<string, () => Promise<{ readonly default: unknown }>>> = {
  apigateway: () => import("./apigateway.json", { with: { type: "json" } }),
  cloudwatch: () => import("./cloudwatch.json", { with: { type: "json" } }),
  dynamodb: () => import("./dynamodb.json", { with: { type: "json" } }),
  ec2: () => import("./ec2.json", { with: { type: "json" } }),
  iam: () => import("./iam.json", { with: { type: "json" } }),
  kms: () => import("./kms.json", { with: { type: "json" } }),
  lambda: () => import("./lambda.json", { with: { type: "json" } }),
  logs: () => import("./logs.json", { with: { type: "json" } }),
  rds: () => import("./rds.json", { with: { type: "json" } }),
  s3: () => import("./s3.json", { with: { type: "json" } }),
  secretsmanager: () => import("./secretsmanager.json", { with: { type: "json" } }),
  sns: () => import("./sns.json", { with: { type: "json" } }),
  sts: () => import("./sts.json", { with: { type: "json" } }),
  wafv2: () => import("./wafv2.json", { with: { type: "json" } }),
};
