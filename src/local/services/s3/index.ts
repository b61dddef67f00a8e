import { type Call, type Handler, type LocalEnv, LocalFault, type LocalService, type Operations } from "../../core/service.ts";
import { loadModel } from "../../core/validation.ts";
import { decode } from "./body.ts";
import {
  createBucket,
  deleteBucket,
  getBucketLocation,
  getBucketVersioning,
  headBucket,
  listBuckets,
  putBucketVersioning,
} from "./buckets.ts";
import { completeMultipartUpload } from "./completion.ts";
import { allowsCrossSite, answerPreflight } from "./cors.ts";
import { deleteObject, deleteObjects } from "./deletes.ts";
import { refuseInput } from "./input-rules.ts";
import { inventoryOperations } from "./inventories.ts";
import { listObjects, listObjectsV2, listObjectVersions } from "./listing.ts";
import { abortMultipartUpload, createMultipartUpload, uploadPart, uploadPartCopy } from "./multipart.ts";
import { listMultipartUploads, listParts } from "./multipart-listing.ts";
import { type Notifications, notifications } from "./notifications.ts";
import { getObjectAttributes, lockOperations, objectAclOperations, taggingOperations } from "./object-settings.ts";
import { permissionsOf } from "./permissions.ts";
import { copyObject, putObject } from "./put.ts";
import { getObject, headObject } from "./read.ts";
import { recover } from "./recovery.ts";
import { accessOperations, settingOperations } from "./settings.ts";
import { accessDenied, openState, type S3State } from "./state.ts";

/** S3. The contents of objects are files below the data folder; everything else about them is in the journal. */
export function s3Service(env: LocalEnv): LocalService {
  const state = openState(env);
  const notifier = notifications(state);
  return {
    name: "s3",
    sdk: () => import("@aws-sdk/client-s3"),
    model: () => loadModel("s3"),
    refusals: {
      expired: { code: "ExpiredToken", status: 400 },
      throttled: { code: "SlowDown", message: "Please reduce your request rate.", status: 503 },
    },
    pageTokens: {
      byOperation: {
        ListObjectsV2: ["ContinuationToken", "NextContinuationToken", "IsTruncated"],
        ListObjectVersions: ["KeyMarker", "NextKeyMarker", "IsTruncated"],
        ListBuckets: ["ContinuationToken", "ContinuationToken"],
      },
    },
    // Enough for ten thousand parts or a thousand keys. Objects are not held in memory.
    maxBodyBytes: 4 * 1024 * 1024,
    tooLarge: () => new LocalFault("MaxMessageLengthExceeded", "Your request was too large.", 400),
    // S3 accepts both "Prefix" and "prefix". Its own answers use capitals.
    inputRules: { refuse: refuseInput, own: ["FilterRuleName"] },
    operations: ownersOnly(operationsOf(state, notifier)),
    permissions: permissionsOf(state),
    decode: decode(state),
    successStatus: NO_CONTENT,
    headerInQuery: isHeaderInQuery,
    acceptsUnverifiedSignature: (method) => method === "GET" || method === "HEAD" || method === "PUT",
    allowsCrossSite: (request, response, url) => allowsCrossSite(state, request, response, url),
    http: async (request, response, url) => answerPreflight(state, request, response, url),
    anonymous: (path) => state.buckets.has(decodeFirst(path)),
    start: async () => recover(state),
    stop: async () => {
      await notifier.settled();
      state.files.close();
    },
    facts: () => factsOf(state),
  };
}

function operationsOf(state: S3State, { notify }: Notifications): Operations {
  return {
    CreateBucket: createBucket(state),
    DeleteBucket: deleteBucket(state),
    HeadBucket: headBucket(state),
    ListBuckets: listBuckets(state),
    GetBucketLocation: getBucketLocation(state),
    PutBucketVersioning: putBucketVersioning(state),
    GetBucketVersioning: getBucketVersioning(state),
    PutObject: putObject(state, notify),
    CopyObject: copyObject(state, notify),
    GetObject: getObject(state),
    HeadObject: headObject(state),
    DeleteObject: deleteObject(state, notify),
    DeleteObjects: deleteObjects(state, notify),
    ListObjects: listObjects(state),
    ListObjectsV2: listObjectsV2(state),
    ListObjectVersions: listObjectVersions(state),
    CreateMultipartUpload: createMultipartUpload(state),
    UploadPart: uploadPart(state),
    UploadPartCopy: uploadPartCopy(state),
    CompleteMultipartUpload: completeMultipartUpload(state, notify),
    AbortMultipartUpload: abortMultipartUpload(state),
    ListMultipartUploads: listMultipartUploads(state),
    ListParts: listParts(state),
    GetObjectAttributes: getObjectAttributes(state),
    ...taggingOperations(state, notify),
    ...lockOperations(state),
    ...objectAclOperations(state),
    ...settingOperations(state),
    ...accessOperations(state),
    ...inventoryOperations(state),
  };
}

/** Operations to which AWS answers 204 although the model says 200 (recorded by LocalStack's tests against AWS). */
const NO_CONTENT: Readonly<Record<string, number>> = Object.fromEntries(
  [
    "PutBucketPolicy",
    "PutBucketTagging",
    "PutBucketAnalyticsConfiguration",
    "PutBucketIntelligentTieringConfiguration",
    "PutBucketInventoryConfiguration",
    "PutBucketMetricsConfiguration",
  ].map((operation) => [operation, 204]),
);
/**
 * Presigners move conditions (recorded: a presigned PUT with `If-None-Match` in its query) and S3's own headers into the query. Checksums
 * do not count there, because SDKs move the checksum of an empty body there.
 */
const isHeaderInQuery = (name: string): boolean =>
  /^(if-(none-)?match|if-(un)?modified-since)$/.test(name) ||
  (name.startsWith("x-amz-") &&
    !/^x-amz-(algorithm|credential|date|expires|signedheaders|signature|security-token|content-sha256|checksum-|sdk-)/.test(name));

/** Makes every operation refuse a bucket whose owner is not the one that the caller expects. */
function ownersOnly(operations: Operations): Operations {
  const guarded =
    (handler: Handler<Record<string, unknown>, unknown>): Handler<Record<string, unknown>, unknown> =>
    (input, call: Call) => {
      checkOwner(input.ExpectedBucketOwner, call);
      return handler(input, call);
    };
  return Object.fromEntries(Object.entries(operations).map(([name, handler]) => [name, guarded(handler)]));
}

function checkOwner(expected: unknown, { account }: Call): void {
  if (expected === undefined || expected === account) return;
  if (/^\d{12}$/.test(String(expected))) throw accessDenied();
  throw new LocalFault(
    "InvalidBucketOwnerAWSAccountID",
    `The value of the expected bucket owner parameter must be an AWS Account ID... [${expected}]`,
    400,
  );
}

function decodeFirst(path: string): string {
  try {
    return decodeURIComponent(path.split("/")[1] ?? "");
  } catch {
    return "";
  }
}

function factsOf(state: S3State): Record<string, number> {
  const versions = state.objects.all();
  return {
    buckets: state.buckets.size,
    objects: versions.filter((version) => !version.deleteMarker).length,
    bytes: versions.reduce((sum, version) => sum + version.size, 0),
  };
}
