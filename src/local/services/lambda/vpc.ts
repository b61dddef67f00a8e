import type { VpcConfig } from "@aws-sdk/client-lambda";
import { type Call, LocalFault } from "../../core/service.ts";
import { invalid } from "./faults.ts";
import type { Lambda } from "./state.ts";

/** Throws InvalidParameterValueException with EC2's own error when a subnet or security group does not exist. */
export async function checkVpc(lambda: Lambda, vpc: VpcConfig | undefined, { region }: Call): Promise<void> {
  const look = async (operation: string, input: Record<string, unknown>): Promise<void> => {
    try {
      await lambda.env.dispatch("ec2", operation, input, { region });
    } catch (error) {
      if (!(error instanceof LocalFault)) throw error;
      throw invalid(`Error occurred while ${operation}. EC2 Error Code: ${error.code}. EC2 Error Message: ${error.message}`);
    }
  };
  if (vpc?.SubnetIds?.length) await look("DescribeSubnets", { SubnetIds: vpc.SubnetIds });
  if (vpc?.SecurityGroupIds?.length) await look("DescribeSecurityGroups", { GroupIds: vpc.SecurityGroupIds });
}
