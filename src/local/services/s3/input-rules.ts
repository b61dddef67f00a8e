import type { Violation } from "../../core/model.ts";
import { LocalFault } from "../../core/service.ts";

const MALFORMED = "The XML you provided was not well-formed or did not validate against our published schema";
/** S3's errors for invalid values of headers and parameters. Invalid values in the body are malformed XML. */
const WORDS: Readonly<Record<string, readonly [code: string, message: string]>> = {
  StorageClass: ["InvalidStorageClass", "The storage class you specified is not valid"],
  ServerSideEncryption: ["InvalidArgument", "The encryption method specified is not supported"],
  MetadataDirective: ["InvalidArgument", "Unknown metadata directive."],
  TaggingDirective: ["InvalidArgument", "Unknown tagging directive."],
  ObjectLockMode: ["InvalidArgument", "Unknown wormMode directive."],
  ObjectLockLegalHoldStatus: ["InvalidArgument", "Legal Hold must be either of 'ON' or 'OFF'"],
  EncodingType: ["InvalidArgument", "Invalid Encoding Method specified in Request"],
  ChecksumAlgorithm: [
    "InvalidRequest",
    "Checksum algorithm provided is unsupported. Please try again with any of the valid types: [CRC32, CRC32C, CRC64NVME, SHA1, SHA256]",
  ],
};

export function refuseInput(found: readonly Violation[]): LocalFault | undefined {
  for (const { path, rule, value, shape } of found) {
    const [name = ""] = path as string[];
    // CreateBucket checks the region.
    if (path.at(-1) === "LocationConstraint") continue;
    // An empty flat list is sent as no element, so each operation checks it.
    if (rule === "required" && shape.type === "list") continue;
    if (path.length > 1) return new LocalFault("MalformedXML", MALFORMED, 400);
    // An empty policy is a malformed one.
    if (rule === "required" && !["Bucket", "Key", "Policy"].includes(name)) return missing(name);
    const words = rule === "enum" && WORDS[name];
    if (name === "ObjectOwnership")
      return new LocalFault("InvalidArgument", `Invalid x-amz-object-ownership header: ${value ?? ""}`, 400, {
        ArgumentName: headerOf(name),
      });
    const argument = words && words[0] === "InvalidArgument" ? { ArgumentName: headerOf(name), ArgumentValue: String(value) } : {};
    if (words) return new LocalFault(words[0], words[1], 400, argument);
  }
  return undefined;
}
const headerOf = (name: string): string =>
  name === "EncodingType" ? "encoding-type" : `x-amz-${name.replace(/(?!^)[A-Z]/g, "-$&").toLowerCase()}`;
/** Members that are sent as the body. */
const BODY = /(Configuration|Tagging|Delete|Policy|Status|Controls|MultipartUpload|Retention|LegalHold)$/;
const missing = (name: string): LocalFault =>
  BODY.test(name)
    ? new LocalFault("MissingRequestBodyError", "Request Body is empty", 400)
    : new LocalFault("InvalidArgument", `This operation requires the parameter ${name}.`, 400);
