import { SNS } from "@aws-sdk/client-sns";
import { afterAll, beforeAll, expect, test } from "vitest";
import { localAws } from "../support/local-aws.ts";

let aws: Awaited<ReturnType<typeof localAws>>;
beforeAll(async () => {
  aws = await localAws();
});
afterAll(() => aws.close());

test("an operation that is not implemented answers 501 with its name", async () => {
  const sns = aws.client(SNS);
  await expect(sns.listSMSSandboxPhoneNumbers({})).rejects.toMatchObject({
    name: "NotImplemented",
    $metadata: { httpStatusCode: 501 },
    message: "The local AWS does not implement sns:ListSMSSandboxPhoneNumbers.",
  });
});
