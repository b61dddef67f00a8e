import { createHash } from "node:crypto";
import { LocalFault } from "../../core/service.ts";
import { thawOnce } from "./documents.ts";
import type { Bucket } from "./state.ts";

/** The members that describe an object's encryption. */
interface Encryption {
  readonly ServerSideEncryption?: string | undefined;
  readonly SSEKMSKeyId?: string | undefined;
  readonly BucketKeyEnabled?: boolean | undefined;
  readonly SSECustomerAlgorithm?: string | undefined;
  readonly SSECustomerKey?: string | undefined;
  readonly SSECustomerKeyMD5?: string | undefined;
}
const HEADER = "x-amz-server-side-encryption";
const invalid = (message: string, value?: string): LocalFault =>
  new LocalFault("InvalidArgument", message, 400, { ArgumentName: HEADER, ...(value === undefined ? {} : { ArgumentValue: value }) });

/** Throws AWS's error for a customer key that is incomplete, has a wrong length or does not match its MD5. */
export function checkCustomerKeyInput(input: Encryption): void {
  const { SSECustomerAlgorithm: algorithm, SSECustomerKey: key, SSECustomerKeyMD5: md5 } = input;
  if (algorithm === undefined && key === undefined && md5 === undefined) return;
  const requests = "Requests specifying Server Side Encryption with Customer provided keys must provide";
  if (input.ServerSideEncryption !== undefined)
    throw invalid(
      "Server Side Encryption with Customer provided key is incompatible with the encryption method specified",
      input.ServerSideEncryption,
    );
  if (algorithm === undefined) throw invalid(`${requests} a valid encryption algorithm.`);
  if (key === undefined) throw invalid(`${requests} an appropriate secret key.`);
  if (algorithm !== "AES256")
    throw new LocalFault(
      "InvalidEncryptionAlgorithmError",
      "The Encryption request you specified is not valid. Supported value: AES256.",
      400,
      {
        ArgumentName: HEADER,
        ArgumentValue: algorithm,
      },
    );
  const bytes = Buffer.from(key, "base64");
  if (bytes.length !== 32) throw invalid("The secret key was invalid for the specified algorithm.");
  if (createHash("md5").update(bytes).digest("base64") !== md5)
    throw invalid("The calculated MD5 hash of the key did not match the hash that was provided.");
}

/** The bucket's default encryption rule, if it has one. */
function ruleOf(bucket: Bucket) {
  if (bucket.settings.encryption === undefined) return undefined;
  return thawOnce<{ Rules?: { ApplyServerSideEncryptionByDefault?: Record<string, string>; BucketKeyEnabled?: boolean }[] }>(
    bucket.settings.encryption,
  ).Rules?.[0];
}

/** Headers that describe an object's encryption: as the call states, otherwise as the bucket states, otherwise with S3's own keys. */
export function encryptionHeaders(bucket: Bucket, input: Encryption): Record<string, string | boolean> {
  checkCustomerKeyInput(input);
  if (input.SSECustomerAlgorithm !== undefined) return {};
  if (input.SSEKMSKeyId !== undefined && !input.ServerSideEncryption?.startsWith("aws:kms"))
    throw new LocalFault(
      "InvalidArgument",
      "Server Side Encryption with AWS KMS managed key requires HTTP header x-amz-server-side-encryption : aws:kms",
      400,
    );
  const rule = ruleOf(bucket);
  const byDefault = rule?.ApplyServerSideEncryptionByDefault;
  const algorithm = input.ServerSideEncryption ?? byDefault?.SSEAlgorithm ?? "AES256";
  if (!algorithm.startsWith("aws:kms")) return { ServerSideEncryption: algorithm };
  const key = input.SSEKMSKeyId ?? byDefault?.KMSMasterKeyID;
  const withBucketKey = input.BucketKeyEnabled ?? rule?.BucketKeyEnabled;
  return {
    ServerSideEncryption: algorithm,
    SSEKMSKeyId: key ?? "alias/aws/s3",
    ...(withBucketKey ? { BucketKeyEnabled: true } : {}),
  };
}
