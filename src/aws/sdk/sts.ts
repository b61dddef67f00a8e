import { type STS as AllSTS, GetCallerIdentityCommand, STSClient } from "@aws-sdk/client-sts";
import { type Operations, withOperations } from "./operations.ts";

const commands = { GetCallerIdentityCommand };

export type STS = Operations<AllSTS, typeof commands>;
export const STS = withOperations<STS>(STSClient, commands);
